// One way to ask the server: JSON in, JSON out, and errors that are sentences with a request id.
import { t } from "../text/text";

/** What went wrong, as a person should read it. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly sentence: string,
    readonly requestId: string | null,
    readonly code: string | null,
    /** Seconds until the server wants to be asked again. */
    readonly retryAfter: number | null = null,
    /** All that is wrong, a sentence each, where the request was looked at as a whole. */
    readonly errors: readonly string[] = [],
  ) {
    super(sentence);
  }
}

let csrf: string | null = null;

/** Remembers the token that changes made with the session cookie must carry. */
export function setCsrf(token: string | null) {
  csrf = token;
}

type Query = Record<string, string | number | boolean | undefined | null>;

function address(path: string, query?: Query): string {
  const search = new URLSearchParams();
  for (const [key, value] of Object.entries(query ?? {})) {
    if (value !== undefined && value !== null && value !== "") search.set(key, String(value));
  }
  const text = search.toString();
  return `/api/v1${path}${text ? `?${text}` : ""}`;
}

function word(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}

async function failure(response: Response): Promise<ApiError> {
  const body: Record<string, unknown> = await response.json().catch(() => ({}));
  const sentence = word(body.detail) ?? word(body.title) ?? t("error.status", { status: response.status.toString() });
  return new ApiError(
    response.status,
    sentence,
    word(body.request_id) ?? response.headers.get("x-request-id"),
    word(body.code),
    Number(response.headers.get("retry-after")) || null,
    Array.isArray(body.errors) ? body.errors.filter((one) => typeof one === "string") : [],
  );
}

interface Sent {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
  /** A body that is no JSON, in the place of `body`. */
  text?: { type: string; content: string };
  /** How long the answer may take. */
  patience_ms?: number;
}

const PATIENCE_MS = 20_000;

async function call<T>(method: string, path: string, sent: Sent = {}): Promise<T> {
  const { query, body, text } = sent;
  const headers: Record<string, string> = { accept: "application/json", ...sent.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (text !== undefined) headers["content-type"] = text.type;
  if (method !== "GET" && csrf !== null) headers["x-csrf-token"] = csrf;
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? text?.content : JSON.stringify(body),
      signal: AbortSignal.timeout(sent.patience_ms ?? PATIENCE_MS),
    });
  } catch {
    throw new ApiError(0, method === "GET" ? t("error.network") : t("error.network_change"), null, null);
  }
  if (!response.ok) throw await failure(response);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new ApiError(response.status, t("error.unreadable"), response.headers.get("x-request-id"), null);
  }
}

export const get = <T>(path: string, query?: Query) => call<T>("GET", path, { query });
export const post = <T>(path: string, body: unknown, headers?: Record<string, string>) =>
  call<T>("POST", path, { body, headers });
export const patch = <T>(path: string, body: unknown) => call<T>("PATCH", path, { body });
/** Sends a file as it is. */
export const upload = <T>(path: string, type: string, content: string, query?: Query, patience_ms?: number) =>
  call<T>("POST", path, { query, text: { type, content }, patience_ms });
export const put = <T>(path: string, body: unknown) => call<T>("PUT", path, { body });
export const remove = (path: string) => call<void>("DELETE", path);
