// One device as a row.
import { nameOf, type Row } from "../domain/fleet";
import { bestPosition } from "../domain/position";
import { volts } from "../domain/units";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { PositionMark } from "../ui/PositionMark";
import { StateMark } from "../ui/StateMark";
import css from "./fleet.module.css";

export function FleetRow({ row: { modem, state } }: { row: Row }) {
  const position = bestPosition(modem);
  return (
    <div className={css.cells}>
      <StateMark state={state} />
      <span className={css.name} title={nameOf(modem)}>
        {nameOf(modem)}
      </span>
      <span className={css.state}>{t(`state.${state}`)}</span>
      <span className={`${css.number} ${css.seen}`}>{modem.last_seen_at ? <Ago at={modem.last_seen_at} /> : "–"}</span>
      <span className={`${css.number} ${modem.battery_v === null ? "" : css.battery}`}>
        {modem.battery_v === null ? "–" : volts(modem.battery_v)}
      </span>
      <span className={css.middle}>
        <PositionMark kind={position?.source ?? null} />
      </span>
      <span className={css.problems}>
        {modem.open_problems > 0 && (
          <span title={t("fleet.problems", { n: modem.open_problems })}>
            <StateMark state="problem" size={10} /> {modem.open_problems}
            <span className="hidden">{t("fleet.problems", { n: modem.open_problems })}</span>
          </span>
        )}
      </span>
    </div>
  );
}
