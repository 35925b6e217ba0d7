// An empty place that says why it is empty and what the first step is.
import type { ReactNode } from "react";
import css from "./note.module.css";

export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <div className={css.empty}>
      <p className={css.title}>{title}</p>
      {children}
    </div>
  );
}
