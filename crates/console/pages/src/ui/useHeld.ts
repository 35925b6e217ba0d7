// A list as it stands, with what came since held back while a person points at it or has scrolled away.
import { useCallback, useRef, useState } from "react";

/** `before(a, b)` is negative where `a` stands above `b`. */
export function useHeld<T>(
  items: T[],
  held: boolean,
  before: (a: T, b: T) => number,
): { shown: T[]; news: number; take(): void } {
  const mark = useRef<T | null>(null);
  const [, redraw] = useState(0);
  if (!held || mark.current === null) mark.current = items[0] ?? null;
  const top = mark.current;
  const shown = top === null ? items : items.filter((item) => before(item, top) >= 0);
  const take = useCallback(() => {
    mark.current = null;
    redraw((n) => n + 1);
  }, []);
  return { shown, news: items.length - shown.length, take };
}
