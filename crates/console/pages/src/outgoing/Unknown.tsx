// Messages whose outcome nobody knows: first of all, each with its three decisions.
import { Button } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { Link } from "react-router";
import type { Mt } from "../api/types";
import { orderWords } from "../domain/orders";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import css from "./outgoing.module.css";
import { Decide } from "./Settle";

interface Props {
  mts: Mt[];
  names: Map<string, string>;
  current: string | null;
  onOpen(id: string): void;
}

/** As many as a person decides in one go. */
const SHOWN = 4;

export function Unknown({ mts, names, current, onOpen }: Props) {
  const [all, setAll] = useState(false);
  const at = mts.findIndex((mt) => mt.id === current);
  const list = useRef<HTMLUListElement>(null);
  useEffect(() => {
    if (at >= 0) list.current?.children[at]?.scrollIntoView({ block: "nearest" });
  }, [at]);
  if (mts.length === 0) return null;
  const shown = all || at >= SHOWN ? mts : mts.slice(0, SHOWN);
  return (
    <section className={css.unknown} aria-label={t("unknown.title", { n: mts.length })}>
      <h2>
        <StateMark state="problem" /> {t("unknown.title", { n: mts.length })}
      </h2>
      <p className={css.how}>{t("unknown.how")}</p>
      <ul ref={list}>
        {shown.map((mt) => (
          <li key={mt.id} data-current={mt.id === current}>
            <p className={css.unknownHead}>
              <Link className="link" to={`/?device=${mt.modem_id}`}>
                {names.get(mt.modem_id) ?? mt.imei}
              </Link>
              <b>{orderWords(mt.order)}</b>
              <span className="quiet">
                {mt.account} · {t("credits", { n: mt.credits })} · <Ago at={mt.state_since} />
              </span>
              <button type="button" className={css.details} onClick={() => onOpen(mt.id)}>
                {t("unknown.open")}
              </button>
            </p>
            <p>
              <Sentence text={mt.cause} />
            </p>
            <Decide mt={mt} />
          </li>
        ))}
      </ul>
      {shown.length < mts.length && (
        <Button variant="default" onClick={() => setAll(true)}>
          {t("unknown.more", { n: mts.length })}
        </Button>
      )}
    </section>
  );
}
