// What a view keeps in its address, so that a link restores it whole.
import { useCallback } from "react";
import { useSearchParams } from "react-router";

type Change = (values: Record<string, string | null>, replace?: boolean) => void;

export function useAddress(): [URLSearchParams, Change] {
  const [search, setSearch] = useSearchParams();
  const change = useCallback<Change>(
    (values, replace = false) => {
      // From the address itself: two changes may come before the view is drawn again.
      const next = new URLSearchParams(window.location.search);
      for (const [key, value] of Object.entries(values)) {
        if (value) next.set(key, value);
        else next.delete(key);
      }
      setSearch(next, { replace });
    },
    [setSearch],
  );
  return [search, change];
}
