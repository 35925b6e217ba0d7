// What a device was told last, live: how far each has come and why, and the way to call it off while it waits.
import { Link } from "react-router";
import type { Modem } from "../api/types";
import { orderWords } from "../domain/orders";
import { CallOff } from "../outgoing/Settle";
import { StepLine } from "../outgoing/StepLine";
import { useOutgoing } from "../outgoing/useOutgoing";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { ErrorNote } from "../ui/ErrorNote";
import { Sentence } from "../ui/Sentence";
import css from "./tell.module.css";

const SHOWN = 3;

/** `failing`: what it can be told could not be read, and an error says so already. */
export function LastTold({ modem, failing }: { modem: Modem; failing: boolean }) {
  const { asked, mts } = useOutgoing({ modem_id: modem.id }, SHOWN);
  if (asked.error && mts.length === 0) {
    return failing ? null : <ErrorNote error={asked.error} retry={() => void asked.refetch()} />;
  }
  if (mts.length === 0) return asked.isPending ? null : <p className="quiet">{t("tell.none")}</p>;
  return (
    <ul className={css.last} aria-label={t("tell.last")}>
      {mts.slice(0, SHOWN).map((mt) => (
        <li key={mt.id}>
          <p className={css.lastHead}>
            <Link className={css.words} to={`/outgoing?device=${modem.id}&mt=${mt.id}`}>
              {orderWords(mt.order)}
            </Link>
            <span className="quiet">
              <Ago at={mt.created_at} />
            </span>
          </p>
          <StepLine mt={mt} />
          <p className="quiet">
            <Sentence text={mt.cause} />
          </p>
          {mt.state === "unknown" && (
            <Link className="link" to={`/outgoing?device=${modem.id}&mt=${mt.id}`}>
              {t("tell.decide")}
            </Link>
          )}
          <CallOff mt={mt} />
        </li>
      ))}
    </ul>
  );
}
