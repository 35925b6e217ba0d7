// One websocket to the live feed: reconnects with jitter, notices a dead line, hands news on in small batches.
import type { LiveEvent } from "../api/types";

/** Ticks come every two seconds; without one for this long the line is dead. */
export const DEAD_AFTER_MS = 8_000;
const BATCH_MS = 80;
const TOO_SLOW = 4008;
const NOT_SIGNED_IN = 4401;

export interface Handlers {
  events(events: LiveEvent[]): void;
  lost(): void;
  signedOut(): void;
}

/** How long to wait before the next try: doubling to 15 s, with half of it left to chance. */
export function retryDelay(attempt: number, chance: number): number {
  const full = Math.min(15_000, 500 * 2 ** Math.min(attempt, 10));
  return full / 2 + (full / 2) * chance;
}

/** Opens the line and keeps it; returns what closes it for good. */
export function connect(handlers: Handlers): () => void {
  let socket: WebSocket | null = null;
  let attempt = 0;
  let closed = false;
  let batch: LiveEvent[] = [];
  let batchTimer: number | undefined;
  let deadTimer: number | undefined;
  let retryTimer: number | undefined;

  const flush = () => {
    batchTimer = undefined;
    const events = batch;
    batch = [];
    if (events.length > 0) handlers.events(events);
  };

  const alive = () => {
    window.clearTimeout(deadTimer);
    deadTimer = window.setTimeout(() => drop(retryDelay(0, Math.random())), DEAD_AFTER_MS);
  };

  const drop = (delay: number) => {
    window.clearTimeout(deadTimer);
    window.clearTimeout(batchTimer);
    flush();
    const old = socket;
    socket = null;
    if (old) {
      old.onmessage = old.onclose = old.onerror = null;
      old.close();
    }
    if (closed) return;
    handlers.lost();
    window.clearTimeout(retryTimer);
    retryTimer = window.setTimeout(open, delay);
  };

  const open = () => {
    window.clearTimeout(retryTimer);
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const line = new WebSocket(`${scheme}://${window.location.host}/api/v1/live`);
    socket = line;
    alive();
    line.onmessage = (news) => {
      alive();
      for (const text of String(news.data).split("\n")) {
        try {
          batch.push(JSON.parse(text) as LiveEvent);
        } catch {
          // One unreadable line is no reason to lose the rest.
        }
      }
      attempt = 0;
      batchTimer ??= window.setTimeout(flush, BATCH_MS);
    };
    line.onclose = (end) => {
      if (end.code === NOT_SIGNED_IN) {
        close();
        handlers.signedOut();
        return;
      }
      drop(end.code === TOO_SLOW ? 0 : retryDelay(attempt++, Math.random()));
    };
  };

  const wake = () => {
    if (socket === null && !closed) open();
  };
  const offline = () => drop(retryDelay(0, Math.random()));
  window.addEventListener("online", wake);
  window.addEventListener("offline", offline);

  const close = () => {
    closed = true;
    window.removeEventListener("online", wake);
    window.removeEventListener("offline", offline);
    window.clearTimeout(retryTimer);
    drop(0);
  };

  open();
  return close;
}
