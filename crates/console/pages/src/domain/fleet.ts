// The fleet as a list: names, search, counts, and the order that puts first what needs a person.
import type { Modem } from "../api/types";
import { type Rhythm, rhythm } from "./rhythm";

export type FleetFilter = Rhythm | "problem" | "all";
export const FLEET_FILTERS: FleetFilter[] = ["all", "silent", "late", "ok", "never", "problem"];

export interface Row {
  modem: Modem;
  state: Rhythm;
}

/** What a device is called: its name in the registry; where its modem is in none, the modem's serial, or its IMEI. */
export function nameOf(modem: Pick<Modem, "serial" | "imei" | "device">): string {
  return modem.device?.name ?? modem.serial ?? modem.imei;
}

/** An IMEI where a name stands before it: its end, in which modems differ. */
export function imeiTail(imei: string): string {
  return `…${imei.slice(-6)}`;
}

const RANK: Record<Rhythm, number> = { silent: 0, late: 1, ok: 2, never: 3 };
const names = new Intl.Collator("en", { numeric: true });

const known = new WeakMap<Modem, Row>();

/** The same row as long as device and state are the same, so that nothing is drawn again for nothing. */
function rowOf(modem: Modem, now: number): Row {
  const state = rhythm(modem, now);
  const before = known.get(modem);
  if (before?.state === state) return before;
  const row = { modem, state };
  known.set(modem, row);
  return row;
}

/**
 * Worst first; among equals those with problems, then by name, so that rows do not move with every message.
 * `before` is the order so far: what stands in order already is sorted in one pass.
 */
export function fleetRows(modems: Iterable<Modem>, now: number, before: readonly Row[] = []): Row[] {
  const rest = new Map(Array.from(modems, (modem) => [modem.id, rowOf(modem, now)]));
  const rows: Row[] = [];
  for (const { modem } of before) {
    const row = rest.get(modem.id);
    if (row && rest.delete(modem.id)) rows.push(row);
  }
  rows.push(...rest.values());
  return rows.sort(
    (a, b) =>
      RANK[a.state] - RANK[b.state] ||
      Math.sign(b.modem.open_problems) - Math.sign(a.modem.open_problems) ||
      names.compare(nameOf(a.modem), nameOf(b.modem)) ||
      names.compare(a.modem.imei, b.modem.imei),
  );
}

/** How many devices each filter would show. */
export function fleetCounts(rows: Row[]): Record<FleetFilter, number> {
  const counts = { all: rows.length, silent: 0, late: 0, ok: 0, never: 0, problem: 0 };
  for (const { modem, state } of rows) {
    counts[state] += 1;
    if (modem.open_problems > 0) counts.problem += 1;
  }
  return counts;
}

/** The rows that a search text and a filter leave. */
export function filterRows(rows: Row[], text: string, filter: FleetFilter): Row[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return rows.filter(({ modem, state }) => {
    if (filter === "problem" ? modem.open_problems === 0 : filter !== "all" && state !== filter) return false;
    if (words.length === 0) return true;
    const hay =
      `${modem.device?.name ?? ""} ${modem.serial ?? ""} ${modem.imei} ${modem.dialect ?? ""} ${modem.status ?? ""}`.toLowerCase();
    return words.every((word) => hay.includes(word));
  });
}

/** Keeps the order of `before` while a person points at the list; new rows go to the end. */
export function heldOrder(before: string[], rows: Row[]): Row[] {
  const place = new Map(before.map((id, i) => [id, i]));
  const at = (row: Row) => place.get(row.modem.id) ?? before.length;
  return [...rows].sort((a, b) => at(a) - at(b));
}
