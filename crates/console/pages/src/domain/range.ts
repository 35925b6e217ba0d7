// Which part of a device's history is looked at, as the address holds it.
import { exact, type Zone } from "./time";

const DAY = 86_400_000;

export const RANGES = ["24h", "7d", "30d", "all", "custom"] as const;
export type RangeName = (typeof RANGES)[number];

const LENGTH: Partial<Record<RangeName, number>> = { "24h": DAY, "7d": 7 * DAY, "30d": 30 * DAY };

/** From and to in milliseconds; null is open. */
export interface Range {
  from: number | null;
  to: number | null;
}

/** What the address asks for: a range by name, or from and to; a week where it says nothing that can be read. */
export function rangeIn(search: URLSearchParams): { name: RangeName; from: number | null; to: number | null } {
  const moment = (key: string) => {
    const at = Date.parse(search.get(key) ?? "");
    return Number.isNaN(at) ? null : at;
  };
  const [from, to] = [moment("from"), moment("to")];
  if (from !== null || to !== null) return { name: "custom", from, to };
  const name = RANGES.find((known) => known === search.get("range"));
  return { name: name === undefined || name === "custom" ? "7d" : name, from: null, to: null };
}

/** A named range, counted back from a moment. */
export function rangeBack(name: RangeName, now: number): Range {
  const length = LENGTH[name];
  return { from: length === undefined ? null : now - length, to: null };
}

/** A moment as the clock on the wall shows it: `2026-05-01T14:20`, as a field for dates wants it. */
export function wallTime(at: number, zone: Zone): string {
  return exact(at, zone).slice(0, 16).replace(" ", "T");
}

/** How far a zone's clock is ahead of UTC at a moment, in milliseconds. */
export function zoneOffset(at: number, zone: Zone): number {
  const minute = Math.floor(at / 60_000) * 60_000;
  return Date.parse(`${wallTime(minute, zone)}Z`) - minute;
}

/** The moment at which a zone's clock shows this; null where it is no time. */
export function fromWallTime(text: string, zone: Zone): number | null {
  const wanted = Date.parse(`${text}Z`);
  if (Number.isNaN(wanted)) return null;
  // Twice: the first step may land on the other side of a change of the clocks.
  const near = wanted - zoneOffset(wanted, zone);
  return wanted - zoneOffset(near, zone);
}
