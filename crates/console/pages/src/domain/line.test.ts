// What becomes of orders, of a line that is lost, and of a device that comes and goes.
import { expect, test } from "vitest";
import type { Room } from "../registry/apiTypes";
import { ORDERS } from "./bench";
import { caughtUp, type LineState, LOG_KEPT, lost, noted, ordered, overdue, received, UNOPENED, unsaid } from "./line";

const words = { came: "came", went: "went" };
const time = (second: number) => new Date(second * 1000).toISOString();
const room = (connected: boolean, since: number, values: string[] = []): Room => ({
  name: "PK001",
  device_id: null,
  presence: { connected, since: time(since) },
  address: null,
  values,
  values_at: values.length > 0 ? time(since) : null,
});
const start: LineState = { ...UNOPENED, link: "open" };
const texts = (state: LineState) => state.log.map(({ way, text }) => `${way} ${text}`);

test("the room's values are there at once, and give way to what is heard", () => {
  const joined = received(start, { type: "room", room: room(true, 10, ['{"batt/main_v":3.9}']) }, words, 0);
  expect(joined.bench.told.get("batt/main_v")?.value).toBe(3.9);
  expect(joined.log).toEqual([]);
  const later = received(joined, { type: "heard", at: time(11), text: '{"batt/main_v":4.1}' }, words, 0);
  const again = received(later, { type: "room", room: room(true, 10, ['{"batt/main_v":3.9}']) }, words, 0);
  expect(again.bench.told.get("batt/main_v")?.value).toBe(4.1);
});

test("a device that goes and comes is noted, and what it was at is over", () => {
  let line = received(start, { type: "room", room: room(true, 10) }, words, 0);
  line = received(line, { type: "heard", at: time(11), text: '{"info":"Initializing hardware..."}' }, words, 0);
  line = received(line, { type: "room", room: room(false, 12) }, words, 12_000);
  expect(line.bench.task).toBeNull();
  line = received(line, { type: "room", room: room(true, 20) }, words, 20_000);
  expect(texts(line).filter((text) => text.startsWith("here"))).toEqual(["here went", "here came"]);
});

test("a device that leaves for another app has said so, until it is back", () => {
  let line = received(start, { type: "room", room: room(true, 10) }, words, 0);
  line = received(line, { type: "heard", at: time(11), text: '{"info":"Switching to app buoy"}' }, words, 0);
  line = received(line, { type: "room", room: room(false, 12) }, words, 0);
  expect([line.bench.next, line.bench.gone]).toEqual([null, "buoy"]);
  line = received(line, { type: "room", room: room(true, 13) }, words, 0);
  expect(line.bench.gone).toBeNull();
});

test("a device that takes its place over is noted too", () => {
  const line = received(start, { type: "room", room: room(true, 10) }, words, 0);
  expect(texts(received(line, { type: "room", room: room(true, 11) }, words, 0))).toEqual(["here came"]);
});

test("each answer belongs to the button that gave the order", () => {
  let line = ordered(start, "gps", ORDERS.start("gps"), 1, 0);
  line = ordered(line, "reset", ORDERS.reset(), 2, 0);
  line = received(line, { type: "refused", id: 2, why: "PK001 has no line." }, words, 0);
  line = received(line, { type: "said", id: 1 }, words, 5);
  expect(line.answers.get("gps")).toEqual({ state: "said", id: 1, at: 5 });
  expect(line.answers.get("reset")).toEqual({ state: "refused", id: 2, why: "PK001 has no line." });
  expect(texts(line).at(-1)).toBe("here PK001 has no line.");
  expect(received(line, { type: "said", id: 99 }, words, 5)).toBe(line);
});

test("an order that is given again waits for its own answer", () => {
  let line = ordered(start, "gps", ORDERS.start("gps"), 1, 0);
  line = ordered(line, "gps", ORDERS.start("gps"), 2, 0);
  line = received(line, { type: "refused", id: 1, why: "late" }, words, 0);
  expect(line.answers.get("gps")).toEqual({ state: "sending", id: 2 });
});

test("a device that returns to service starts as what it is, once it was told so", () => {
  const told = ordered(start, "service", ORDERS.service("buoy"), 1, 0);
  expect(told.bench.next).toBeNull();
  expect(received(told, { type: "said", id: 1 }, words, 5).bench.next).toBe("buoy");
  expect(received(told, { type: "refused", id: 1, why: "no" }, words, 5).bench.next).toBeNull();
});

test("with the line, orders without an answer are lost from sight, and say so", () => {
  const line = ordered(start, "gps", ORDERS.start("gps"), 1, 0);
  const gone = lost(line, "not known", 9, "cut");
  expect(gone.answers.get("gps")).toEqual({ state: "refused", id: 1, why: "not known" });
  expect(texts(gone).at(-1)).toBe("here cut");
  expect(lost(gone, "again", 10, "cut")).toBe(gone);
  expect(overdue(received(line, { type: "said", id: 1 }, words, 5), 1, "late").answers.get("gps")?.state).toBe("said");
  expect(unsaid(start, "x", 3, "no line").answers.get("x")).toEqual({ state: "refused", id: 3, why: "no line" });
});

test("a password is in no line of the log, also where the device repeats it", () => {
  let line = ordered(start, "store", ORDERS.storeNetwork("boat", "hunter22"), 1, 0);
  line = received(line, { type: "heard", at: time(1), text: '{"error":"bad hunter22"}' }, words, 0);
  line = noted(line, "hunter22", 0);
  expect(texts(line).join()).not.toContain("hunter22");
});

test("what was said meanwhile is added once", () => {
  const line = received(start, { type: "heard", at: time(10), text: "a" }, words, 0);
  const lines = [9, 10, 11].map((at) => ({ at: time(at), way: "up" as const, who: null, text: `t${at}` }));
  expect(texts(caughtUp(line, lines))).toEqual(["up a", "up t11"]);
  expect(texts(caughtUp(start, lines))).toHaveLength(3);
});

test("the log is bounded, and its numbers go on", () => {
  let line = start;
  for (let i = 0; i < LOG_KEPT + 5; i++) line = noted(line, String(i), i);
  expect(line.log).toHaveLength(LOG_KEPT);
  expect(line.log.at(-1)?.n).toBe(LOG_KEPT + 5);
});
