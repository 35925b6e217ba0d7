// The live picture that all views share, and the hooks that read it.
import { useEffect, useRef, useSyncExternalStore } from "react";
import { accounts, modems, outgoing, session, system } from "../api/calls";
import { ApiError } from "../api/client";
import type { Account, LiveEvent, Modem, Mt, Page } from "../api/types";
import { connect } from "./connection";
import { addModems, apply, EMPTY, type Live, lose, readAccounts, readUnknown, serverTime } from "./reducer";

let live: Live = EMPTY;
let now = Date.now();
const listeners = new Set<() => void>();
const clockListeners = new Set<() => void>();
const newsListeners = new Set<(news: readonly LiveEvent[]) => void>();

function set(next: Live) {
  if (next === live) return;
  live = next;
  tick();
  for (const listener of listeners) listener();
}

function tick() {
  const at = live.clock ? serverTime(live.clock, performance.now()) : Date.now();
  // Whole seconds only, so that views are not drawn more often than they change.
  const next = Math.floor(at / 1000) * 1000;
  if (next === now) return;
  now = next;
  for (const listener of clockListeners) listener();
}

async function readMoreModems(epoch: number) {
  let cursor: string | null = null;
  do {
    const page: Page<Modem> | null = await modems(cursor).catch(() => null);
    if (page === null || live.epoch !== epoch) return;
    cursor = page.next_cursor;
    set(addModems(live, page.items, cursor === null));
  } while (cursor !== null);
}

/** So many pages of messages with an unknown outcome are read; nobody looks through more. */
const UNKNOWN_PAGES = 5;

/** Reads which messages to devices have an unknown outcome. */
export async function loadUnknown(epoch: number): Promise<number> {
  const read: Mt[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < UNKNOWN_PAGES; i++) {
    const page: Page<Mt> = await outgoing({ state: "unknown" }, cursor);
    read.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  if (live.epoch === epoch) set(readUnknown(live, read));
  return read.length;
}

/** Reads how the accounts stand. */
export async function loadAccounts(): Promise<Account[]> {
  const before = live.accounts;
  const { items } = await accounts();
  set(readAccounts(live, before, items));
  return items;
}

/** Takes the answer to a change for the news that it is, before the live line brings it. */
export function hear(event: LiveEvent) {
  set(apply(live, [event], performance.now()));
}

/** Without a first snapshot the ordinary interface still tells the devices, as of its own time. */
async function readWithoutLine() {
  const told = await system().catch(() => null);
  if (told === null || live.clock !== null) return;
  set({ ...live, clock: { server: Date.parse(told.now), local: performance.now(), speed: 0 } });
  await readMoreModems(live.epoch);
}

/** Opens the line; returns what closes it. */
export function startLive(signedOut: () => void): () => void {
  const timer = window.setInterval(tick, 1000);
  const close = connect({
    events(events) {
      const before = live.epoch;
      set(apply(live, events, performance.now()));
      for (const listener of newsListeners) listener(events);
      if (live.epoch !== before && live.moreModems) void readMoreModems(live.epoch);
    },
    lost() {
      if (live.line === "connecting") void readWithoutLine();
      set(lose(live, performance.now()));
      // A line that is refused looks like one that is lost; the session tells them apart.
      session().catch((error) => {
        if (error instanceof ApiError && error.status === 401) signedOut();
      });
    },
    signedOut,
  });
  return () => {
    window.clearInterval(timer);
    close();
    live = EMPTY;
  };
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}
function subscribeClock(listener: () => void) {
  clockListeners.add(listener);
  return () => void clockListeners.delete(listener);
}

/** A part of the live picture; the part must be a value that is kept while it does not change. */
export function useLive<T>(part: (live: Live) => T): T {
  return useSyncExternalStore(subscribe, () => part(live));
}

/** Tells a view every piece of news in small batches, as long as it is shown; after a snapshot, what it has read is old. */
export function useNews(hear: (news: readonly LiveEvent[]) => void) {
  const latest = useRef(hear);
  latest.current = hear;
  useEffect(() => {
    const listener = (news: readonly LiveEvent[]) => latest.current(news);
    newsListeners.add(listener);
    return () => void newsListeners.delete(listener);
  }, []);
}

/** The server's time in milliseconds, for what a view notes down. */
export function serverNow(): number {
  return live.clock ? serverTime(live.clock, performance.now()) : Date.now();
}

/** The server's time in milliseconds, once a second. */
export function useNow(): number {
  return useSyncExternalStore(subscribeClock, () => now);
}

/** Seconds of the server's clock in one real second: what is counted in real time is so many times as long by that clock. */
export function useSpeed(): number {
  return useLive(({ clock }) => Math.max(1, clock?.speed ?? 1));
}
