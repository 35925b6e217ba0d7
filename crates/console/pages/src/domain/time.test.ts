// Tables for times as people read them.
import { expect, test } from "vitest";
import { clock, exact, relative, rounded, span, zoneName } from "./time";

test.each([
  [0, "0 s"],
  [59.9, "59 s"],
  [60, "1 min"],
  [3599, "59 min"],
  [3600, "1 h"],
  [3 * 3600 + 5 * 60, "3 h 05"],
  [11 * 3600 + 59 * 60, "11 h"],
  [47 * 3600, "47 h"],
  [48 * 3600, "2 d"],
  [400 * 86400, "400 d"],
  [-5, "0 s"],
])("%s seconds is %s", (seconds, text) => {
  expect(span(seconds)).toBe(text);
});

test.each([
  [45, "45 s"],
  [597, "10 min"],
  [646, "11 min"],
  [3600, "1 h"],
  [86_300, "24 h"],
])("a rhythm of %s seconds is %s", (seconds, text) => {
  expect(rounded(seconds)).toBe(text);
});

const now = Date.parse("2026-05-01T14:20:00Z");

test.each([
  ["2026-05-01T14:08:00Z", "12 min ago"],
  ["2026-05-01T14:23:30Z", "in 3 min"],
  ["2026-05-01T14:19:57Z", "now"],
  ["2026-05-01T14:20:02.5Z", "now"],
  ["not a time", "not a time"],
])("%s is %s", (at, text) => {
  expect(relative(at, now)).toBe(text);
});

test("exact names the zone", () => {
  expect(exact("2026-05-01T14:20:05.086Z", "utc")).toBe("2026-05-01 14:20:05 UTC");
  expect(zoneName(now, "utc")).toBe("UTC");
});

test.each([
  ["Europe/Rome", "2026-01-15T12:00:00Z", "2026-01-15 13:00:00 UTC+01:00"],
  ["Europe/Rome", "2026-07-15T12:00:00Z", "2026-07-15 14:00:00 UTC+02:00"],
  ["America/St_Johns", "2026-01-15T12:00:00Z", "2026-01-15 08:30:00 UTC−03:30"],
  ["Africa/Abidjan", "2026-01-15T12:00:00Z", "2026-01-15 12:00:00 UTC"],
  ["Atlantis/Poseidonis", "2026-01-15T12:00:00Z", "2026-01-15 12:00:00 UTC"],
])("in %s, %s is %s", (zone, at, text) => {
  expect(exact(at, zone)).toBe(text);
});

test("the clock shows the day only where it is another one", () => {
  expect(clock("2026-05-01T09:05:00Z", now, "utc")).toBe("09:05");
  expect(clock("2026-05-02T09:05:00Z", now, "utc")).toBe("2026-05-02 09:05");
});
