// A few values side by side, one of them chosen.
import type { ReactNode } from "react";
import css from "./form.module.css";

interface Props<T> {
  label: string;
  values: readonly T[];
  chosen: T | null;
  words(value: T): ReactNode;
  onChoose(value: T): void;
}

export function Choices<T extends string | number | boolean>({ label, values, chosen, words, onChoose }: Props<T>) {
  return (
    <div className={css.choices} role="group" aria-label={label}>
      {values.map((value) => (
        <button key={String(value)} type="button" aria-pressed={value === chosen} onClick={() => onChoose(value)}>
          {words(value)}
        </button>
      ))}
    </div>
  );
}
