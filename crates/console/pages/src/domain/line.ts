// A page's end of a device's line as a value: the room, what was heard, what was said, and what became of it. Pure.
import type { LineEvent, Room, RoomLine } from "../registry/apiTypes";
import { type Bench, heard, joined, left, masked, NOTHING, type Order, remembered, restarted } from "./bench";

/** How the way to the server stands. */
export type Link = "connecting" | "open" | "lost" | "refused";

export interface LogLine {
  n: number;
  /** In milliseconds of the server's clock. */
  at: number;
  /** From the device, to it, or a remark of this page. */
  way: "up" | "down" | "here";
  text: string;
  who: string | null;
}

/** What became of the last order of a button. */
export type Answer =
  | { state: "sending"; id: number; next?: string }
  | { state: "said"; id: number; at: number }
  | { state: "refused"; id: number; why: string };

export interface LineState {
  link: Link;
  /** Why the server does not open the line, where it says. */
  why: string | null;
  room: Room | null;
  bench: Bench;
  /** The newest last, at most `LOG_KEPT`. */
  log: readonly LogLine[];
  /** By the button that gave the order. */
  answers: ReadonlyMap<string, Answer>;
  secrets: readonly string[];
  counted: number;
}

export const LOG_KEPT = 500;
const SECRETS_KEPT = 20;

export const UNOPENED: LineState = {
  link: "connecting",
  why: null,
  room: null,
  bench: NOTHING,
  log: [],
  answers: new Map(),
  secrets: [],
  counted: 0,
};

type Line = Omit<LogLine, "n">;

function logged(state: LineState, lines: readonly Line[]): LineState {
  if (lines.length === 0) return state;
  const numbered = lines.map((line, i) => ({
    ...line,
    text: masked(line.text, state.secrets),
    n: state.counted + i + 1,
  }));
  return { ...state, counted: state.counted + lines.length, log: [...state.log, ...numbered].slice(-LOG_KEPT) };
}

/** A remark of the page itself, between what was said. */
export function noted(state: LineState, text: string, at: number): LineState {
  return logged(state, [{ at, way: "here", text, who: null }]);
}

function answered(state: LineState, id: number, answer: Answer): LineState {
  const button = [...state.answers].find(([, one]) => one.id === id)?.[0];
  if (button === undefined) return state;
  return { ...state, answers: new Map(state.answers).set(button, answer) };
}

/** How the words for a device's coming and going are found; they are the catalogue's. */
export interface Words {
  came: string;
  went: string;
}

function inRoom(state: LineState, room: Room, words: Words, now: number): LineState {
  const before = state.room?.presence;
  const past = room.values_at === null ? NOTHING : remembered(room.values, Date.parse(room.values_at));
  let next: LineState = { ...state, room, bench: joined(past, state.bench) };
  if (before === undefined || (before.connected === room.presence.connected && before.since === room.presence.since))
    return next;
  next = { ...next, bench: room.presence.connected ? restarted(next.bench) : left(next.bench) };
  return noted(next, room.presence.connected ? words.came : words.went, now);
}

/** The end of the line after one event of it, at `now` of the server's clock. */
export function received(state: LineState, event: LineEvent, words: Words, now: number): LineState {
  switch (event.type) {
    case "room":
      return inRoom(state, event.room, words, now);
    case "heard": {
      const at = Date.parse(event.at);
      const next = { ...state, bench: heard(state.bench, event.text, at) };
      return logged(next, [{ at, way: "up", text: event.text, who: null }]);
    }
    case "said": {
      const [given] = [...state.answers.values()].filter((one) => one.id === event.id);
      const next = answered(state, event.id, { state: "said", id: event.id, at: now });
      if (given?.state !== "sending" || given.next === undefined) return next;
      return { ...next, bench: { ...next.bench, next: given.next } };
    }
    case "refused":
      // In the log, too: the line above it says only what was wanted.
      return noted(answered(state, event.id, { state: "refused", id: event.id, why: event.why }), event.why, now);
    default:
      return state; // News of a kind that this page does not know yet.
  }
}

/** After an order was given to the server. */
export function ordered(state: LineState, button: string, order: Order, id: number, now: number): LineState {
  const secrets = order.secret ? [...state.secrets, order.secret].slice(-SECRETS_KEPT) : state.secrets;
  const sending: Answer = { state: "sending", id, next: order.next };
  const next: LineState = { ...state, secrets, answers: new Map(state.answers).set(button, sending) };
  return logged(next, [{ at: now, way: "down", text: order.shown, who: null }]);
}

/** An order that did not leave the page, or whose fate is not known. */
export function unsaid(state: LineState, button: string, id: number, why: string): LineState {
  return { ...state, answers: new Map(state.answers).set(button, { state: "refused", id, why }) };
}

/** The order may have been handed on, and nobody will say so any more. */
export function overdue(state: LineState, id: number, why: string): LineState {
  const waits = [...state.answers.values()].some((one) => one.id === id && one.state === "sending");
  return waits ? answered(state, id, { state: "refused", id, why }) : state;
}

export function lost(state: LineState, why: string, now: number, notice: string): LineState {
  if (state.link === "lost") return state;
  let next: LineState = { ...state, link: "lost" };
  for (const { id } of next.answers.values()) next = overdue(next, id, why);
  return state.link === "open" ? noted(next, notice, now) : next;
}

/** What was said while this page was not there, as far as the server keeps it. */
export function caughtUp(state: LineState, lines: readonly RoomLine[]): LineState {
  const newest = state.log.findLast(({ way }) => way !== "here")?.at ?? Number.NEGATIVE_INFINITY;
  const fresh = lines
    .map(({ at, way, who, text }): Line => ({ at: Date.parse(at), way, who: who ?? null, text }))
    .filter(({ at }) => at > newest);
  return logged(state, fresh);
}
