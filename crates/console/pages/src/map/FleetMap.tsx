// The map as a React component: gives the view its devices and hands on what the person does.
import "leaflet/dist/leaflet.css";
import { useEffect, useRef } from "react";
import type { Row } from "../domain/fleet";
import { t } from "../text/text";
import css from "./map.module.css";
import type { Trail } from "./track";
import { useTiles } from "./useTiles";
import { MapView } from "./view";

interface Props {
  rows: Row[];
  /** The device that is open, or those that were selected together. */
  chosen: readonly string[];
  trails: Trail[];
  view: string | null;
  /** Another number is another wish to see all that was chosen. */
  fitted: number;
  onSelect(id: string | null): void;
  onView(view: string): void;
}

export default function FleetMap(props: Props) {
  const element = useRef<HTMLDivElement>(null);
  const map = useRef<MapView | null>(null);
  const latest = useRef(props);
  latest.current = props;
  const tiles = useTiles();

  useEffect(() => {
    if (element.current === null) return;
    const made = new MapView(element.current, latest.current.view, tiles, {
      onSelect: (id) => latest.current.onSelect(id),
      onView: (view) => latest.current.onView(view),
    });
    map.current = made;
    made.show(latest.current.rows, latest.current.chosen);
    made.showTrails(latest.current.trails);
    return () => {
      map.current = null;
      made.destroy();
    };
  }, [tiles]);
  useEffect(() => map.current?.show(props.rows, props.chosen), [props.rows, props.chosen]);
  useEffect(() => map.current?.showTrails(props.trails), [props.trails]);
  useEffect(() => {
    if (props.fitted > 0) map.current?.fitTrails();
  }, [props.fitted]);

  const places = props.trails.reduce((sum, { points }) => sum + points.length, 0);
  return (
    <>
      <div ref={element} className={css.map} role="application" aria-label={t("map.label")} />
      <div className={css.tools}>
        {props.rows.length > 0 && (
          <button type="button" onClick={() => map.current?.fitAll()}>
            {t("map.fit_all")}
          </button>
        )}
        {props.trails.length === 1 && places > 1 && (
          <button type="button" title={t("map.track", { n: places })} onClick={() => map.current?.fitTrails()}>
            {t("map.fit_track")}
          </button>
        )}
      </div>
    </>
  );
}
