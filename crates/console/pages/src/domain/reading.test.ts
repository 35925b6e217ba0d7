// A reading as the server sends it, and what a person sees of it.
import { expect, test } from "vitest";
import type { Reading } from "../api/types";
import { readingLines } from "./reading";

const choices = { zone: "utc", speed: "kn", coordinates: "decimal" } as const;
const nothing: Reading = {
  message_id: "m",
  transmitted_at: "2026-05-01T12:00:07Z",
  momsn: 7,
  kind: "empty",
  device_at: "2026-05-01T12:00:00.101Z",
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
  dialect: null,
};
const estimate = { estimate_latitude: 1, estimate_longitude: 2, estimate_accuracy_m: 8000 };

test("values have units, and what was not said is left out", () => {
  const reading: Reading = {
    ...nothing,
    ...estimate,
    kind: "PK001",
    late: true,
    latitude: 36.44259666666667,
    longitude: -123.1,
    speed_m_s: 0.5144444,
    course_deg: 198.7,
    battery_v: 3.1,
    interval_s: 600,
    status: "after_sleep",
    beacon_on: false,
    dialect: "v2_buoy",
  };
  expect(readingLines(reading, choices)).toEqual([
    ["Kind", "PK001"],
    ["Device time", "2026-05-01 12:00:00 UTC"],
    ["Order", "Arrived after a newer message"],
    ["GPS fix", "36.44260, -123.10000"],
    ["Speed", "1.0 kn"],
    ["Course", "199°"],
    ["Battery", "3.10 V"],
    ["Interval", "10 min"],
    ["Wake-up", "After a commanded sleep"],
    ["Beacon on", "No"],
    ["Build", "Buoy, version 2"],
  ]);
});

test("an estimate tells its radius, and an unknown field is shown as it is", () => {
  const reading = { ...nothing, ...estimate, depth_m: 12.5 };
  expect(readingLines(reading, choices)).toEqual([
    ["Kind", "Mailbox check"],
    ["Device time", "2026-05-01 12:00:00 UTC"],
    ["Estimate", "1.00000, 2.00000 ± 8.0 km"],
    ["depth m", "12.5"],
  ]);
});
