// The moment that slider, plots, map and words show together. Kept outside of React: it changes with every pointer move.
import { useSyncExternalStore } from "react";

export class Moment {
  private chosen: number | null = null;
  private pointed: number | null = null;
  private readonly listeners = new Set<() => void>();

  /** What was chosen; null is the newest. */
  get at(): number | null {
    return this.chosen;
  }

  /** What a pointer lies on, or else what was chosen. */
  get shown(): number | null {
    return this.pointed ?? this.chosen;
  }

  choose(at: number | null) {
    this.pointed = null;
    this.set(at, null);
  }

  point(at: number | null) {
    this.set(this.chosen, at);
  }

  private set(chosen: number | null, pointed: number | null) {
    if (chosen === this.chosen && pointed === this.pointed) return;
    this.chosen = chosen;
    this.pointed = pointed;
    for (const listener of this.listeners) listener();
  }

  subscribe = (listener: () => void) => {
    this.listeners.add(listener);
    return () => void this.listeners.delete(listener);
  };
}

/** What follows from the moment; drawn again only when that changes, so it must be no object made anew. */
export function useMomentValue<T extends string | number | boolean | null>(
  moment: Moment,
  value: (moment: Moment) => T,
): T {
  return useSyncExternalStore(moment.subscribe, () => value(moment));
}

const shown = (moment: Moment) => moment.shown;

/** The moment shown, in milliseconds; null is the newest. */
export function useShown(moment: Moment): number | null {
  return useMomentValue(moment, shown);
}
