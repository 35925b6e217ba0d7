// Arrows move through a list, Enter opens, Escape goes back; typing in a field is left alone.
import { useEffect, useRef } from "react";

interface ListKeys {
  ids: string[];
  current: string | null;
  move(id: string): void;
  open(id: string): void;
  back(): void;
}

const PAGE = 10;

/** Whether a key press belongs to something else: a field, a button, a map, an open dialog. */
export function elsewhere(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true;
  const target = event.target instanceof Element ? event.target : null;
  if (target?.closest("input, textarea, select, [role=menu], [role=dialog], [contenteditable]")) return true;
  return document.querySelector("[role=dialog][aria-modal=true]") !== null;
}

export function useListKeys(list: ListKeys) {
  const latest = useRef(list);
  latest.current = list;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (elsewhere(event)) return;
      const { ids, current, move, open, back } = latest.current;
      const target = event.target instanceof Element ? event.target : null;
      const onControl = target?.closest("button, a, [role=button]") != null;
      if (event.key === "Escape") return back();
      if (event.key === "Enter") {
        if (current !== null && !onControl) open(current);
        return;
      }
      if (target?.closest(".leaflet-container")) return;
      const at = current === null ? -1 : ids.indexOf(current);
      const steps: Record<string, number> = {
        ArrowDown: at + 1,
        ArrowUp: at < 0 ? 0 : at - 1,
        PageDown: at + PAGE,
        PageUp: at - PAGE,
        Home: 0,
        End: ids.length - 1,
      };
      const step = steps[event.key];
      if (step === undefined) return;
      const id = ids[Math.min(ids.length - 1, Math.max(0, step))];
      event.preventDefault();
      if (id !== undefined) move(id);
    };
    document.addEventListener("keydown", onKey);
    return () => document.removeEventListener("keydown", onKey);
  }, []);
}
