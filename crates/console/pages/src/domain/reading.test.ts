// A reading as the server sends it, and what a person sees of it.
import { expect, test } from "vitest";
import { readingLines } from "./reading";

const choices = { zone: "utc", speed: "kn", coordinates: "decimal" } as const;
const place = { at: "2026-05-01T12:00:00Z", source: "gps", message_id: "m", late: false };

test("values have units, and what was not said is left out", () => {
  const reading = {
    kind: "PK001",
    device_at: "2026-05-01T12:00:00.101Z",
    clock_ahead: false,
    late: true,
    position: { ...place, latitude: 36.44259666666667, longitude: -123.1, accuracy_m: null },
    speed_m_s: 0.5144444,
    course_deg: 198.7,
    battery_v: 3.1,
    interval_s: 600,
    sleep_s: null,
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
  const reading = { kind: "empty", position: { ...place, latitude: 1, longitude: 2, accuracy_m: 8000 }, depth_m: 12.5 };
  expect(readingLines(reading, choices)).toEqual([
    ["Kind", "Mailbox check"],
    ["Estimate", "1.00000, 2.00000 ± 8.0 km"],
    ["depth m", "12.5"],
  ]);
});
