// Which position stands for a device, and how its track is drawn.
import type { Modem, Position } from "../api/types";

/** The fix, unless the network's estimate is so much newer that the fix no longer says where the device is. */
export function bestPosition(modem: Pick<Modem, "fix" | "estimate" | "interval_s">): Position | null {
  const { fix, estimate } = modem;
  if (fix === null || estimate === null) return fix ?? estimate;
  const patience = Math.max(3 * modem.interval_s, 3600) * 1000;
  return Date.parse(estimate.at) - Date.parse(fix.at) > patience ? estimate : fix;
}

/** The longitude of the same meridian that is nearest to `centre`. */
export function nearest(longitude: number, centre: number): number {
  return longitude + 360 * Math.round((centre - longitude) / 360);
}

/** Longitudes made continuous, so that a track across 180° is not drawn around the world. */
export function unwrap<P extends { longitude: number }>(points: P[]): P[] {
  let last: number | null = null;
  return points.map((p) => {
    const longitude: number = last === null ? p.longitude : nearest(p.longitude, last);
    last = longitude;
    return { ...p, longitude };
  });
}

/** The middle of the smallest arc that holds all longitudes: a Pacific fleet is centred in the Pacific. */
export function middleLongitude(longitudes: number[]): number {
  const sorted = [...longitudes].sort((a, b) => a - b);
  const first = sorted[0];
  if (first === undefined) return 0;
  let start = first;
  let widest = -1;
  sorted.forEach((longitude, i) => {
    const next = sorted[i + 1] ?? first + 360;
    if (next - longitude > widest) {
      widest = next - longitude;
      start = next;
    }
  });
  const middle = start + (360 - widest) / 2;
  return nearest(middle, 0);
}

/** How many points at the start of a track are older than `ms` before its newest. */
export function olderThan(points: Pick<Position, "at">[], ms: number): number {
  const newest = points.at(-1);
  if (!newest) return 0;
  const since = Date.parse(newest.at) - ms;
  const first = points.findIndex((point) => Date.parse(point.at) >= since);
  return first < 0 ? points.length : first;
}

/** What to draw of a track, oldest first: the fixes, or the estimates where there is no fix at all. */
export function trackPoints(newestFirst: Position[]): Position[] {
  const fixes = newestFirst.filter((p) => p.source === "gps");
  const shown = fixes.length > 0 ? fixes : newestFirst;
  return unwrap([...shown].sort((a, b) => Date.parse(a.at) - Date.parse(b.at)));
}
