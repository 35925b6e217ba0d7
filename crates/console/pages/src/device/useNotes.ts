// The notes about a device, newest first.
import { useInfiniteQuery } from "@tanstack/react-query";
import { notes } from "./calls";

export const notesKey = (id: string) => ["notes", id];

export function useNotes(id: string) {
  const asked = useInfiniteQuery({
    queryKey: notesKey(id),
    queryFn: ({ pageParam }) => notes(id, pageParam),
    initialPageParam: null as string | null,
    getNextPageParam: (last) => last.next_cursor,
  });
  return { asked, notes: asked.data?.pages.flatMap((page) => page.items) ?? [] };
}
