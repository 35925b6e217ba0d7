// Tracks from readings, and the classes of speed.
import { expect, test } from "vitest";
import type { Reading } from "../api/soon/device";
import { speedClass, speedScale, trackOf } from "./track";

const told = (longitude: number | null, estimate: number | null = null) => ({
  at: 0,
  reading: {
    message_id: "m",
    latitude: longitude === null ? null : 10,
    longitude,
    estimate_latitude: estimate === null ? null : 11,
    estimate_longitude: estimate,
    estimate_accuracy_m: estimate === null ? null : 8000,
  } as Reading,
});

test("a fix stands before an estimate, and a track runs on across 180°", () => {
  const points = trackOf([told(179.9, 170), told(null, -179), told(null), told(-179.8)], [false, false, false, false]);
  expect(points.map((p) => [p.source, p.longitude, p.accuracy_m])).toEqual([
    ["gps", 179.9, null],
    ["satellite", 181, 8000],
    ["gps", 180.2, null],
  ]);
});

test("a silence lies before the next fix, whatever came between", () => {
  const points = trackOf([told(1), told(null), told(null, 2), told(3), told(4)], [false, true, false, false, false]);
  expect(points.map((p) => p.afterSilence)).toEqual([false, true, true, false]);
});

test("limits are round, in the person's unit, and hold nearly all", () => {
  const speeds = Array.from({ length: 100 }, (_, i) => ({ speed_m_s: i / 100 }));
  expect(speedScale(speeds, "m/s")?.limits).toEqual([0.2, 0.4, 0.6, 0.8]);
  expect(speedScale([...speeds, { speed_m_s: 40 }], "m/s")?.limits).toEqual([0.2, 0.4, 0.6, 0.8]);
  expect(speedScale(speeds, "kn")?.limits).toEqual([0.4, 0.8, 1.2, 1.6]);
  expect(speedScale([{ speed_m_s: 0 }], "kn")?.limits).toEqual([0.1, 0.2, 0.3, 0.4]);
});

test("a speed that was not told has no class", () => {
  const scale = speedScale([{ speed_m_s: 1 }], "m/s");
  expect(scale?.limits).toEqual([0.25, 0.5, 0.75, 1]);
  expect([null, 0, 0.25, 0.6, 9].map((v) => speedClass(v, scale))).toEqual([null, 0, 1, 2, 4]);
  expect(speedScale([{ speed_m_s: null }], "kn")).toBeNull();
});
