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
  ) {
    super(sentence);
  }
}

let csrf: string | null = null;

/** Remembers the token that changes made with the session cookie must carry. */
export function setCsrf(token: string | null) {
  csrf = token;
}

type Query = Record<string, string | number | undefined | null>;

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
  );
}

interface Sent {
  query?: Query;
  body?: unknown;
  headers?: Record<string, string>;
}

async function call<T>(method: string, path: string, sent: Sent = {}): Promise<T> {
  const { query, body } = sent;
  const headers: Record<string, string> = { accept: "application/json", ...sent.headers };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (method !== "GET" && csrf !== null) headers["x-csrf-token"] = csrf;
  let response: Response;
  try {
    response = await fetch(address(path, query), {
      method,
      headers,
      credentials: "same-origin",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
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
export const put = <T>(path: string, body: unknown) => call<T>("PUT", path, { body });
export const remove = (path: string) => call<void>("DELETE", path);
