// Tables for the live picture: snapshot, changes, order, and a lost line.
import { expect, test } from "vitest";
import type { LiveEvent, Message, Modem, Problem } from "../api/types";
import { addModems, apply, EMPTY, lose, MESSAGES_KEPT, mergeMessages, serverTime } from "./reducer";

const modem = (id: string, momsn = 1) => ({ id, momsn }) as Modem;
const message = (id: string, second: number, state = "decoded") =>
  ({ id, received_at: new Date(second * 1000).toISOString(), state }) as Message;
const problem = (id: string, state = "open") =>
  ({ id, state, kind: "no_imei" as const }) as Problem & { kind: "no_imei" };
const snapshot = (extra: Partial<Extract<LiveEvent, { type: "snapshot" }>> = {}): LiveEvent => ({
  type: "snapshot",
  now: "2026-05-01T12:00:00Z",
  speed: 60,
  modems: [modem("a"), modem("b")],
  more_modems: false,
  messages: [message("2", 20), message("1", 10)],
  problems: [problem("p")],
  ...extra,
});
const start = apply(EMPTY, [snapshot()], 1000);

test("a snapshot starts the picture and the clock", () => {
  expect(start.line).toBe("live");
  expect(start.epoch).toBe(1);
  expect([...start.modems.keys()]).toEqual(["a", "b"]);
  expect(start.messages.map((m) => m.id)).toEqual(["2", "1"]);
});

test("changes replace what they name and leave the rest alone", () => {
  const next = apply(
    start,
    [
      { type: "modem", modem: modem("a", 7) },
      { type: "modem", modem: modem("c") },
    ],
    1100,
  );
  expect(next.modems.get("a")?.momsn).toBe(7);
  expect(next.modems.get("b")).toBe(start.modems.get("b"));
  expect(next.modems.size).toBe(3);
  expect(next.messages).toBe(start.messages);
  expect(start.modems.get("a")?.momsn).toBe(1);
});

test("messages stand newest first whatever order they come in, each once", () => {
  const next = apply(
    start,
    [
      { type: "message", message: message("4", 40) },
      { type: "message", message: message("3", 15) },
      { type: "message", message: message("1", 10, "problem") },
      { type: "message", message: message("5", 40) },
    ],
    1100,
  );
  expect(next.messages.map((m) => m.id)).toEqual(["5", "4", "2", "3", "1"]);
  expect(next.messages.at(-1)?.state).toBe("problem");
});

test("messages are bounded", () => {
  const many: LiveEvent[] = Array.from({ length: MESSAGES_KEPT + 50 }, (_, i) => ({
    type: "message",
    message: message(`m${i}`, 100 + i),
  }));
  const next = apply(start, many, 1100);
  expect(next.messages).toHaveLength(MESSAGES_KEPT);
  expect(next.messages[0]?.id).toBe(`m${MESSAGES_KEPT + 49}`);
});

test("a settled problem leaves the open ones", () => {
  const events: LiveEvent[] = [
    { type: "problem", problem: problem("q") },
    { type: "problem", problem: problem("p", "discarded") },
  ];
  expect([...apply(start, events, 1100).problems.keys()]).toEqual(["q"]);
});

test("a later snapshot forgets what it does not name; news before it is overtaken, news after it counts", () => {
  const next = apply(
    start,
    [
      { type: "modem", modem: modem("a", 5) },
      { type: "message", message: message("9", 90) },
      snapshot({ modems: [modem("b", 2)], messages: [], problems: [] }),
      { type: "modem", modem: modem("b", 3) },
    ],
    1200,
  );
  expect([...next.modems.values()]).toEqual([modem("b", 3)]);
  expect(next.messages).toEqual([]);
  expect(next.epoch).toBe(2);
});

test("modems beyond the snapshot are added, and never older than the live line's word", () => {
  const partial = apply(start, [snapshot({ more_modems: true }), { type: "modem", modem: modem("c", 9) }], 1300);
  const full = addModems(partial, [modem("c", 1), modem("d")], true);
  expect(full.modems.get("c")?.momsn).toBe(9);
  expect([...full.modems.keys()]).toEqual(["a", "b", "c", "d"]);
  expect(full.moreModems).toBe(false);
});

test("the clock runs at the server's speed, and stands still while the line is lost", () => {
  const noon = Date.parse("2026-05-01T12:00:00Z");
  const clock = start.clock;
  if (clock === null) throw new Error("no clock");
  expect(serverTime(clock, 2000)).toBe(noon + 60_000);
  const lost = lose(start, 2000);
  expect(lost.line).toBe("lost");
  expect(lost.clock && serverTime(lost.clock, 99_000)).toBe(noon + 60_000);
  expect(lost.modems).toBe(start.modems);
  const back = apply(lost, [{ type: "tick", now: "2026-05-01T13:00:00Z", speed: 60 }], 100_000);
  expect(back.line).toBe("live");
});

test("unknown news is passed over", () => {
  const odd = { type: "weather" } as unknown as LiveEvent;
  expect(apply(start, [odd], 1100)).toEqual(start);
});

test("merging keeps the fresh word", () => {
  const merged = mergeMessages([message("1", 10, "problem")], [message("1", 10), message("0", 5)]);
  expect(merged.map((m) => [m.id, m.state])).toEqual([
    ["1", "problem"],
    ["0", "decoded"],
  ]);
});
