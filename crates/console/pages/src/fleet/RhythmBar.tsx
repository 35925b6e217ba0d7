// A device against its own rhythm: last message, expected, late, silent, and where now stands.
import type { Modem } from "../api/types";
import { rhythm, rhythmScale } from "../domain/rhythm";
import { clock, rounded, span } from "../domain/time";
import { useNow } from "../live/store";
import { t, tWord } from "../text/text";
import { Ago } from "../ui/Ago";
import { usePreferences } from "../ui/preferences";
import { StateMark } from "../ui/StateMark";
import css from "./device.module.css";

function sentence(modem: Modem, now: number, at: (time: string) => string): string {
  const { expected_at, late_at } = modem;
  const state = rhythm(modem, now);
  if (state === "never") return t("rhythm.never");
  if (expected_at === null) return t("rhythm.none");
  const over = (now - Date.parse(expected_at)) / 1000;
  if (over < 0) return t("rhythm.expected", { at: at(expected_at), span: span(-over) });
  if (state === "ok" && late_at !== null) return t("rhythm.due", { at: at(expected_at), late: at(late_at) });
  return t("rhythm.overdue", { at: at(expected_at), span: span(over) });
}

export function RhythmBar({ modem }: { modem: Modem }) {
  const now = useNow();
  const { zone } = usePreferences();
  const state = rhythm(modem, now);
  const scale = rhythmScale(modem, now);
  const percent = (part: number) => `${(part * 100).toFixed(2)}%`;
  return (
    <section className={css.rhythm}>
      <p className={css.headline}>
        <StateMark state={state} size={14} />
        <b>{t(`state.${state}`)}</b>
        <span className="quiet">
          {modem.last_seen_at ? (
            <>
              {t("rhythm.seen")} <Ago at={modem.last_seen_at} />
            </>
          ) : (
            t("rhythm.never_seen")
          )}
        </span>
      </p>
      {scale && (
        <div className={css.bar} aria-hidden="true">
          <span className={css.on} style={{ left: 0, width: percent(scale.late) }} />
          <span className={css.late} style={{ left: percent(scale.late), width: percent(scale.silent - scale.late) }} />
          <span className={css.silent} style={{ left: percent(scale.silent), right: 0 }} />
          <i style={{ left: percent(scale.expected) }} title={t("rhythm.tick")} />
          <b style={{ left: percent(scale.now) }} />
        </div>
      )}
      <p>{sentence(modem, now, (time) => clock(time, now, zone))}</p>
      {state !== "never" && (
        <p className="quiet">
          {t("rhythm.interval", { span: rounded(modem.interval_s), source: tWord("interval", modem.interval_source) })}
        </p>
      )}
    </section>
  );
}
