// The values behind map and plots as a table, newest first; only the rows in sight are drawn.
import { useVirtualizer } from "@tanstack/react-virtual";
import { useRef } from "react";
import { coordinates } from "../domain/coordinates";
import type { Told } from "../domain/readings";
import { exact, zoneName } from "../domain/time";
import { placeOf } from "../domain/track";
import { radius, speed, volts } from "../domain/units";
import { t } from "../text/text";
import list from "../ui/list.module.css";
import { usePreferences } from "../ui/preferences";
import css from "./devicepage.module.css";
import type { Moment } from "./moment";

const ROW = 32;

export function ReadingsTable({ told, moment }: { told: Told[]; moment: Moment }) {
  const scroller = useRef<HTMLDivElement>(null);
  const { zone, coordinates: style, speed: unit } = usePreferences();
  const rows = useVirtualizer({
    count: told.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 12,
  });
  const end = told.at(-1)?.at ?? 0;
  const cells = ({ at, reading }: Told) => {
    const place = placeOf(reading);
    return [
      exact(at, zone).slice(0, 19),
      reading.battery_v === null ? "–" : volts(reading.battery_v),
      reading.interval_s === null ? "–" : String(Math.round(reading.interval_s / 6) / 10),
      reading.speed_m_s === null ? "–" : speed(reading.speed_m_s, unit),
      place === null
        ? t("moment.no_place")
        : `${coordinates(place.latitude, place.longitude, style)}${place.accuracy_m === null ? "" : ` ${radius(place.accuracy_m)}`}`,
    ];
  };
  const heads = [
    t("plot.time", { zone: zoneName(end, zone) }),
    t("plot.battery"),
    t("plot.interval"),
    t("plot.speed", { unit: t(`unit.${unit}`) }),
    t("plot.place"),
  ];
  return (
    <div role="table" aria-label={t("plot.table")} aria-rowcount={told.length + 1} className={css.table}>
      <div role="rowgroup">
        <div role="row" aria-rowindex={1} className={`${css.cells} ${list.head}`}>
          {heads.map((head) => (
            <span key={head} role="columnheader">
              {head}
            </span>
          ))}
        </div>
      </div>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: the keyboard scrolls it */}
      <div ref={scroller} role="rowgroup" className={css.tableRows} tabIndex={0}>
        <div role="presentation" style={{ height: rows.getTotalSize(), position: "relative" }}>
          {rows.getVirtualItems().map(({ key, index, start }) => {
            const one = told[told.length - 1 - index] as Told;
            return (
              // biome-ignore lint/a11y/useKeyWithClickEvents: the slider takes the keys
              <div
                key={key}
                role="row"
                aria-rowindex={index + 2}
                className={`${css.cells} ${list.row}`}
                style={{ height: ROW, transform: `translateY(${start}px)` }}
                onClick={() => moment.choose(one.at >= end ? null : one.at)}
              >
                {cells(one).map((cell, i) => (
                  <span key={i} role="cell">
                    {cell}
                  </span>
                ))}
              </div>
            );
          })}
        </div>
      </div>
    </div>
  );
}
