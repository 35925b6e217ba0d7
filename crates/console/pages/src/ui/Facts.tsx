// Names and values in two columns; an absent value is a dash with the reason beside it.
import type { ReactNode } from "react";
import { t } from "../text/text";
import css from "./facts.module.css";

export function Facts({ children }: { children: ReactNode }) {
  return <dl className={css.facts}>{children}</dl>;
}

export function Fact({ name, children, why }: { name: string; children?: ReactNode; why?: string }) {
  const absent = children === null || children === undefined || children === false || children === "";
  return (
    <>
      <dt>{name}</dt>
      <dd>{absent ? <span className={css.absent}>{why ?? t("value.absent")}</span> : children}</dd>
    </>
  );
}

/** A titled part of a panel. */
export function Part({ title, aside, children }: { title: string; aside?: ReactNode; children: ReactNode }) {
  return (
    <section className={css.part}>
      <h3>
        {title}
        {aside && <span className={css.aside}>{aside}</span>}
      </h3>
      {children}
    </section>
  );
}
