// A list of any length that draws only the rows in sight, with one current row; what stands above it scrolls with it.
import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, type ReactNode, useEffect, useRef, useState } from "react";
import css from "./list.module.css";
import { useNarrow } from "./useNarrow";

interface Props<T> {
  label: string;
  items: T[];
  idOf(item: T): string;
  render(item: T): ReactNode;
  current: string | null;
  /** Whether a row is chosen beside others, where that can be. */
  checked?(item: T): boolean;
  onOpen(id: string, event: MouseEvent): void;
  onHover?(pointing: boolean): void;
  onScrolled?(away: boolean): void;
  /** Scrolls away with the rows. */
  above?: ReactNode;
  /** Names the columns, and stays in sight. */
  head?: ReactNode;
  footer?: ReactNode;
  /** Heights of a row, where two lines stand in it. */
  wideRow?: number;
  narrowRow?: number;
}

/** The height of the names of the columns. */
const HEAD = 30;

export function VirtualList<T>(props: Props<T>) {
  const { label, items, idOf, render, current, onOpen, onHover, onScrolled, above, head, footer } = props;
  const scroller = useRef<HTMLDivElement>(null);
  const aboveRef = useRef<HTMLDivElement>(null);
  const list = useRef<HTMLDivElement>(null);
  const [margin, setMargin] = useState(0);
  const row = useNarrow() ? (props.narrowRow ?? 56) : (props.wideRow ?? 36);
  const rows = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => row,
    getItemKey: (i) => idOf(items[i] as T),
    overscan: 12,
    scrollMargin: margin,
    scrollPaddingStart: head ? HEAD : 0,
  });

  useEffect(() => rows.measure(), [row]);

  const isAbove = above !== undefined;
  useEffect(() => {
    if (!isAbove || aboveRef.current === null) return;
    const watch = new ResizeObserver(() => setMargin(list.current?.offsetTop ?? 0));
    watch.observe(aboveRef.current);
    return () => watch.disconnect();
  }, [isAbove]);

  const at = current === null ? -1 : items.findIndex((item) => idOf(item) === current);
  const shown = useRef<string | null>(null);
  useEffect(() => {
    if (at >= 0 && shown.current !== current) rows.scrollToIndex(at, { align: "auto" });
    if (at >= 0) shown.current = current;
  }, [at, current, rows]);

  return (
    <div
      ref={scroller}
      className={css.scroller}
      onPointerEnter={(e) => e.pointerType === "mouse" && onHover?.(true)}
      onPointerLeave={() => onHover?.(false)}
      onScroll={(e) => onScrolled?.(e.currentTarget.scrollTop > 8)}
    >
      {isAbove && <div ref={aboveRef}>{above}</div>}
      {head && <div className={css.sticky}>{head}</div>}
      <div
        ref={list}
        role="listbox"
        aria-label={label}
        tabIndex={0}
        aria-activedescendant={at >= 0 ? `row-${current}` : undefined}
        className={css.rows}
        style={{ height: rows.getTotalSize() }}
      >
        {rows.getVirtualItems().map((place) => {
          const item = items[place.index] as T;
          const id = idOf(item);
          return (
            // biome-ignore lint/a11y/useKeyWithClickEvents: the keyboard moves through the list as a whole
            <div
              key={place.key}
              id={`row-${id}`}
              role="option"
              aria-selected={id === current}
              aria-checked={props.checked?.(item)}
              aria-setsize={items.length}
              aria-posinset={place.index + 1}
              className={css.row}
              style={{ height: row, transform: `translateY(${place.start - margin}px)` }}
              onClick={(event) => onOpen(id, event)}
            >
              {render(item)}
            </div>
          );
        })}
      </div>
      {footer}
    </div>
  );
}
