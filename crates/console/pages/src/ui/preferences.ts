// A person's choices on this machine: zone, units, coordinates; kept in the browser.
import { useSyncExternalStore } from "react";
import type { CoordinateStyle } from "../domain/coordinates";
import type { Zone } from "../domain/time";
import type { SpeedUnit } from "../domain/units";

export interface Preferences {
  zone: Zone;
  speed: SpeedUnit;
  coordinates: CoordinateStyle;
}

const KEY = "fairlead.preferences";
const DEFAULTS: Preferences = { zone: "utc", speed: "kn", coordinates: "decimal" };

function load(): Preferences {
  try {
    return { ...DEFAULTS, ...JSON.parse(localStorage.getItem(KEY) ?? "{}") };
  } catch {
    return DEFAULTS;
  }
}

let current = load();
const listeners = new Set<() => void>();

/** Changes a choice, here and in every open view. */
export function setPreferences(change: Partial<Preferences>) {
  current = { ...current, ...change };
  try {
    localStorage.setItem(KEY, JSON.stringify(current));
  } catch {
    // A browser that keeps nothing still shows the choice until it is closed.
  }
  for (const listener of listeners) listener();
}

/** The choices at this moment, for what is not drawn by React. */
export function preferences(): Preferences {
  return current;
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    () => current,
  );
}
