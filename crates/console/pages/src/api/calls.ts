// Every request that the pages make, by name.
import { get, post, put, remove } from "./client";
import type {
  Account,
  Body,
  CreditsBy,
  Decision,
  Downlink,
  FirstRun,
  Gap,
  Message,
  MessageDetail,
  Modem,
  Mt,
  MtDetail,
  Order,
  Page,
  Position,
  Preferences,
  Problem,
  ProblemKind,
  ProblemState,
  Query,
  Session,
  Spent,
  System,
  TestPush,
} from "./types";

const because = (reason: string): Body<"ChangeReason"> => ({ reason });

export const session = () => get<Session>("/session");
export const signIn = (link: string) => post<Session>("/session", { link } satisfies Body<"SignIn">);
export const signInByName = (name: string, password: string) =>
  post<Session>("/session", { name, password } satisfies Body<"SignIn">);
export const signOut = () => remove("/session");
export const setPassword = (old_password: string | null, new_password: string) =>
  put<void>("/session/password", { old_password, new_password } satisfies Body<"PasswordChange">);
export const becomePerson = (name: string, password: string) =>
  put<Session>("/session/person", { name, password } satisfies Body<"FirstPerson">);
export const keepPreferences = (preferences: Preferences) => put<Preferences>("/session/preferences", preferences);

export const modems = (cursor: string | null) => get<Page<Modem>>("/modems", { limit: 500, cursor });
export const modem = (id: string) => get<Modem>(`/modems/${id}`);

const TRACK_PAGE = 500;
const TRACK_PAGES = 3;
/** The newest places of a device since a moment, newest first: a week of reports every ten minutes, and no more. */
export async function track(id: string, from: string): Promise<Position[]> {
  const places: Position[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < TRACK_PAGES; i++) {
    const page: Page<Position> = await get(`/modems/${id}/positions`, { from, limit: TRACK_PAGE, cursor });
    places.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return places;
}
export const gaps = (id: string) => get<{ items: Gap[] }>(`/modems/${id}/gaps`);

export type MessageFilter = Omit<Query<"/api/v1/messages">, "limit" | "cursor"> & { device_id?: string };
export const messages = (filter: MessageFilter, cursor: string | null, limit = 100) =>
  get<Page<Message>>("/messages", { ...filter, limit, cursor });
export const message = (id: string) => get<MessageDetail>(`/messages/${id}`);

export const problems = (state: ProblemState, kind: ProblemKind | undefined, cursor: string | null) =>
  get<Page<Problem>>("/problems", { state, kind, limit: 100, cursor });
export const repair = (id: string, payload_text: string, reason: string) =>
  post<Problem>(`/problems/${id}/repair`, { payload_text, reason } satisfies Body<"ProblemRepair">);
export const replay = (id: string, reason: string) => post<Problem>(`/problems/${id}/replay`, because(reason));
export const discard = (id: string, reason: string) => post<Problem>(`/problems/${id}/discard`, because(reason));
export const admit = (heldId: string, force: boolean, reason: string) =>
  post<Problem>(`/held/${heldId}/admit`, { reason, force } satisfies Body<"HeldAdmission">);

export type OutgoingFilter = Omit<Query<"/api/v1/outgoing">, "limit" | "cursor">;
export const outgoing = (filter: OutgoingFilter, cursor: string | null, limit = 100) =>
  get<Page<Mt>>("/outgoing", { ...filter, limit, cursor });
export const outgoingOne = (id: string) => get<MtDetail>(`/outgoing/${id}`);
export const settleMt = (id: string, decision: Decision, reason: string) =>
  post<Mt>(`/outgoing/${id}/settle`, { decision, reason } satisfies Body<"OutgoingDecision">);
export const cancelMt = (id: string, reason: string) => post<Mt>(`/outgoing/${id}/cancel`, because(reason));

export const downlink = (modemId: string) => get<Downlink>(`/downlinks/${modemId}`);
export const changeDownlink = (modemId: string, change: Body<"DownlinkChange">) =>
  put<Downlink>(`/downlinks/${modemId}`, change);

export type Telling = Omit<Body<"NewOutgoing">, "order"> & { order: Order };
/** Tells a device something. The same key twice is one message, however often the answer was lost. */
export const tell = (telling: Telling, key: string) => post<Mt>("/outgoing", telling, { "Idempotency-Key": key });

export const accounts = () => get<Page<Account>>("/accounts");
export const pauseAccount = (name: string, reason: string) => post<Account>(`/accounts/${name}/pause`, because(reason));
export const resumeAccount = (name: string, reason: string) =>
  post<Account>(`/accounts/${name}/resume`, because(reason));
export const credits = (by: CreditsBy, from: string, to: string) =>
  get<Page<Spent>>("/credits", { by, from, to } satisfies Query<"/api/v1/credits">);

export const system = () => get<System>("/system");

export const firstRun = () => get<FirstRun>("/first-run");
export const testPush = () => post<TestPush>("/first-run/test", {});
export const putAway = () => post<void>("/first-run/done", {});
