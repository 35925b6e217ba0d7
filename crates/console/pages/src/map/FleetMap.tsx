// The map as a React component: gives the view its devices and hands on what the person does.
import "leaflet/dist/leaflet.css";
import { useEffect, useRef } from "react";
import type { Position } from "../api/types";
import type { Row } from "../domain/fleet";
import { t } from "../text/text";
import css from "./map.module.css";
import { MapView } from "./view";

interface Props {
  rows: Row[];
  selected: string | null;
  track: Position[];
  view: string | null;
  onSelect(id: string | null): void;
  onView(view: string): void;
}

export default function FleetMap(props: Props) {
  const element = useRef<HTMLDivElement>(null);
  const map = useRef<MapView | null>(null);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    if (element.current === null) return;
    const made = new MapView(element.current, latest.current.view, {
      onSelect: (id) => latest.current.onSelect(id),
      onView: (view) => latest.current.onView(view),
    });
    map.current = made;
    return () => {
      map.current = null;
      made.destroy();
    };
  }, []);
  useEffect(() => map.current?.show(props.rows, props.selected), [props.rows, props.selected]);
  useEffect(() => map.current?.showTrack(props.track), [props.track]);

  return (
    <>
      <div ref={element} className={css.map} role="application" aria-label={t("map.label")} />
      <div className={css.tools}>
        {props.rows.length > 0 && (
          <button type="button" onClick={() => map.current?.fitAll()}>
            {t("map.fit_all")}
          </button>
        )}
        {props.track.length > 1 && (
          <button
            type="button"
            title={t("map.track", { n: props.track.length })}
            onClick={() => map.current?.fitTrack()}
          >
            {t("map.fit_track")}
          </button>
        )}
      </div>
    </>
  );
}
