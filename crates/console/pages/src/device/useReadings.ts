// A device's readings of a range: read page by page up to a bound, and the newest again with each message.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import type { Modem } from "../api/types";
import { inOrder, silences, type Told } from "../domain/readings";
import { useLive } from "../live/store";
import { READINGS_PAGE, readings } from "./calls";

/** More than that no person looks at together. */
export const MOST_READINGS = 5_000;
/** So many of the newest are read again with each message: one that comes late stands among them. */
const TAIL = 100;

export interface History {
  told: Told[];
  silent: boolean[];
  /** Nothing was read yet. */
  waiting: boolean;
  /** Older ones are still being read. */
  reading: boolean;
  /** The range holds more than is shown. */
  capped: boolean;
  error: unknown;
  retry(): void;
}

export function useReadings(modem: Modem, from: number | null, to: number | null): History {
  const epoch = useLive((live) => live.epoch);
  const { id } = modem;
  const iso = (at: number | null) => (at === null ? null : new Date(at).toISOString());
  const asked = useInfiniteQuery({
    queryKey: ["readings", id, from, to, epoch],
    queryFn: ({ pageParam }) => readings(id, iso(from), iso(to), pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    // Another snapshot reads the same range anew: what is shown stays until then.
    placeholderData: (old, query) =>
      query?.queryKey.slice(0, 4).join() === ["readings", id, from, to].join() ? old : undefined,
  });
  const { fetchNextPage, refetch } = asked;
  const pages = asked.data?.pages;
  const count = (pages?.length ?? 0) * READINGS_PAGE;
  const reading = asked.hasNextPage && count < MOST_READINGS && !asked.isError;
  useEffect(() => {
    if (reading && !asked.isFetching && !asked.isPlaceholderData) void fetchNextPage();
  }, [reading, asked.isFetching, asked.isPlaceholderData, fetchNextPage]);

  const first = pages?.[0]?.items;
  const tail = first?.[Math.min(TAIL, first.length) - 1]?.transmitted_at ?? iso(from);
  const news = useQuery({
    queryKey: ["readings", "newest", id, tail, modem.last_received_at],
    queryFn: () => readings(id, tail, null, null),
    enabled: to === null && asked.isSuccess && !asked.isPlaceholderData,
    placeholderData: (old, query) => (query?.queryKey[2] === id && query.queryKey[3] === tail ? old : undefined),
  });
  const beyond = news.data?.next_cursor != null && !news.isPlaceholderData;
  useEffect(() => {
    // So much came since that the newest do not reach back to what was read.
    if (beyond) void refetch();
  }, [beyond, refetch]);

  const told = useMemo(
    () =>
      inOrder(
        news.data?.items ?? [],
        (pages ?? []).flatMap((page) => page.items),
      ).slice(-MOST_READINGS),
    [news.data, pages],
  );
  const silent = useMemo(() => silences(told, modem.interval_s), [told, modem.interval_s]);
  return {
    told,
    silent,
    waiting: asked.isPending,
    reading,
    capped: (asked.hasNextPage && count >= MOST_READINGS) || told.length === MOST_READINGS,
    error: asked.error,
    retry: () => void refetch(),
  };
}
