// What came in at the webhook: the last push, the last one held back, the last one refused.
import { Link } from "react-router";
import type { FirstRun } from "../api/types";
import { TEST_IMEI } from "../domain/welcome";
import { t } from "../text/text";
import { AgoExact } from "../ui/Ago";
import { Copyable } from "../ui/Copyable";
import { Fact, Facts } from "../ui/Facts";
import { Sentence } from "../ui/Sentence";
import css from "./welcome.module.css";

export function CameIn({ seen }: { seen: FirstRun }) {
  const { last_push: push, last_held: held, last_refusal: refusal } = seen;
  return (
    <Facts>
      <Fact name={t("welcome.push")} why={t("welcome.push_none")}>
        {push && (
          <div className={css.came}>
            <AgoExact at={push.at} />
            <span>{push.imei === TEST_IMEI ? t("welcome.push_test") : <Copyable text={push.imei} />}</span>
            <span>
              {t("welcome.push_state", {
                state: t(`message.state.${push.state}`),
                trust: t(`trust.${push.trust}`).toLowerCase(),
              })}
            </span>
            <Link className="link" to={`/messages?message=${push.message_id}`}>
              {t("welcome.push_open")}
            </Link>
          </div>
        )}
      </Fact>
      <Fact name={t("welcome.held")} why={t("welcome.held_none")}>
        {held && (
          <div className={css.came}>
            <AgoExact at={held.at} />
            {held.imei && (
              <span>
                <Copyable text={held.imei} />
              </span>
            )}
            <p>
              <Sentence text={held.reason} />
            </p>
            <Link className="link" to="/problems">
              {t("welcome.held_open")}
            </Link>
          </div>
        )}
      </Fact>
      <Fact name={t("welcome.refusal")} why={t("welcome.refusal_none")}>
        {refusal && (
          <div className={css.came}>
            <AgoExact at={refusal.at} />
            <p>
              <Sentence text={refusal.reason} />
            </p>
            <span className="quiet">{t("welcome.refusal_status", { status: String(refusal.status) })}</span>
          </div>
        )}
      </Fact>
    </Facts>
  );
}
