// Where the chosen devices have been in the last week.
import { type UseQueryResult, useQueries } from "@tanstack/react-query";
import { useMemo } from "react";
import * as calls from "../api/calls";
import type { Modem, Position } from "../api/types";
import { nameOf } from "../domain/fleet";
import { trackPoints } from "../domain/position";
import { useLive } from "../live/store";
import type { Trail } from "../map/track";

/** How far back a track goes from the newest place. */
const TRACK_MS = 7 * 24 * 60 * 60_000;
/** Where there are several, each is read again so often, and not with every message. */
const AGAIN_MS = 60_000;

const read = (results: UseQueryResult<Position[]>[]) => results.map(({ data }) => data);

export function useTrails(ids: readonly string[]): Trail[] {
  const modems = useLive((live) => live.modems);
  const several = ids.length > 1;
  const newest = (id: string) => {
    const modem: Modem | undefined = modems.get(id);
    return modem?.fix ?? modem?.estimate;
  };
  const tracks = useQueries({
    queries: ids.map((id) => {
      const place = newest(id);
      const message = several ? null : place?.message_id;
      return {
        queryKey: ["track", id, message],
        queryFn: () => calls.track(id, new Date(Date.parse(place?.at ?? "") - TRACK_MS).toISOString()),
        enabled: place !== undefined && place !== null,
        refetchInterval: several ? AGAIN_MS : (false as const),
        placeholderData: (old: Position[] | undefined, query?: { queryKey: readonly unknown[] }) =>
          query?.queryKey[1] === id ? old : undefined,
      };
    }),
    combine: read,
  });
  const named = ids.map((id) => {
    const modem = modems.get(id);
    return several && modem ? nameOf(modem) : null;
  });
  const names = named.join("\n");
  return useMemo(() => {
    const all = names.split("\n");
    return ids.flatMap((id, i): Trail[] => {
      const positions = tracks[i];
      return positions ? [{ id, name: all[i] || null, points: trackPoints(positions) }] : [];
    });
  }, [ids, tracks, names]);
}
