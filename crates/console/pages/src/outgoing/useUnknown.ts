// Reads which outcomes are unknown, again after each snapshot; the live picture keeps them from there on.
import { useQuery } from "@tanstack/react-query";
import { loadUnknown, useLive } from "../live/store";

export function useUnknown() {
  const epoch = useLive((live) => live.epoch);
  return useQuery({
    queryKey: ["unknown", epoch],
    queryFn: () => loadUnknown(epoch),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
