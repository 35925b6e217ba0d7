// The line of the device that a page shows, and what gives orders on it.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, useContext, useEffect, useMemo, useSyncExternalStore } from "react";
import { SESSION_KEY, useSession } from "../api/session";
import type { Order } from "../domain/bench";
import type { Answer, LineState } from "../domain/line";
import { useLive } from "../live/store";
import { DeviceLine } from "./line";

/** Opens a device's line for as long as the page is shown. */
export function useDeviceLine(name: string): DeviceLine {
  const client = useQueryClient();
  const line = useMemo(
    () => new DeviceLine(name, () => void client.resetQueries({ queryKey: SESSION_KEY })),
    [name, client],
  );
  useEffect(() => {
    line.open();
    return () => line.close();
  }, [line]);
  const live = useLive((picture) => picture.line);
  useEffect(() => {
    if (live === "lost") line.drop();
    else if (live === "live") line.wake();
  }, [live, line]);
  return line;
}

export const LineContext = createContext<DeviceLine | null>(null);

function useOpened(): DeviceLine {
  const line = useContext(LineContext);
  if (line === null) throw new Error("no line here");
  return line;
}

/** A part of the line's state; the part must be a value that is kept while it does not change. */
export function useLine<T>(part: (state: LineState) => T): T {
  const line = useOpened();
  return useSyncExternalStore(line.subscribe, () => part(line.current()));
}

/** Tries the server at once. */
export const useWake = () => useOpened().wake;

/** What a button needs: whether it may be pressed, how it is going, and what does it. */
export function useOrder(button: string): { may: boolean; answer: Answer | undefined; give(order: Order): void } {
  const line = useOpened();
  const { role } = useSession();
  const answer = useLine((state) => state.answers.get(button));
  return { may: role !== "viewer", answer, give: (order) => line.give(button, order) };
}
