// Whether a device speaks as it should, measured against its own rhythm.
import type { Modem } from "../api/types";

export type Rhythm = "ok" | "late" | "silent" | "never";

/** All states, worst first. */
export const RHYTHMS: Rhythm[] = ["silent", "late", "ok", "never"];

type Timed = Pick<Modem, "last_seen_at" | "late_at" | "silent_at">;

/** The state of a device at `now` (milliseconds of the server's clock). */
export function rhythm(modem: Timed, now: number): Rhythm {
  if (modem.last_seen_at === null) return "never";
  if (modem.silent_at !== null && now >= Date.parse(modem.silent_at)) return "silent";
  if (modem.late_at !== null && now >= Date.parse(modem.late_at)) return "late";
  return "ok";
}

export interface RhythmScale {
  /** Fractions of the bar, 0 to 1. */
  expected: number;
  late: number;
  silent: number;
  now: number;
}

/** Where expected, late, silent and now lie on a bar that starts at the last message. */
export function rhythmScale(modem: Timed & Pick<Modem, "expected_at">, now: number): RhythmScale | null {
  const { last_seen_at, expected_at, late_at, silent_at } = modem;
  if (last_seen_at === null || expected_at === null || late_at === null || silent_at === null) return null;
  const start = Date.parse(last_seen_at);
  const silent = Date.parse(silent_at);
  const end = silent + (silent - start) * 0.25;
  if (!(end > start)) return null;
  const part = (at: number) => Math.min(1, Math.max(0, (at - start) / (end - start)));
  return {
    expected: part(Date.parse(expected_at)),
    late: part(Date.parse(late_at)),
    silent: part(silent),
    now: part(now),
  };
}
