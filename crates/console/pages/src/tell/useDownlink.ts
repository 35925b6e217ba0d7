// What a device can be told now; read again when it was told something or is expected at another time.
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import * as calls from "../api/calls";
import type { Modem } from "../api/types";
import { useLive } from "../live/store";

export function useDownlink(modem: Modem) {
  const news = useLive((live) => live.outgoing);
  const epoch = useLive((live) => live.epoch);
  const told = useMemo(
    () => [...news.values()].filter((mt) => mt.modem_id === modem.id).map((mt) => `${mt.id} ${mt.state}`),
    [news, modem.id],
  );
  return useQuery({
    queryKey: ["downlink", modem.id, epoch, modem.expected_at, modem.dialect, told.join()],
    queryFn: () => calls.downlink(modem.id),
    placeholderData: (old) => (old?.modem_id === modem.id ? old : undefined),
  });
}
