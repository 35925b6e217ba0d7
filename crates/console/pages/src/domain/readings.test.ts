// Readings in order, at a moment, and with their silences.
import { expect, test } from "vitest";
import type { Reading } from "../api/soon/device";
import { inOrder, series, silences, standingAt } from "./readings";

const NOTHING: Reading = {
  message_id: "",
  transmitted_at: "",
  device_at: "",
  momsn: null,
  kind: "PK001",
  late: false,
  clock_ahead: false,
  latitude: null,
  longitude: null,
  estimate_latitude: null,
  estimate_longitude: null,
  estimate_accuracy_m: null,
  speed_m_s: null,
  course_deg: null,
  battery_v: null,
  interval_s: null,
  sleep_s: null,
  status: null,
  beacon_on: null,
};

function reading(minute: number, more: Partial<Reading> = {}): Reading {
  const at = new Date(Date.UTC(2026, 4, 1, 12, minute)).toISOString();
  return { ...NOTHING, message_id: `m${minute}`, transmitted_at: at, device_at: at, ...more };
}

test("readings stand in the order of the device's clock, unless it is ahead", () => {
  const late = reading(0, { late: true });
  const ahead = reading(20, { clock_ahead: true, device_at: "2027-01-01T00:00:00Z" });
  const told = inOrder([], [reading(30), late, ahead, reading(10)]);
  expect(told.map(({ reading }) => reading.message_id)).toEqual(["m0", "m10", "m20", "m30"]);
});

test("what is read again counts once, with its newer word", () => {
  const told = inOrder([reading(10, { battery_v: 3.7 })], [reading(10), reading(0)]);
  expect(told.map(({ reading }) => reading.battery_v)).toEqual([null, 3.7]);
});

test("at a moment stands what was told last", () => {
  const told = inOrder([], [reading(0), reading(10), reading(20)]);
  const at = (minute: number) => standingAt(told, Date.UTC(2026, 4, 1, 12, minute));
  expect([-1, 0, 9, 10, 25].map(at)).toEqual([-1, 0, 0, 1, 2]);
});

test("silence is measured against the interval that held then", () => {
  const told = inOrder([], [reading(0), reading(20), reading(50, { interval_s: 3600 }), reading(180)]);
  expect(silences(told, 600)).toEqual([false, false, true, false]);
});

test("a plot joins values across messages that do not tell them, and not across silence", () => {
  const told = inOrder([], [reading(0, { battery_v: 4 }), reading(10), reading(20, { battery_v: 3 })]);
  const [, joined] = series(told, [false, false, false], (r) => r.battery_v);
  expect(joined).toEqual([4, 3]);
  const [seconds, broken] = series(told, [false, true, false], (r) => r.battery_v);
  expect(broken).toEqual([4, null, 3]);
  expect(seconds[1]).toBe(Date.UTC(2026, 4, 1, 12, 10) / 1000);
});
