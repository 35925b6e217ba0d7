// Tables for the rhythm of a device.
import { expect, test } from "vitest";
import { rhythm, rhythmScale } from "./rhythm";

const modem = {
  last_seen_at: "2026-05-01T12:00:00Z",
  expected_at: "2026-05-01T12:10:00Z",
  late_at: "2026-05-01T12:15:00Z",
  silent_at: "2026-05-01T12:40:00Z",
};
const at = (time: string) => Date.parse(`2026-05-01T${time}Z`);

test.each([
  ["12:00:00", "ok"],
  ["12:14:59", "ok"],
  ["12:15:00", "late"],
  ["12:39:59", "late"],
  ["12:40:00", "silent"],
  ["23:00:00", "silent"],
])("at %s it is %s", (time, word) => {
  expect(rhythm(modem, at(time))).toBe(word);
});

test("a device that never spoke is never late", () => {
  expect(rhythm({ last_seen_at: null, late_at: null, silent_at: null }, at("12:00:00"))).toBe("never");
});

test("without a rhythm nothing is late", () => {
  expect(rhythm({ ...modem, late_at: null, silent_at: null }, at("23:00:00"))).toBe("ok");
});

test("the bar runs from the last message to a quarter past silence", () => {
  const scale = rhythmScale(modem, at("12:25:00"));
  expect(scale).toEqual({ expected: 0.2, late: 0.3, silent: 0.8, now: 0.5 });
  expect(rhythmScale(modem, at("20:00:00"))?.now).toBe(1);
  expect(rhythmScale({ ...modem, expected_at: null }, at("12:00:00"))).toBeNull();
});
