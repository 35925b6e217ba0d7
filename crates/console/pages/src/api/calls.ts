// Every request that the pages make, by name.
import { get, post, remove } from "./client";
import type { Gap, Message, MessageDetail, Modem, Page, Position, Problem, Session, System } from "./types";

export const session = () => get<Session>("/session");
export const signIn = (link: string) => post<Session>("/session", { link });
export const signOut = () => remove("/session");

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

export interface MessageFilter {
  modem_id?: string;
  state?: string;
}
export const messages = (filter: MessageFilter, cursor: string | null, limit = 100) =>
  get<Page<Message>>("/messages", { ...filter, limit, cursor });
export const message = (id: string) => get<MessageDetail>(`/messages/${id}`);

export const problems = (state: string, kind: string | undefined, cursor: string | null) =>
  get<Page<Problem>>("/problems", { state, kind, limit: 100, cursor });
export const repair = (id: string, payload_text: string, reason: string) =>
  post<Problem>(`/problems/${id}/repair`, { payload_text, reason });
export const replay = (id: string, reason: string) => post<Problem>(`/problems/${id}/replay`, { reason });
export const discard = (id: string, reason: string) => post<Problem>(`/problems/${id}/discard`, { reason });
export const admit = (heldId: string, force: boolean, reason: string) =>
  post<Problem>(`/held/${heldId}/admit`, { reason, force });

export const system = () => get<System>("/system");
