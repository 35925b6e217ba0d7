// The live picture as a value: what each piece of news makes of it. Pure.
import type { LiveEvent, Message, Modem, Problem } from "../api/types";

/** How the line to the server stands. */
export type Line = "connecting" | "live" | "lost";

/** A moment of the server's clock tied to a moment of this machine's steady clock. */
export interface ClockAnchor {
  server: number;
  local: number;
  speed: number;
}

export interface Live {
  line: Line;
  clock: ClockAnchor | null;
  /** Counts snapshots: lists that were read page by page are read again when it changes. */
  epoch: number;
  moreModems: boolean;
  modems: ReadonlyMap<string, Modem>;
  /** Newest first, at most `MESSAGES_KEPT`. */
  messages: readonly Message[];
  problems: ReadonlyMap<string, Problem>;
}

export const MESSAGES_KEPT = 500;

export const EMPTY: Live = {
  line: "connecting",
  clock: null,
  epoch: 0,
  moreModems: false,
  modems: new Map(),
  messages: [],
  problems: new Map(),
};

/** Newest first: by receive time, then by id, which grows with time. */
export function newestFirst(a: Message, b: Message): number {
  return Date.parse(b.received_at) - Date.parse(a.received_at) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Lists joined: the first list's word counts where both have a message; newest first. */
export function mergeMessages(fresh: readonly Message[], old: readonly Message[]): Message[] {
  const byId = new Map<string, Message>();
  for (const message of old) byId.set(message.id, message);
  for (const message of fresh) byId.set(message.id, message);
  return [...byId.values()].sort(newestFirst);
}

/** The picture after some news, given in the order of arrival at `local` milliseconds. */
export function apply(live: Live, events: readonly LiveEvent[], local: number): Live {
  let { clock, epoch, moreModems, modems, messages, problems } = live;
  let changedModems: Map<string, Modem> | null = null;
  let changedProblems: Map<string, Problem> | null = null;
  let fresh: Message[] = [];

  for (const event of events) {
    switch (event.type) {
      case "snapshot":
        clock = { server: Date.parse(event.now), local, speed: event.speed };
        epoch += 1;
        moreModems = event.more_modems;
        changedModems = new Map(event.modems.map((m) => [m.id, m]));
        changedProblems = new Map(event.problems.map((p) => [p.id, p]));
        messages = [...event.messages].sort(newestFirst);
        fresh = [];
        break;
      case "tick":
        clock = { server: Date.parse(event.now), local, speed: event.speed };
        break;
      case "modem":
        changedModems ??= new Map(modems);
        changedModems.set(event.modem.id, event.modem);
        break;
      case "problem":
        changedProblems ??= new Map(problems);
        if (event.problem.state === "open") changedProblems.set(event.problem.id, event.problem);
        else changedProblems.delete(event.problem.id);
        break;
      case "message":
        fresh.push(event.message);
        break;
      default:
        break; // News of a kind that this page does not know yet.
    }
  }

  if (fresh.length > 0) messages = mergeMessages(fresh, messages).slice(0, MESSAGES_KEPT);
  modems = changedModems ?? modems;
  problems = changedProblems ?? problems;
  const line = clock === live.clock ? live.line : "live";
  return { line, clock, epoch, moreModems, modems, messages, problems };
}

/** Modems read beyond the snapshot's limit; what the live line said meanwhile counts more. */
export function addModems(live: Live, more: readonly Modem[], done: boolean): Live {
  const modems = new Map(live.modems);
  for (const modem of more) if (!modems.has(modem.id)) modems.set(modem.id, modem);
  return { ...live, modems, moreModems: !done };
}

/** The picture when the line is lost: kept, with the clock stopped, so that our own silence is not a device's. */
export function lose(live: Live, local: number): Live {
  if (live.line === "lost") return live;
  const clock = live.clock && { server: serverTime(live.clock, local), local, speed: 0 };
  return { ...live, line: "lost", clock };
}

/** The server's time, carried on from the last tick at the server's speed. */
export function serverTime(clock: ClockAnchor, local: number): number {
  return clock.server + Math.max(0, local - clock.local) * clock.speed;
}
