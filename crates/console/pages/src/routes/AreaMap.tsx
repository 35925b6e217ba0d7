// The map on which an area is drawn, with the devices as dots to know the place by.
import "leaflet/dist/leaflet.css";
import { useEffect, useMemo, useRef } from "react";
import { bestPosition } from "../domain/position";
import { type ConditionDraft, cornersText, typedCorners, typedNumber } from "../domain/routes";
import { useLive } from "../live/store";
import { AreaView, type Drawn } from "../map/areaView";
import map from "../map/map.module.css";
import { useTiles } from "../map/useTiles";
import { t } from "../text/text";

type AreaDraft = Extract<ConditionDraft, { type: "area" }>;

interface Props {
  area: AreaDraft;
  onChange(change: Partial<AreaDraft>): void;
}

function drawnOf({ shape, latitude, longitude, radius, corners }: AreaDraft): Drawn {
  if (shape === "polygon") return { shape, corners: typedCorners(corners) ?? [] };
  const far = typedNumber(radius);
  return {
    shape,
    latitude: typedNumber(latitude),
    longitude: typedNumber(longitude),
    radius_m: far === null ? null : far * 1000,
  };
}

export default function AreaMap({ area, onChange }: Props) {
  const element = useRef<HTMLDivElement>(null);
  const view = useRef<AreaView | null>(null);
  const latest = useRef(onChange);
  latest.current = onChange;
  const tiles = useTiles();
  const modems = useLive((live) => live.modems);
  const points = useMemo(
    () =>
      [...modems.values()].flatMap((modem): [number, number][] => {
        const at = bestPosition(modem);
        return at === null ? [] : [[at.latitude, at.longitude]];
      }),
    [modems],
  );
  const { shape, latitude, longitude, radius, corners } = area;
  const drawn = useMemo(
    () => drawnOf({ shape, latitude, longitude, radius, corners } as AreaDraft),
    [shape, latitude, longitude, radius, corners],
  );
  const first = useRef({ drawn, points });
  first.current = { drawn, points };

  useEffect(() => {
    if (element.current === null) return;
    const made = new AreaView(element.current, tiles, {
      onMiddle: (lat, lon, metres) => {
        const middle = { latitude: String(lat), longitude: String(lon) };
        latest.current(metres === null ? middle : { ...middle, radius: String(metres / 1000) });
      },
      onRadius: (metres) => latest.current({ radius: String(metres / 1000) }),
      onCorners: (all) => latest.current({ corners: cornersText(all) }),
    });
    view.current = made;
    made.show(first.current.drawn);
    made.showDevices(first.current.points);
    return () => {
      view.current = null;
      made.destroy();
    };
  }, [tiles]);
  useEffect(() => view.current?.show(drawn), [drawn]);
  useEffect(() => view.current?.showDevices(points), [points]);

  return (
    <>
      <div ref={element} className={map.map} role="application" aria-label={t("route.map")} />
      <div className={map.tools}>
        <button type="button" onClick={() => view.current?.fit()}>
          {t("route.map_fit")}
        </button>
      </div>
    </>
  );
}
