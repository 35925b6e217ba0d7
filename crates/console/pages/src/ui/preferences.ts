// A person's choices of zone, units, coordinates and look, as this browser shows them.
import type { MantineColorSchemeManager } from "@mantine/core";
import { useSyncExternalStore } from "react";
import type { Preferences } from "../api/types";
import { isZone } from "../domain/time";

export type { Preferences };

const KEY = "fairlead.preferences";
const DEFAULTS: Preferences = { zone: "utc", speed: "kn", coordinates: "decimal", look: "auto" };

export const SPEEDS = ["kn", "km/h", "m/s"] as const;
export const COORDINATES = ["decimal", "minutes"] as const;
export const LOOKS = ["auto", "light", "dark"] as const;

/** Each choice by itself, so that one that another version kept does not take the others with it. */
function sound(kept: Partial<Record<keyof Preferences, unknown>>): Preferences {
  const { zone } = kept;
  const isKnown = zone === "utc" || zone === "local" || (typeof zone === "string" && isZone(zone));
  return {
    zone: isKnown ? zone : DEFAULTS.zone,
    speed: SPEEDS.find((speed) => speed === kept.speed) ?? DEFAULTS.speed,
    coordinates: COORDINATES.find((style) => style === kept.coordinates) ?? DEFAULTS.coordinates,
    look: LOOKS.find((look) => look === kept.look) ?? DEFAULTS.look,
  };
}

function load(): Preferences {
  try {
    return sound(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return DEFAULTS;
  }
}

let current = load();
const listeners = new Set<() => void>();

/** Changes a choice, here and in every open view. */
export function setPreferences(change: Partial<Preferences>) {
  const next = sound({ ...current, ...change });
  if (JSON.stringify(next) === JSON.stringify(current)) return;
  current = next;
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

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

export function usePreferences(): Preferences {
  return useSyncExternalStore(subscribe, () => current);
}

let watching: (() => void) | undefined;

/** The look is a choice among the others, not one that the component library keeps for itself. */
export const lookManager: MantineColorSchemeManager = {
  get: () => current.look,
  set: (look) => setPreferences({ look }),
  subscribe(onUpdate) {
    watching = subscribe(() => onUpdate(current.look));
  },
  unsubscribe: () => watching?.(),
  clear: () => setPreferences({ look: DEFAULTS.look }),
};
