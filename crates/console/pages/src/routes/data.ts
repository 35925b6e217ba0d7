// What was read of routes, endpoints and deliveries, kept fresh by the live line.
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { Page } from "../api/types";
import { useNews } from "../live/store";
import type { Endpoint, Route } from "./apiTypes";
import * as calls from "./calls";

/** The first word of the key of everything that is read of routing. */
export const ROUTING = "routing";
export const ROUTES_KEY = [ROUTING, "routes"] as const;
export const ENDPOINTS_KEY = [ROUTING, "endpoints"] as const;
export const DELIVERIES_KEY = [ROUTING, "deliveries"] as const;

const PAGES = 20;
/** A list that people make by hand, so it is short. */
export async function readAll<T>(read: (cursor: string | null) => Promise<Page<T>>): Promise<T[]> {
  const items: T[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < PAGES; i++) {
    const page: Page<T> = await read(cursor);
    items.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return items;
}

export const useRoutes = () => useQuery({ queryKey: ROUTES_KEY, queryFn: () => readAll(calls.routes) });
/** A webhook's address is shown in short everywhere; an administrator who looks at one endpoint sees it whole. */
export function useWhole(endpoint: Endpoint | undefined, may: boolean): Endpoint | undefined {
  const { data } = useQuery({
    queryKey: [ROUTING, "whole", endpoint?.id, endpoint?.changed_at],
    queryFn: () => calls.endpoint(endpoint?.id ?? ""),
    enabled: may && endpoint?.kind === "webhook",
  });
  return endpoint && data ? { ...endpoint, config: data.config } : endpoint;
}

export const useEndpoints = () => useQuery({ queryKey: ENDPOINTS_KEY, queryFn: () => readAll(calls.endpoints) });

/** News can come many times in a second; lists are read anew at most so often because of it. */
const READ_AGAIN_MS = 2_000;

/** Takes the answer to a change into the lists, before the live line brings it. */
export function useTake() {
  const client = useQueryClient();
  const replace = <T extends { id: string }>(key: readonly unknown[], one: T) =>
    client.setQueryData<T[]>(key, (list) => {
      if (list === undefined) return list;
      return list.some(({ id }) => id === one.id) ? list.map((old) => (old.id === one.id ? one : old)) : [one, ...list];
    });
  const drop = <T extends { id: string }>(key: readonly unknown[], id: string) =>
    client.setQueryData<T[]>(key, (list) => list?.filter((one) => one.id !== id));
  return {
    route: (route: Route) => replace(ROUTES_KEY, route),
    routeGone: (id: string) => drop<Route>(ROUTES_KEY, id),
    endpoint: (endpoint: Endpoint) => replace(ENDPOINTS_KEY, endpoint),
    endpointGone: (id: string) => drop<Endpoint>(ENDPOINTS_KEY, id),
    deliveries: () => void client.invalidateQueries({ queryKey: DELIVERIES_KEY }),
    all: () => void client.invalidateQueries({ queryKey: [ROUTING] }),
  };
}

/** Follows the live line while a view of routing is open. */
export function useRoutingNews() {
  const take = useTake();
  const client = useQueryClient();
  const timer = useRef<number | undefined>(undefined);
  const whole = useRef(false);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const readAgain = () => {
    timer.current = undefined;
    // What an endpoint tells does not say how its routes and deliveries stand.
    const keys = whole.current ? [[ROUTING]] : [ROUTES_KEY, DELIVERIES_KEY];
    whole.current = false;
    for (const queryKey of keys) void client.invalidateQueries({ queryKey });
  };
  useNews((news) => {
    for (const event of news) {
      // An answer has all that a request may leave out.
      if (event.type === "endpoint") take.endpoint(event.endpoint as Endpoint);
      else if (event.type === "endpoint_gone") take.endpointGone(event.id);
      else if (event.type === "snapshot") whole.current = true;
      else if (event.type !== "outgoing") continue;
      timer.current ??= window.setTimeout(readAgain, READ_AGAIN_MS);
    }
  });
}
