// What a device said and was told, newest first and live; older parts are read on demand.
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import * as calls from "../api/calls";
import type { Modem } from "../api/types";
import { type Entry, shorter, timeline } from "../domain/timeline";
import { mergeMessages } from "../live/reducer";
import { useLive } from "../live/store";
import { useOutgoing } from "../outgoing/useOutgoing";

export interface StoryLists {
  entries: Entry[];
  waiting: boolean;
  more: boolean;
  reading: boolean;
  error: unknown;
  readOn(): void;
  retry(): void;
}

export function useStory(modem: Modem): StoryLists {
  const live = useLive((picture) => picture.messages);
  const epoch = useLive((picture) => picture.epoch);
  const messages = useInfiniteQuery({
    queryKey: ["messages", "list", undefined, modem.id, epoch],
    queryFn: ({ pageParam }) => calls.messages({ modem_id: modem.id }, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
    staleTime: Number.POSITIVE_INFINITY,
    placeholderData: (old, query) => (query?.queryKey[3] === modem.id ? old : undefined),
  });
  const { asked: outgoing, mts } = useOutgoing({ modem_id: modem.id });
  const gaps = useQuery({
    queryKey: ["gaps", modem.id, modem.missing],
    queryFn: () => calls.gaps(modem.id),
    enabled: modem.missing > 0,
    placeholderData: (old, query) => (query?.queryKey[1] === modem.id ? old : undefined),
  });
  const told = useMemo(() => {
    const fresh = live.filter((message) => message.modem_id === modem.id);
    return mergeMessages(fresh, messages.data?.pages.flatMap((page) => page.items) ?? []);
  }, [live, messages.data, modem.id]);
  const lists = useMemo(
    () => ({
      messages: { items: told, more: messages.hasNextPage || messages.isPending },
      // Where it cannot be read, what the device said still shows.
      mts: { items: mts, more: !outgoing.isError && (outgoing.hasNextPage || outgoing.isPending) },
    }),
    [told, messages.hasNextPage, messages.isPending, mts, outgoing.isError, outgoing.hasNextPage, outgoing.isPending],
  );
  const entries = useMemo(() => timeline(lists.messages, lists.mts, gaps.data?.items ?? []), [lists, gaps.data]);
  const next = shorter(lists.messages, lists.mts);
  const { fetchNextPage: olderMessages, refetch: againMessages } = messages;
  const { fetchNextPage: olderMts, refetch: againMts } = outgoing;
  const reading = messages.isFetching || outgoing.isFetching;
  const readOn = useCallback(() => {
    if (reading || next === null) return;
    void (next === "messages" ? olderMessages() : olderMts());
  }, [reading, next, olderMessages, olderMts]);
  return {
    entries,
    waiting: messages.isPending || outgoing.isPending,
    more: next !== null,
    reading,
    error: messages.error ?? outgoing.error ?? gaps.error,
    readOn,
    retry: () => void Promise.all([againMessages(), againMts(), gaps.refetch()]),
  };
}
