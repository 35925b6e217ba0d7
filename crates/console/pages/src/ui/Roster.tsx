// A list that the server tells page by page, moved through with the keyboard.
import { Button } from "@mantine/core";
import { type InfiniteData, useInfiniteQuery } from "@tanstack/react-query";
import { type MouseEvent, type ReactNode, useMemo, useState } from "react";
import type { Page } from "../api/types";
import { ErrorNote } from "./ErrorNote";
import list from "./list.module.css";
import css from "./sections.module.css";
import { useListKeys } from "./useListKeys";
import { VirtualList } from "./VirtualList";
import { WaitingRows } from "./Waiting";

export interface Paged<T> {
  items: T[];
  /** Whether these are all there are. */
  whole: boolean;
  waiting: boolean;
  error: unknown;
  loading: boolean;
  again(): void;
  more(): void;
}

/** A list that the server tells page by page. */
export function usePaged<T>(key: readonly unknown[], read: (cursor: string | null) => Promise<Page<T>>): Paged<T> {
  const asked = useInfiniteQuery<Page<T>, Error, InfiniteData<Page<T>>, readonly unknown[], string | null>({
    queryKey: key,
    queryFn: ({ pageParam }) => read(pageParam),
    initialPageParam: null,
    getNextPageParam: (last) => last.next_cursor,
  });
  const items = useMemo(() => asked.data?.pages.flatMap((page) => page.items) ?? [], [asked.data]);
  return {
    items,
    whole: !asked.hasNextPage,
    waiting: asked.isPending,
    error: asked.error,
    loading: asked.isFetchingNextPage,
    again: () => void asked.refetch(),
    more: () => void asked.fetchNextPage(),
  };
}

/** A list that was read whole, in the place of one that is read page by page. */
export function wholeList<T>(asked: {
  data: T[] | undefined;
  isPending: boolean;
  error: unknown;
  refetch(): unknown;
}): Paged<T> {
  return {
    items: asked.data ?? [],
    whole: true,
    waiting: asked.isPending,
    error: asked.error,
    loading: false,
    again: () => void asked.refetch(),
    more: () => undefined,
  };
}

interface Props<T extends { id: string }> {
  label: string;
  /** The columns. */
  className: string | undefined;
  paged: Paged<T>;
  opened: string | null;
  head: ReactNode;
  row(item: T): ReactNode;
  empty: ReactNode;
  /** What the button for the next page says. */
  more: string;
  /** Whether a row is chosen beside others, where that can be. */
  checked?(item: T): boolean;
  /** Answers whether a click chose the row instead of opening it. */
  onPick?(id: string, event: MouseEvent): boolean;
  /** The current row moved. */
  onCurrent?(id: string | null): void;
  onOpen(id: string | null): void;
  /** Heights of a row, where more than a line stands in it. */
  wideRow?: number;
  narrowRow?: number;
}

export function Roster<T extends { id: string }>(props: Props<T>) {
  const { label, className, paged, opened, head, row, empty, more, onOpen } = props;
  const [cursor, place] = useState<string | null>(null);
  const setCursor = (id: string | null) => {
    place(id);
    props.onCurrent?.(id);
  };
  const { items } = paged;
  const open = (id: string) => {
    setCursor(id);
    onOpen(id);
  };
  const current = opened ?? cursor;
  useListKeys({
    ids: useMemo(() => items.map(({ id }) => id), [items]),
    current,
    move: (id) => (opened === null ? setCursor(id) : open(id)),
    open,
    back: () => (opened === null ? setCursor(null) : onOpen(null)),
  });
  if (paged.waiting) return <WaitingRows n={6} />;
  return (
    <>
      {paged.error !== null && <ErrorNote error={paged.error} retry={paged.again} />}
      {items.length === 0 && paged.error === null ? (
        empty
      ) : (
        <VirtualList
          label={label}
          items={items}
          idOf={(item) => item.id}
          render={row}
          current={current}
          checked={props.checked}
          onOpen={(id, event) => (props.onPick?.(id, event) ? setCursor(id) : open(id))}
          wideRow={props.wideRow}
          narrowRow={props.narrowRow ?? 60}
          head={<div className={`${className} ${list.head}`}>{head}</div>}
          footer={
            !paged.whole && (
              <div className={css.more}>
                <Button variant="default" loading={paged.loading} onClick={paged.more}>
                  {more}
                </Button>
              </div>
            )
          }
        />
      )}
    </>
  );
}
