// The same places for each section: tabs, what can be done, the list, and what is opened beside it.
import type { ReactNode } from "react";
import css from "./sections.module.css";

interface Props {
  label: string;
  tabs: ReactNode;
  aside: ReactNode;
  children: ReactNode;
  panel: ReactNode;
}

export function SectionFrame({ label, tabs, aside, children, panel }: Props) {
  return (
    <>
      <section className={css.page} aria-label={label} data-narrowed={panel !== null}>
        <header className={css.filters}>
          {tabs}
          <span className={css.right}>{aside}</span>
        </header>
        {children}
      </section>
      {panel}
    </>
  );
}
