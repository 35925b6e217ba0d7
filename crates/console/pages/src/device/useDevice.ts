// One device by its id: from the live picture, or asked for where that does not have it.
import { useQuery } from "@tanstack/react-query";
import * as calls from "../api/calls";
import { useLive } from "../live/store";

export function useDevice(id: string) {
  const live = useLive((picture) => picture.modems.get(id));
  const waiting = useLive((picture) => picture.clock === null || (picture.epoch === 0 && picture.modems.size === 0));
  const { data, error, refetch } = useQuery({
    queryKey: ["modem", id],
    queryFn: () => calls.modem(id),
    enabled: live === undefined && !waiting,
  });
  return { modem: live ?? data, error, retry: () => void refetch() };
}
