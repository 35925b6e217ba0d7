// Where everything is, and what is not as it should be: list, map and detail side by side.
import { Button } from "@mantine/core";
import { IconMap2 } from "@tabler/icons-react";
import { lazy, type MouseEvent, Suspense, useCallback, useEffect, useMemo, useRef, useState } from "react";
import {
  FLEET_FILTERS,
  type FleetFilter,
  filterRows,
  fleetCounts,
  fleetRows,
  heldOrder,
  type Row,
} from "../domain/fleet";
import { useLive, useNow } from "../live/store";
import { t } from "../text/text";
import { useAddress } from "../ui/useAddress";
import { useListKeys } from "../ui/useListKeys";
import { useNarrow } from "../ui/useNarrow";
import { DevicePanel } from "./DevicePanel";
import { FleetList } from "./FleetList";
import css from "./fleet.module.css";
import { MapFrame } from "./MapFrame";
import { usePicked } from "./usePicked";
import { useTrails } from "./useTrails";

const FleetMap = lazy(() => import("../map/FleetMap"));
const PickBar = lazy(() => import("./PickBar"));

/** The text that is searched for, as typed, and in the address. */
function useSearchText(): [text: string, find: (q: string) => void] {
  const [search, change] = useAddress();
  const asked = search.get("q") ?? "";
  const [text, setText] = useState(asked);
  const written = useRef(text);
  useEffect(() => {
    // The address changed by a link or by going back, not by typing.
    if (asked === written.current) return;
    written.current = asked;
    setText(asked);
  }, [asked]);
  const find = useCallback(
    (q: string) => {
      written.current = q;
      setText(q);
      change({ q }, true);
    },
    [change],
  );
  return [text, find];
}

/** All rows in their order; held while a person points at them. */
function useRows(pointing: boolean): Row[] {
  const modems = useLive((live) => live.modems);
  const now = useNow();
  const sorted = useRef<Row[]>([]);
  const shown = useRef<string[]>([]);
  const all = useMemo(() => {
    sorted.current = fleetRows(modems.values(), now, sorted.current);
    return sorted.current;
  }, [modems, now]);
  return useMemo(() => {
    const ordered = pointing ? heldOrder(shown.current, all) : all;
    shown.current = ordered.map((row) => row.modem.id);
    return ordered;
  }, [all, pointing]);
}

export function FleetPage() {
  const [search, change] = useAddress();
  const waiting = useLive((live) => live.clock === null || (live.epoch === 0 && live.modems.size === 0));
  const more = useLive((live) => live.moreModems);
  const narrow = useNarrow();
  const [pointing, setPointing] = useState(false);
  const [sheet, setSheet] = useState(false);
  const [cursor, setCursor] = useState<string | null>(null);
  const [fitted, setFitted] = useState(0);
  const [text, find] = useSearchText();

  const device = search.get("device");
  const filter = FLEET_FILTERS.find((f) => f === search.get("state")) ?? "all";
  const all = useRows(pointing);
  const counts = useMemo(() => fleetCounts(all), [all]);
  const rows = useMemo(() => filterRows(all, text, filter), [all, text, filter]);
  const ids = useMemo(() => rows.map((row) => row.modem.id), [rows]);

  const current = device ?? cursor;
  const { picked, pick, clear } = usePicked(ids, current);
  const pickedSet = useMemo(() => new Set(picked), [picked]);
  const pickedRows = useMemo(() => all.filter((row) => pickedSet.has(row.modem.id)), [all, pickedSet]);
  const selecting = narrow && (picked.length > 0 || search.get("select") !== null);
  const chosen = useMemo(
    () => (device === null || pickedSet.has(device) ? picked : [device, ...picked]),
    [device, picked, pickedSet],
  );
  const trails = useTrails(chosen);

  const open = useCallback(
    (id: string) => {
      setCursor(id);
      change({ device: id });
    },
    [change],
  );
  const close = useCallback(() => change({ device: null }), [change]);
  const onRow = (id: string, event: MouseEvent) => {
    if (!selecting && !event.shiftKey && !event.ctrlKey && !event.metaKey) return open(id);
    setCursor(id);
    pick(id, event.shiftKey);
  };
  useListKeys({
    ids,
    current,
    move: (id) => {
      setCursor(id);
      if (device !== null) change({ device: id }, true);
    },
    open,
    back: () => {
      if (sheet) setSheet(false);
      else if (device !== null) close();
      else if (picked.length > 0) clear();
      else setCursor(null);
    },
  });

  const map = (
    <MapFrame onClose={narrow ? () => setSheet(false) : undefined}>
      <Suspense fallback={<div className={css.mapWaiting}>{t("map.loading")}</div>}>
        <FleetMap
          rows={rows}
          chosen={chosen}
          trails={trails}
          view={search.get("map")}
          fitted={fitted}
          onSelect={(id) => (id === null ? close() : open(id))}
          onView={(view) => change({ map: view }, true)}
        />
      </Suspense>
    </MapFrame>
  );
  const bar = picked.length > 0 && (
    <Suspense>
      <PickBar
        rows={pickedRows}
        count={picked.length}
        trails={trails.filter(({ id }) => pickedSet.has(id))}
        onFit={() => {
          setFitted((n) => n + 1);
          if (narrow) setSheet(true);
        }}
        onClear={clear}
      />
    </Suspense>
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
        picked={pickedSet}
        selecting={selecting}
        bar={bar}
        onText={find}
        onFilter={(f: FleetFilter) => change({ state: f === "all" ? null : f }, true)}
        onOpen={onRow}
        onPick={pick}
        onSelecting={(on) => (on ? change({ select: "1" }, true) : clear())}
        onHover={setPointing}
      />
      {(!narrow || sheet) && map}
      {narrow && !sheet && device === null && picked.length === 0 && (
        <Button className={css.mapButton} leftSection={<IconMap2 size={18} />} size="md" onClick={() => setSheet(true)}>
          {t("map.open")}
        </Button>
      )}
      {device !== null && !(narrow && sheet) && (
        <DevicePanel id={device} onClose={close} onMap={narrow ? () => setSheet(true) : undefined} />
      )}
    </>
  );
}
