// One message to a device as a row: when it was asked for, whom, what, how far it has come and why.
import type { Mt } from "../api/types";
import { orderWords } from "../domain/orders";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import list from "../ui/list.module.css";
import { Sentence } from "../ui/Sentence";
import { MtMark } from "../ui/StateMark";
import css from "./outgoing.module.css";

export function OutgoingHead() {
  return (
    <div className={`${css.cells} ${list.head}`}>
      <span className={css.time}>{t("outgoing.asked")}</span>
      <span>{t("outgoing.device")}</span>
      <span>{t("outgoing.told")}</span>
      <span className={css.state}>{t("outgoing.state")}</span>
      <span className={css.cause}>{t("outgoing.why")}</span>
      <span className={css.payer}>{t("outgoing.account")}</span>
      <span className={css.credits}>{t("outgoing.credits")}</span>
    </div>
  );
}

export function OutgoingRow({ mt, name }: { mt: Mt; name: string }) {
  const words = orderWords(mt.order);
  return (
    <div className={css.cells}>
      <span className={css.time}>
        <Ago at={mt.created_at} />
      </span>
      <span className={css.device} title={mt.imei}>
        {name}
      </span>
      <span className={css.told} title={words}>
        {words}
      </span>
      <span className={css.state}>
        <MtMark state={mt.state} /> {t(`outgoing.state.${mt.state}`)}
      </span>
      <span className={css.cause} title={mt.cause}>
        <Sentence text={mt.cause} />
      </span>
      <span className={css.payer}>{mt.account}</span>
      <span className={css.credits}>{mt.credits}</span>
    </div>
  );
}
