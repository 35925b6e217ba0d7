// What needs a person, each with what to do.
import type { Attention } from "../domain/system";
import { t } from "../text/text";
import { Sentence } from "../ui/Sentence";
import { StateMark } from "../ui/StateMark";
import css from "./system.module.css";

export function AttentionList({ found }: { found: Attention[] }) {
  return (
    <ul className={css.attention}>
      {found.map(({ grave, check, what, advice, where }) => (
        <li key={`${what} ${where.join()}`}>
          <StateMark state={grave ? "silent" : "late"} />
          <div>
            <p>
              {check && <b>{check}: </b>}
              <Sentence text={what} />
            </p>
            {advice && (
              <p className="quiet">
                {t("system.do")} <Sentence text={advice} />
              </p>
            )}
            {where.length > 0 && <p className="quiet">{t("system.at", { where: where.join(", ") })}</p>}
          </div>
        </li>
      ))}
    </ul>
  );
}
