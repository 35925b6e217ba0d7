// Where everything is, and what is not as it should be: list, map and detail side by side.
import { Button } from "@mantine/core";
import { IconMap2 } from "@tabler/icons-react";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import * as calls from "../api/calls";
import { FLEET_FILTERS, type FleetFilter, filterRows, fleetCounts, fleetRows, heldOrder } from "../domain/fleet";
import { trackPoints } from "../domain/position";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import { useAddress } from "../ui/useAddress";
import { useListKeys } from "../ui/useListKeys";
import { useNarrow } from "../ui/useNarrow";
import { DevicePanel } from "./DevicePanel";
import { FleetList } from "./FleetList";
import css from "./fleet.module.css";
import { MapFrame } from "./MapFrame";

/** How far back a track goes from the newest place. */
const TRACK_MS = 7 * 24 * 60 * 60_000;

const FleetMap = lazy(() => import("../map/FleetMap"));

export function FleetPage() {
  const [search, change] = useAddress();
  const modems = useLive((live) => live.modems);
  const waiting = useLive((live) => live.clock === null || (live.epoch === 0 && live.modems.size === 0));
  const more = useLive((live) => live.moreModems);
  const now = useNow();
  const narrow = useNarrow();
  const [pointing, setPointing] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [cursor, setCursor] = useState<string | null>(null);
  const order = useRef<string[]>([]);

  const device = search.get("device");
  const [text, setText] = useState(search.get("q") ?? "");
  const written = useRef(text);
  const asked = search.get("q") ?? "";
  useEffect(() => {
    // The address changed by a link or by going back, not by typing.
    if (asked === written.current) return;
    written.current = asked;
    setText(asked);
  }, [asked]);
  const find = (q: string) => {
    written.current = q;
    setText(q);
    change({ q }, true);
  };
  const filter = FLEET_FILTERS.find((f) => f === search.get("state")) ?? "all";

  const all = useMemo(() => fleetRows(modems.values(), now), [modems, now]);
  const counts = useMemo(() => fleetCounts(all), [all]);
  const rows = useMemo(() => {
    const ordered = pointing ? heldOrder(order.current, all) : all;
    order.current = ordered.map((row) => row.modem.id);
    return filterRows(ordered, text, filter);
  }, [all, pointing, text, filter]);

  const open = useCallback(
    (id: string) => {
      setCursor(id);
      change({ device: id });
    },
    [change],
  );
  const close = useCallback(() => change({ device: null }), [change]);
  const current = device ?? cursor;
  useListKeys({
    ids: useMemo(() => rows.map((row) => row.modem.id), [rows]),
    current,
    move: (id) => {
      setCursor(id);
      if (device !== null) change({ device: id }, true);
    },
    open,
    back: () => (sheet ? setSheet(false) : device !== null ? close() : setCursor(null)),
  });

  const chosen = device === null ? undefined : modems.get(device);
  const newest = chosen?.fix ?? chosen?.estimate;
  const track = useQuery({
    queryKey: ["track", device, newest?.message_id],
    queryFn: () => calls.track(device ?? "", new Date(Date.parse(newest?.at ?? "") - TRACK_MS).toISOString()),
    enabled: device !== null && newest !== undefined && newest !== null,
    placeholderData: (old, query) => (query?.queryKey[1] === device ? keepPreviousData(old) : undefined),
  });
  const points = useMemo(() => (device === null ? [] : trackPoints(track.data ?? [])), [track.data, device]);

  const map = (
    <MapFrame onClose={narrow ? () => setSheet(false) : undefined}>
      <Suspense fallback={<div className={css.mapWaiting}>{t("map.loading")}</div>}>
        <FleetMap
          rows={rows}
          selected={device}
          track={points}
          view={search.get("map")}
          onSelect={(id) => (id === null ? close() : open(id))}
          onView={(view) => change({ map: view }, true)}
        />
      </Suspense>
    </MapFrame>
  );

  return (
    <>
      <FleetList
        rows={rows}
        counts={counts}
        waiting={waiting}
        more={more}
        text={text}
        filter={filter}
        current={current}
        onText={find}
        onFilter={(f: FleetFilter) => change({ state: f === "all" ? null : f }, true)}
        onOpen={open}
        onHover={setPointing}
      />
      {(!narrow || sheet) && map}
      {narrow && !sheet && device === null && (
        <Button className={css.mapButton} leftSection={<IconMap2 size={18} />} size="md" onClick={() => setSheet(true)}>
          {t("map.open")}
        </Button>
      )}
      {device !== null && !(narrow && sheet) && (
        <DevicePanel
          id={device}
          modem={chosen}
          waiting={waiting}
          onClose={close}
          onMap={narrow ? () => setSheet(true) : undefined}
        />
      )}
    </>
  );
}
