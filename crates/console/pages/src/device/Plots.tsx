// Battery, interval and speed over the range, under one line that marks the moment; a pointer or finger moves it.
import { memo, type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { Reading } from "../api/soon/device";
import { zoneOffset } from "../domain/range";
import { series, standingAt, type Told } from "../domain/readings";
import { inUnit, speed, volts } from "../domain/units";
import { t } from "../text/text";
import { usePreferences } from "../ui/preferences";
import css from "./devicepage.module.css";
import { type Moment, useMomentValue, useShown } from "./moment";
import { INSET, Plot } from "./plot";

interface Props {
  told: Told[];
  silent: boolean[];
  range: [number, number];
  moment: Moment;
}

interface Value {
  name: string;
  stepped: boolean;
  of: (reading: Reading) => number | null;
  words: (reading: Reading) => string | null;
}

const HEIGHT = 66;
/** So far back a value that a message does not tell is taken from one before it. */
const LOOKED_BACK = 20;

function useValues(): Value[] {
  const { speed: unit } = usePreferences();
  return useMemo(
    () => [
      {
        name: t("plot.battery"),
        stepped: false,
        of: (reading) => reading.battery_v,
        words: ({ battery_v }) => (battery_v === null ? null : volts(battery_v)),
      },
      {
        name: t("plot.interval"),
        stepped: true,
        of: ({ interval_s }) => (interval_s === null ? null : interval_s / 60),
        words: ({ interval_s }) => (interval_s === null ? null : String(Math.round(interval_s / 6) / 10)),
      },
      {
        name: t("plot.speed", { unit: t(`unit.${unit}`) }),
        stepped: false,
        of: ({ speed_m_s }) => (speed_m_s === null ? null : inUnit(speed_m_s, unit)),
        words: ({ speed_m_s }) => (speed_m_s === null ? null : speed(speed_m_s, unit)),
      },
    ],
    [unit],
  );
}

function ValueAt({ told, value, moment }: { told: Told[]; value: Value; moment: Moment }) {
  const words = useMomentValue(moment, ({ shown }) => {
    const standing = shown === null ? told.length - 1 : standingAt(told, shown);
    for (const { reading } of told.slice(Math.max(0, standing - LOOKED_BACK), standing + 1).reverse()) {
      const words = value.words(reading);
      if (words !== null) return words;
    }
    return "–";
  });
  return <b>{words}</b>;
}

function OnePlot({ value, last, told, silent, range, moment }: Props & { value: Value; last: boolean }) {
  const element = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const { zone } = usePreferences();
  const offset = zoneOffset(range[1], zone) / 1000;
  const data = useMemo(() => {
    const [seconds, values] = series(told, silent, value.of);
    return { seconds, values };
  }, [told, silent, value]);
  const seconds = useMemo<[number, number]>(() => [range[0] / 1000, range[1] / 1000], [range]);
  const { stepped } = value;
  const none = data.seconds.length === 0;

  useEffect(() => {
    const host = element.current;
    if (host === null || none) return;
    const made = new Plot(host, { height: HEIGHT, times: last, stepped, offset });
    plot.current = made;
    const sized = new ResizeObserver(() => made.resize(host.clientWidth));
    sized.observe(host);
    const scheme = new MutationObserver(() => made.redraw());
    scheme.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    return () => {
      sized.disconnect();
      scheme.disconnect();
      plot.current = null;
      made.destroy();
    };
  }, [none, last, stepped, offset]);
  useEffect(() => plot.current?.show(data, seconds), [data, seconds, none, last, stepped, offset]);

  return (
    <div className={css.plot}>
      <p>
        {value.name} <ValueAt told={told} value={value} moment={moment} />
      </p>
      {none ? <p className={css.plotNone}>{t("plot.none")}</p> : <div ref={element} />}
    </div>
  );
}

/** The line over all plots, and the place that takes the pointer for them. */
function Pointing({ told, range, moment }: Omit<Props, "silent">) {
  const shown = useShown(moment);
  const [start, end] = range;
  const at = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    return Math.round(start + ((end - start) * Math.min(width, Math.max(0, event.clientX - left))) / width);
  };
  const choose = (event: PointerEvent<HTMLDivElement>) => {
    const moved = at(event);
    moment.choose(moved >= (told.at(-1)?.at ?? end) ? null : moved);
  };
  return (
    <div
      className={css.pointing}
      style={{ left: INSET.left, right: INSET.right }}
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        choose(event);
      }}
      onPointerMove={(event) => (event.buttons > 0 ? choose(event) : moment.point(at(event)))}
      onPointerLeave={() => moment.point(null)}
    >
      {shown !== null && shown >= start && (
        <i style={{ transform: `translateX(${((shown - start) / (end - start)) * 100}%)` }} />
      )}
    </div>
  );
}

export const Plots = memo(function Plots({ told, silent, range, moment }: Props) {
  const values = useValues();
  return (
    <section className={css.plots} aria-label={t("plot.label")}>
      {values.map((value, i) => (
        <OnePlot
          key={value.name}
          value={value}
          last={i === values.length - 1}
          told={told}
          silent={silent}
          range={range}
          moment={moment}
        />
      ))}
      <Pointing told={told} range={range} moment={moment} />
    </section>
  );
});
