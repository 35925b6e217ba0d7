// Tables for positions and tracks.
import { expect, test } from "vitest";
import type { Position } from "../api/types";
import { bestPosition, middleLongitude, nearest, olderThan, trackPoints, unwrap } from "./position";

const position = (at: string, source: "gps" | "satellite", longitude = 0): Position => ({
  at: `2026-05-01T${at}Z`,
  latitude: 0,
  longitude,
  accuracy_m: source === "gps" ? null : 8000,
  source,
  message_id: at,
  late: false,
});

test("a fix stands for the device until an estimate is much newer", () => {
  const fix = position("12:00:00", "gps");
  const soon = position("12:30:00", "satellite");
  const later = position("13:30:00", "satellite");
  expect(bestPosition({ fix, estimate: soon, interval_s: 600 })).toBe(fix);
  expect(bestPosition({ fix, estimate: later, interval_s: 600 })).toBe(later);
  expect(bestPosition({ fix, estimate: later, interval_s: 3600 })).toBe(fix);
  expect(bestPosition({ fix: null, estimate: soon, interval_s: 600 })).toBe(soon);
  expect(bestPosition({ fix: null, estimate: null, interval_s: 600 })).toBeNull();
});

test("a track across 180 degrees stays continuous", () => {
  const track = unwrap([179, -179, -178, 179.5].map((longitude) => ({ longitude })));
  expect(track.map((p) => p.longitude)).toEqual([179, 181, 182, 179.5]);
  expect(nearest(-179, 170)).toBe(181);
});

test("the middle of a fleet", () => {
  expect(middleLongitude([])).toBe(0);
  expect(middleLongitude([10])).toBe(10);
  expect(middleLongitude([-10, 30])).toBe(10);
  expect(Math.abs(middleLongitude([170, -170]))).toBe(180);
});

test("estimates are drawn only where there is no fix", () => {
  const mixed = [position("12:20:00", "satellite"), position("12:10:00", "gps"), position("12:00:00", "gps")];
  expect(trackPoints(mixed).map((p) => p.message_id)).toEqual(["12:00:00", "12:10:00"]);
  expect(trackPoints([position("12:20:00", "satellite")])).toHaveLength(1);
});

test("a track is parted by age, counted from its newest point", () => {
  const points = ["10:00:00", "11:00:00", "12:00:00"].map((at) => position(at, "gps"));
  expect(olderThan(points, 60 * 60_000)).toBe(1);
  expect(olderThan(points, 24 * 60 * 60_000)).toBe(0);
  expect(olderThan([], 1)).toBe(0);
});
