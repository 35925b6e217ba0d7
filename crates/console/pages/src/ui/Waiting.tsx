// How a view looks until it is here: the places of what will stand in them.
import { Skeleton } from "@mantine/core";
import css from "./list.module.css";
import { Page } from "./Page";

export function WaitingRows({ n }: { n: number }) {
  return Array.from({ length: n }, (_, i) => (
    <div key={i} className={css.skeleton}>
      <Skeleton height={14} width={`${92 - ((i * 11) % 40)}%`} />
    </div>
  ));
}

export function WaitingLines() {
  return [40, 90, 70, 90, 60].map((width, i) => <Skeleton key={i} height={20} width={`${width}%`} />);
}

export function WaitingList() {
  return (
    <div className={css.waiting} aria-busy="true">
      <div className={css.tools}>
        <Skeleton height={36} width={280} />
      </div>
      <WaitingRows n={16} />
    </div>
  );
}

export function WaitingPage() {
  return (
    <Page>
      <WaitingLines />
    </Page>
  );
}
