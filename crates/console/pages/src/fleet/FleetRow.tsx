// One device as a row.
import { type MouseEvent, memo } from "react";
import { imeiTail, nameOf, type Row } from "../domain/fleet";
import { bestPosition } from "../domain/position";
import { volts } from "../domain/units";
import { t } from "../text/text";
import { Ago } from "../ui/Ago";
import { PositionMark } from "../ui/PositionMark";
import { StateMark } from "../ui/StateMark";
import css from "./fleet.module.css";

interface Props {
  row: Row;
  picked: boolean;
  onPick(id: string, extend: boolean): void;
}

/** A box to check, in the place of the mark; `x` does it for the current row, which says whether it is checked. */
function PickBox({ row: { modem }, picked, onPick }: Props) {
  const pick = (event: MouseEvent) => {
    event.stopPropagation();
    onPick(modem.id, event.shiftKey);
  };
  return (
    <span className={css.pick} onClick={pick} aria-hidden="true" title={t("pick.one", { name: nameOf(modem) })}>
      <svg width="16" height="16" viewBox="0 0 16 16" aria-hidden="true">
        <rect x="1" y="1" width="14" height="14" rx="3" />
        {picked && <path d="M4.2 8.2l2.6 2.6l5-5.4" />}
      </svg>
    </span>
  );
}

export const FleetRow = memo(function FleetRow(props: Props) {
  const { modem, state } = props.row;
  const position = bestPosition(modem);
  return (
    <div className={css.cells} data-picked={props.picked}>
      <span className={css.mark}>
        <StateMark state={state} />
        <PickBox {...props} />
      </span>
      <span className={css.name} title={modem.device ? `${modem.device.name} · ${modem.imei}` : nameOf(modem)}>
        {nameOf(modem)}
        {modem.device && <small>{imeiTail(modem.imei)}</small>}
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
});
