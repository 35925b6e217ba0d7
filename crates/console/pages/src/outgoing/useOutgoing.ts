// Messages to devices by a filter: read page by page, patched by the live line, kept in sight while they are read anew.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";
import * as calls from "../api/calls";
import type { Mt } from "../api/types";
import { inFilter } from "../domain/outgoing";
import { mergeOutgoing } from "../live/reducer";
import { useLive } from "../live/store";

export function useOutgoing(filter: calls.OutgoingFilter, limit?: number) {
  const news = useLive((live) => live.outgoing);
  const epoch = useLive((live) => live.epoch);
  const { state, modem_id, account } = filter;
  const asked = useInfiniteQuery({
    queryKey: ["outgoing", "list", state, modem_id, account, limit, epoch],
    queryFn: ({ pageParam }) => calls.outgoing({ state, modem_id, account }, pageParam, limit),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
  });
  const name = JSON.stringify([state, modem_id, account]);
  const kept = useRef<{ name: string; mts: Mt[] }>({ name, mts: [] });
  const mts = useMemo(() => {
    const before = kept.current.name === name ? kept.current.mts : [];
    const fits = (mt: Mt) =>
      (modem_id === undefined || mt.modem_id === modem_id) && (account === undefined || mt.account === account);
    const read = asked.data?.pages.flatMap((page) => page.items) ?? before;
    return mergeOutgoing([...news.values()].filter(fits), read).filter((mt) => inFilter(mt.state, state));
  }, [asked.data, news, name, state, modem_id, account]);
  useEffect(() => {
    kept.current = { name, mts };
  }, [name, mts]);
  return { asked, mts };
}
