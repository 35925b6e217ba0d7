// Which devices are chosen together, in the address; `x` takes the current row, with Shift all up to it.
import { useCallback, useEffect, useMemo, useRef } from "react";
import { extended, pickedIn, toggled } from "../domain/picked";
import { useAddress } from "../ui/useAddress";
import { elsewhere } from "../ui/useListKeys";

export function usePicked(rows: readonly string[], current: string | null) {
  const [search, change] = useAddress();
  const text = search.get("picked");
  const picked = useMemo(() => pickedIn(text), [text]);
  const latest = useRef({ rows, current, picked });
  latest.current = { rows, current, picked };
  const anchor = useRef<string | null>(null);
  const pick = useCallback(
    (id: string, extend: boolean) => {
      const { rows, picked } = latest.current;
      const next = extend ? extended(picked, rows, anchor.current, id) : toggled(picked, id);
      anchor.current = id;
      change({ picked: next.join() }, true);
    },
    [change],
  );
  const clear = useCallback(() => change({ picked: null, select: null }, true), [change]);
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      const { current } = latest.current;
      if (event.key.toLowerCase() !== "x" || current === null || elsewhere(event)) return;
      pick(current, event.shiftKey);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, [pick]);
  return { picked, pick, clear };
}
