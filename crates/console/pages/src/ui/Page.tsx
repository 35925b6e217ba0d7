// A view of one column: its headline says the answer, its sections the rest.
import type { ReactNode } from "react";
import css from "./page.module.css";
import { type Mark, StateMark } from "./StateMark";

export function Page({ children }: { children: ReactNode }) {
  return (
    <div className={css.page}>
      <div className={css.column}>{children}</div>
    </div>
  );
}

export function Headline({ mark, title, children }: { mark?: Mark; title: string; children?: ReactNode }) {
  return (
    <header className={css.head}>
      <h1>
        {mark && <StateMark state={mark} size={18} />}
        {title}
      </h1>
      {children}
    </header>
  );
}

export function Section({ title, mark, children }: { title: string; mark?: Mark; children: ReactNode }) {
  return (
    <section className={css.section} aria-label={title}>
      <h2>
        {mark && <StateMark state={mark} />}
        {title}
      </h2>
      {children}
    </section>
  );
}
