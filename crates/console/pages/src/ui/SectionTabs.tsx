// Which section of a view is shown.
import type { ReactNode } from "react";
import css from "./sections.module.css";

interface Props<T> {
  label: string;
  values: readonly T[];
  shown: T;
  words(value: T): ReactNode;
  onShow(value: T): void;
}

export function SectionTabs<T extends string>({ label, values, shown, words, onShow }: Props<T>) {
  return (
    <div className={css.sections} role="group" aria-label={label}>
      {values.map((value) => (
        <button key={value} type="button" aria-pressed={value === shown} onClick={() => onShow(value)}>
          {words(value)}
        </button>
      ))}
    </div>
  );
}
