// How far a new installation has come, and what may keep the provider from it.
import type { FirstRun } from "../api/types";

/** The IMEI of a test push; no modem has it. */
export const TEST_IMEI = "000000000000000";

export type Progress = "waiting" | "tested" | "arrived" | "over";

/** From nothing to a device's message; a test push may be the last one long after that, or somebody put this away. */
export function progress({ done, last_push: push }: FirstRun): Progress {
  if (push !== null && push.imei !== TEST_IMEI) return "arrived";
  if (done) return "over";
  return push === null ? "waiting" : "tested";
}

/** Why nobody outside can reach an address: it names this machine, or one of a private network. */
export function unreachable(url: string): "machine" | "network" | null {
  const host = URL.canParse(url) ? new URL(url).hostname : "";
  if (/^(localhost|127\..*|\[::1\]|0\.0\.0\.0|\[::\])$/.test(host)) return "machine";
  if (/^(10\.\d|192\.168\.|172\.(1[6-9]|2\d|3[01])\.|169\.254\.|\[f[cd]|\[fe80)/.test(host)) return "network";
  return /\.(local|lan|internal|home\.arpa)$/.test(host) ? "network" : null;
}
