// The live picture as a value: what each piece of news makes of it. Pure.
import type { Account, LiveEvent, Message, Modem, Mt, MtState, Problem } from "../api/types";

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
  /** What was told of messages to devices since the last snapshot, at most `OUTGOING_KEPT`, the latest word last. */
  outgoing: ReadonlyMap<string, Mt>;
  /** Messages to devices with an unknown outcome: a person decides. */
  unknown: ReadonlyMap<string, Mt>;
  accounts: ReadonlyMap<string, Account>;
}

export const MESSAGES_KEPT = 500;
export const OUTGOING_KEPT = 500;

export const EMPTY: Live = {
  line: "connecting",
  clock: null,
  epoch: 0,
  moreModems: false,
  modems: new Map(),
  messages: [],
  problems: new Map(),
  outgoing: new Map(),
  unknown: new Map(),
  accounts: new Map(),
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

/** How far along a state is, for two words of one moment. */
const ALONG: Partial<Record<MtState, number>> = { queued: 0, sending: 1, accepted: 2, unknown: 2 };

/** The later word of two on one message to a device; news is passing and comes in no promised order. */
export function laterWord(word: Mt, other: Mt | undefined): Mt {
  if (other === undefined) return word;
  const since = Date.parse(word.state_since) - Date.parse(other.state_since);
  return (since || (ALONG[word.state] ?? 3) - (ALONG[other.state] ?? 3)) < 0 ? other : word;
}

/** Newest first, as they were asked for. */
export function newestAsked(a: Mt, b: Mt): number {
  return Date.parse(b.created_at) - Date.parse(a.created_at) || (a.id < b.id ? 1 : a.id > b.id ? -1 : 0);
}

/** Lists joined: the later word counts where both have a message; newest first. */
export function mergeOutgoing(fresh: Iterable<Mt>, old: readonly Mt[]): Mt[] {
  const byId = new Map<string, Mt>();
  for (const mt of old) byId.set(mt.id, mt);
  for (const mt of fresh) byId.set(mt.id, laterWord(mt, byId.get(mt.id)));
  return [...byId.values()].sort(newestAsked);
}

/** The picture after some news, given in the order of arrival at `local` milliseconds. */
export function apply(live: Live, events: readonly LiveEvent[], local: number): Live {
  let { clock, epoch, moreModems, modems, messages, problems, outgoing, unknown, accounts } = live;
  let changedModems: Map<string, Modem> | null = null;
  let changedProblems: Map<string, Problem> | null = null;
  let changedOutgoing: Map<string, Mt> | null = null;
  let changedUnknown: Map<string, Mt> | null = null;
  let changedAccounts: Map<string, Account> | null = null;
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
        // It carries neither messages to devices nor accounts: they are read anew, and stay until then.
        changedOutgoing = new Map();
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
      case "problem_gone":
        changedProblems ??= new Map(problems);
        changedProblems.delete(event.id);
        break;
      case "message":
        fresh.push(event.message);
        break;
      case "outgoing": {
        changedOutgoing ??= new Map(outgoing);
        changedUnknown ??= new Map(unknown);
        const { id } = event.mt;
        const known = changedOutgoing.get(id) ?? changedUnknown.get(id);
        const mt = laterWord(event.mt, known);
        changedOutgoing.delete(id);
        changedOutgoing.set(id, mt);
        if (mt.state === "unknown") changedUnknown.set(id, mt);
        else changedUnknown.delete(id);
        break;
      }
      case "account":
        changedAccounts ??= new Map(accounts);
        changedAccounts.set(event.account.name, event.account);
        break;
      default:
        break; // News of a kind that this page does not know yet.
    }
  }

  if (fresh.length > 0) messages = mergeMessages(fresh, messages).slice(0, MESSAGES_KEPT);
  modems = changedModems ?? modems;
  problems = changedProblems ?? problems;
  if (changedOutgoing !== null) {
    for (const id of changedOutgoing.keys()) {
      if (changedOutgoing.size <= OUTGOING_KEPT) break;
      changedOutgoing.delete(id);
    }
    outgoing = changedOutgoing;
  }
  unknown = changedUnknown ?? unknown;
  accounts = changedAccounts ?? accounts;
  const line = clock === live.clock ? live.line : "live";
  return { line, clock, epoch, moreModems, modems, messages, problems, outgoing, unknown, accounts };
}

/** The unknown ones as they were read after a snapshot; what the live line said since then counts where it is later. */
export function readUnknown(live: Live, read: readonly Mt[]): Live {
  const unknown = mergeOutgoing(live.outgoing.values(), read).filter((mt) => mt.state === "unknown");
  return { ...live, unknown: new Map(unknown.map((mt) => [mt.id, mt])) };
}

/** The accounts as they were read, except those that the live line told of since the reading began at `before`. */
export function readAccounts(live: Live, before: Live["accounts"], read: readonly Account[]): Live {
  const told = (name: string) => live.accounts.get(name) !== before.get(name);
  const accounts = new Map(
    read.map((account) => [account.name, (told(account.name) && live.accounts.get(account.name)) || account]),
  );
  return { ...live, accounts };
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
