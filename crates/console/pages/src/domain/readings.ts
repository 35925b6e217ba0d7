// What a device's messages told, in the order of its own clock: what stood at a moment, and where it was silent.
import type { Reading } from "../api/soon/device";

/** A reading with the moment in milliseconds for which it speaks. */
export interface Told {
  at: number;
  reading: Reading;
}

/** Silence longer than so many intervals is a gap. */
const SILENCE = 2.5;

/** The device's own clock counts, unless it is too far ahead to be believed. */
export function momentOf({ clock_ahead, device_at, transmitted_at }: Reading): number {
  return Date.parse(clock_ahead ? transmitted_at : device_at);
}

/** Lists joined: the first list's word counts where both have a reading; oldest first, by the device's clock. */
export function inOrder(fresh: readonly Reading[], old: readonly Reading[]): Told[] {
  const byId = new Map<string, Reading>();
  for (const reading of old) byId.set(reading.message_id, reading);
  for (const reading of fresh) byId.set(reading.message_id, reading);
  const told = Array.from(byId.values(), (reading) => ({ at: momentOf(reading), reading }));
  return told.sort((a, b) => a.at - b.at || (a.reading.message_id < b.reading.message_id ? -1 : 1));
}

/** The newest of what was told until a moment; -1 before the first. */
export function standingAt(told: readonly { at: number }[], moment: number): number {
  let [low, high] = [0, told.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((told[middle]?.at ?? 0) <= moment) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** For each reading, whether the device was silent before it for longer than its rhythm at that time explains. */
export function silences(told: readonly Told[], usual_s: number): boolean[] {
  let interval = usual_s;
  return told.map(({ at, reading }, i) => {
    const before = told[i - 1];
    const silent = before !== undefined && at - before.at > SILENCE * interval * 1000;
    interval = reading.interval_s ?? interval;
    return silent;
  });
}

/** A value over time for a plot: seconds, values, and null where the device was silent between two. */
export function series(
  told: readonly Told[],
  silent: readonly boolean[],
  value: (reading: Reading) => number | null,
): [seconds: number[], values: (number | null)[]] {
  const seconds: number[] = [];
  const values: (number | null)[] = [];
  let broken = false;
  told.forEach(({ at, reading }, i) => {
    broken ||= silent[i] === true;
    const told = value(reading);
    if (told === null) return;
    const last = seconds.at(-1);
    if (broken && last !== undefined) {
      seconds.push((last + at / 1000) / 2);
      values.push(null);
    }
    broken = false;
    seconds.push(at / 1000);
    values.push(told);
  });
  return [seconds, values];
}
