// The device's map as a React component, with the legend of its colours.
import "leaflet/dist/leaflet.css";
import { useEffect, useRef } from "react";
import type { Modem } from "../api/types";
import { standingAt } from "../domain/readings";
import { rhythm } from "../domain/rhythm";
import type { SpeedScale, TrackPoint } from "../domain/track";
import { useNow } from "../live/store";
import { JourneyView } from "../map/journeyView";
import map from "../map/map.module.css";
import { useTiles } from "../map/useTiles";
import { t } from "../text/text";
import { useAddress } from "../ui/useAddress";
import css from "./devicepage.module.css";
import type { Moment } from "./moment";

interface Props {
  modem: Modem;
  points: TrackPoint[];
  scale: SpeedScale | null;
  moment: Moment;
}

function Legend({ scale }: { scale: SpeedScale }) {
  return (
    <div className={map.legend}>
      {t("track.legend", { unit: t(`unit.${scale.unit}`) })}
      <div className={map.classes}>
        {[0, ...scale.limits].map((limit, i) => (
          <i key={limit} style={{ background: `var(--speed-${i + 1})` }} />
        ))}
        {[0, ...scale.limits].map((limit) => (
          <span key={limit}>{limit}</span>
        ))}
      </div>
    </div>
  );
}

export function JourneyMap({ modem, points, scale, moment }: Props) {
  const [search, change] = useAddress();
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<JourneyView | null>(null);
  const latest = useRef({ points, scale, moment, change, asked: search.get("map") });
  latest.current = { points, scale, moment, change, asked: search.get("map") };
  const tiles = useTiles();
  const now = useNow();
  const state = rhythm(modem, now);

  useEffect(() => {
    if (element.current === null) return;
    const made = new JourneyView(element.current, latest.current.asked, tiles, {
      onView: (to) => latest.current.change({ map: to }, true),
      onHover: (at) => latest.current.moment.point(at),
      onPick: (at) => latest.current.moment.choose(at),
    });
    view.current = made;
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [tiles]);
  useEffect(() => view.current?.showDevice({ modem, state }), [modem, state]);
  useEffect(() => {
    const { moment } = latest.current;
    const mark = () => {
      const at = moment.shown;
      view.current?.mark(at === null ? null : (points[standingAt(points, at)] ?? null));
    };
    view.current?.showJourney(points, scale);
    mark();
    return moment.subscribe(mark);
  }, [points, scale]);

  return (
    <section className={css.map} aria-label={t("map.title")}>
      <div ref={element} className={map.map} role="application" aria-label={t("track.label")} />
      <div className={map.tools}>
        {points.length > 1 && (
          <button type="button" onClick={() => view.current?.fit()}>
            {t("track.fit")}
          </button>
        )}
      </div>
      {scale && <Legend scale={scale} />}
    </section>
  );
}
