// The accounts, read when the page opens and soon after anything was sent: the live line tells of their pauses alone.
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { loadAccounts, useLive } from "../live/store";

const EVERY_MS = 30_000;
const SOON_MS = 1_000;

export function useAccounts() {
  const epoch = useLive((live) => live.epoch);
  const news = useLive((live) => live.outgoing);
  const known = useLive((live) => live.accounts);
  const { isPending, error, refetch } = useQuery({
    queryKey: ["accounts", epoch],
    queryFn: loadAccounts,
    refetchInterval: EVERY_MS,
  });
  useEffect(() => {
    if (news.size === 0) return;
    const timer = window.setTimeout(() => void refetch(), SOON_MS);
    return () => window.clearTimeout(timer);
  }, [news, refetch]);
  const accounts = useMemo(() => [...known.values()].sort((a, b) => a.name.localeCompare(b.name, "en")), [known]);
  return { accounts, waiting: isPending && accounts.length === 0, error, refetch };
}
