// What waits to be handled: here, on the broker, and in the intake's journal.
import type { System } from "../api/soon/system";
import { looks } from "../domain/system";
import { span } from "../domain/time";
import { t, tWord } from "../text/text";
import { Section } from "../ui/Page";
import { Sentence } from "../ui/Sentence";
import css from "./system.module.css";

/** The intake says of its journal how much of it the store does not have yet. */
const JOURNAL = "intake journal";

export function Queues({ system }: { system: System }) {
  const broker = system.queues.some((queue) => queue.on_broker !== null);
  const journals = system.services.flatMap(looks).filter((check) => check.name === JOURNAL);
  return (
    <Section title={t("system.queues")}>
      {system.queues.length === 0 ? (
        <p className="quiet">{t("system.no_queues")}</p>
      ) : (
        <table className={css.table}>
          <thead>
            <tr>
              <th>{t("system.queue")}</th>
              <th className={css.number}>{t("system.waiting")}</th>
              {broker && <th className={css.number}>{t("system.on_broker")}</th>}
              <th className={css.number}>{t("system.oldest")}</th>
            </tr>
          </thead>
          <tbody>
            {system.queues.map(({ name, waiting, on_broker, oldest_age_s }) => (
              <tr key={name}>
                <td>
                  {name} <span className={`quiet ${css.wide}`}>· {tWord("system.queue_is", name)}</span>
                </td>
                <td className={css.number}>{waiting.toLocaleString("en")}</td>
                {broker && <td className={css.number}>{on_broker?.toLocaleString("en") ?? "–"}</td>}
                <td className={css.number}>{waiting === 0 ? "–" : span(oldest_age_s)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {journals.map((check, i) => (
        <p key={i} className="quiet">
          {t("system.journal")}: <Sentence text={check.reason} />
        </p>
      ))}
    </Section>
  );
}
