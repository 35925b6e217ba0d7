// One websocket to a device's line: it reconnects with growing pauses, is given up where the live feed shows that the
// network is gone, and hands what it hears on in small batches.
import { ApiError, get } from "../api/client";
import type { Order } from "../domain/bench";
import { caughtUp, type LineState, lost, ordered, overdue, received, UNOPENED, unsaid } from "../domain/line";
import { retryDelay } from "../live/connection";
import { serverNow } from "../live/store";
import type { LineEvent, LineOrder, Room, RoomLine } from "../registry/apiTypes";
import { t } from "../text/text";

const BATCH_MS = 80;
/** A socket that does not open within this is dead. */
const OPENS_WITHIN_MS = 10_000;
/** The server answers an order at once; after this long nobody will. */
const ANSWERS_WITHIN_MS = 10_000;
const CATCH_UP_LINES = 200;
const TOO_SLOW = 4008;
const NOT_SIGNED_IN = 4401;

const path = (name: string) => `/rooms/${encodeURIComponent(name)}`;

export class DeviceLine {
  private state: LineState = UNOPENED;
  private readonly listeners = new Set<() => void>();
  private socket: WebSocket | null = null;
  private waiting: LineEvent[] = [];
  private batchTimer: number | undefined;
  private openTimer: number | undefined;
  private retryTimer: number | undefined;
  private attempt = 0;
  private orders = 0;
  private closed = false;

  constructor(
    private readonly name: string,
    private readonly signedOut: () => void,
  ) {}

  readonly subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
  readonly current = () => this.state;

  private set(next: LineState) {
    if (next === this.state) return;
    this.state = next;
    for (const listener of this.listeners) listener();
  }

  open() {
    this.closed = false;
    window.addEventListener("online", this.wake);
    window.addEventListener("offline", this.drop);
    this.connect();
  }

  close() {
    this.closed = true;
    window.removeEventListener("online", this.wake);
    window.removeEventListener("offline", this.drop);
    this.let(0);
    window.clearTimeout(this.retryTimer);
  }

  /** Tries at once instead of after the pause. */
  readonly wake = () => {
    if (this.socket === null && !this.closed) this.connect();
  };

  /** Takes the socket for dead, because nothing else comes through. */
  readonly drop = () => {
    if (this.socket !== null) this.let(retryDelay(0, Math.random()));
  };

  private connect() {
    window.clearTimeout(this.retryTimer);
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${window.location.host}/api/v1${path(this.name)}/line`);
    this.socket = socket;
    this.openTimer = window.setTimeout(this.drop, OPENS_WITHIN_MS);
    socket.onopen = () => {
      window.clearTimeout(this.openTimer);
      this.attempt = 0;
      this.set({ ...this.state, link: "open", why: null });
      void this.catchUp();
    };
    socket.onmessage = (news) => {
      try {
        this.waiting.push(JSON.parse(String(news.data)) as LineEvent);
      } catch {
        // One unreadable event is no reason to lose the rest.
      }
      this.batchTimer ??= window.setTimeout(this.flush, BATCH_MS);
    };
    socket.onclose = (end) => {
      if (end.code === NOT_SIGNED_IN) {
        this.close();
        return this.signedOut();
      }
      if (this.attempt > 0) void this.askWhy();
      this.let(end.code === TOO_SLOW ? 0 : retryDelay(this.attempt++, Math.random()));
    };
  }

  private readonly flush = () => {
    this.batchTimer = undefined;
    const words = { came: t("bench.log.came"), went: t("bench.log.went") };
    const events = this.waiting;
    this.waiting = [];
    this.set(events.reduce((state, event) => received(state, event, words, serverNow()), this.state));
  };

  private let(retryIn: number) {
    window.clearTimeout(this.openTimer);
    window.clearTimeout(this.batchTimer);
    this.flush();
    const old = this.socket;
    this.socket = null;
    if (old) {
      old.onopen = old.onmessage = old.onclose = null;
      old.close();
    }
    if (this.closed) return;
    this.set(lost(this.state, t("bench.unknown"), serverNow(), t("bench.log.lost")));
    window.clearTimeout(this.retryTimer);
    this.retryTimer = window.setTimeout(() => this.connect(), retryIn);
  }

  /** A browser does not say why a socket was refused; an ordinary request does. */
  private async askWhy() {
    const error = await get<Room>(path(this.name)).then(
      () => null,
      (why) => why,
    );
    if (this.closed || this.state.link === "open") return;
    if (error instanceof ApiError && error.status === 401) return this.signedOut();
    const why = error instanceof ApiError && error.status !== 0 && error.status !== 404 ? error.sentence : null;
    this.set({ ...this.state, why });
  }

  private async catchUp() {
    const log = await get<{ lines: RoomLine[] }>(`${path(this.name)}/log`, { lines: CATCH_UP_LINES }).catch(() => null);
    if (log !== null) this.set(caughtUp(this.state, log.lines));
  }

  /** Gives an order; what becomes of it stands under the button's name. */
  give(button: string, order: Order) {
    const id = ++this.orders;
    if (this.socket?.readyState !== WebSocket.OPEN) {
      return this.set(unsaid(this.state, button, id, t("bench.no_line")));
    }
    this.socket.send(JSON.stringify({ id, text: order.text } satisfies LineOrder));
    this.set(ordered(this.state, button, order, id, serverNow()));
    window.setTimeout(() => this.set(overdue(this.state, id, t("bench.unknown"))), ANSWERS_WITHIN_MS);
  }
}
