// Where a device has been, as points to draw and to hand on, and its speed in classes that a person can tell apart.
import type { Reading } from "../api/soon/device";
import type { Position } from "../api/types";
import { unwrap } from "./position";
import type { Told } from "./readings";
import { inUnit, type SpeedUnit } from "./units";

export interface TrackPoint {
  /** Milliseconds. */
  at: number;
  message_id: string;
  latitude: number;
  /** Made continuous: it may lie beyond 180°. */
  longitude: number;
  source: "gps" | "satellite";
  accuracy_m: number | null;
  late: boolean;
  speed_m_s: number | null;
  course_deg: number | null;
  battery_v: number | null;
  momsn: number | null;
  /** The device was silent before it. */
  afterSilence: boolean;
}

export interface Track {
  name: string;
  imei: string;
  points: TrackPoint[];
}

/** The fix of a reading, or the network's estimate where it has none. */
export function placeOf(reading: Reading): Pick<TrackPoint, "latitude" | "longitude" | "source" | "accuracy_m"> | null {
  const { latitude, longitude, estimate_latitude, estimate_longitude, estimate_accuracy_m } = reading;
  if (latitude !== null && longitude !== null) return { latitude, longitude, source: "gps", accuracy_m: null };
  if (estimate_latitude === null || estimate_longitude === null) return null;
  return {
    latitude: estimate_latitude,
    longitude: estimate_longitude,
    source: "satellite",
    accuracy_m: estimate_accuracy_m,
  };
}

/** Fixes and estimates, oldest first. */
export function trackOf(told: readonly Told[], silent: readonly boolean[]): TrackPoint[] {
  let broken = false;
  const points = told.flatMap(({ at, reading }, i): TrackPoint[] => {
    const place = placeOf(reading);
    broken ||= silent[i] === true;
    if (place === null) return [];
    const { message_id, late, speed_m_s, course_deg, battery_v, momsn } = reading;
    // An estimate does not end a silence in the line of fixes.
    const afterSilence = broken;
    if (place.source === "gps") broken = false;
    return [{ at, message_id, ...place, late, speed_m_s, course_deg, battery_v, momsn, afterSilence }];
  });
  return unwrap(points);
}

/** Positions without readings, in the same shape. */
export function trackOfPositions(positions: readonly Position[]): TrackPoint[] {
  return positions.map(({ at, source, ...rest }) => ({
    ...rest,
    at: Date.parse(at),
    source,
    speed_m_s: null,
    course_deg: null,
    battery_v: null,
    momsn: null,
    afterSilence: false,
  }));
}

/** Classes of speed, from 0 on; the colours are `--speed-1` to `--speed-5`. */
export const SPEED_CLASSES = 5;

export interface SpeedScale {
  unit: SpeedUnit;
  /** Where the second and each further class begins, in `unit`. */
  limits: number[];
}

const STEPS = [5, 4, 2.5, 2, 1];

/** Classes with round limits that hold nearly all of the speeds; one gust does not make the rest one colour. */
export function speedScale(points: readonly Pick<TrackPoint, "speed_m_s">[], unit: SpeedUnit): SpeedScale | null {
  const speeds = points.flatMap(({ speed_m_s }) => (speed_m_s === null ? [] : inUnit(speed_m_s, unit)));
  if (speeds.length === 0) return null;
  speeds.sort((a, b) => a - b);
  const most = speeds[Math.floor((speeds.length - 1) * 0.95)] ?? 0;
  // Above the last limit lies the rest.
  const wanted = Math.max(most / (SPEED_CLASSES - 1), 0.1);
  const size = 10 ** Math.floor(Math.log10(wanted));
  const step = (STEPS.find((s) => s * size <= wanted * 1.001) ?? 1) * size;
  return { unit, limits: Array.from({ length: SPEED_CLASSES - 1 }, (_, i) => round(step * (i + 1))) };
}

/** Without the dust of floating point. */
function round(value: number): number {
  return Number(value.toPrecision(6));
}

/** The class of a speed, 0 to 4; null where it was not told. */
export function speedClass(metresPerSecond: number | null, scale: SpeedScale | null): number | null {
  if (metresPerSecond === null || scale === null) return null;
  const value = inUnit(metresPerSecond, scale.unit);
  return scale.limits.filter((limit) => value >= limit).length;
}
