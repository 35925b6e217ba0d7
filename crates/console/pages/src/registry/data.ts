// What the pages of the registry have read, kept fresh by the live line.
import { type InfiniteData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useRef } from "react";
import type { Page } from "../api/types";
import { newestKnocks, withDevice } from "../domain/registry";
import { useNews } from "../live/store";
import type { Device, Group, Presence } from "./apiTypes";
import * as calls from "./calls";

export const DEVICES_KEY = ["devices"] as const;
export const GROUPS_KEY = ["groups"] as const;
export const LINKS_KEY = ["links"] as const;
export const REGISTRATION_KEY = ["registration"] as const;
export const KNOCKS_KEY = ["knocks"] as const;
export const deviceKey = (id: string) => ["device", id] as const;

export const useDeviceOf = (id: string) => useQuery({ queryKey: deviceKey(id), queryFn: () => calls.device(id) });

const PAGES = 20;
/** All groups: a list that people make by hand, so it is short. */
async function allGroups(): Promise<Group[]> {
  const groups: Group[] = [];
  let cursor: string | null = null;
  for (let i = 0; i < PAGES; i++) {
    const page: Page<Group> = await calls.groups(cursor);
    groups.push(...page.items);
    cursor = page.next_cursor;
    if (cursor === null) break;
  }
  return groups;
}

export const useGroups = () => useQuery({ queryKey: GROUPS_KEY, queryFn: allGroups });

export const useKnocks = () =>
  useQuery({ queryKey: KNOCKS_KEY, queryFn: async () => newestKnocks((await calls.knocks()).items) });

type Lists = InfiniteData<Page<Device>>;

/** Soon is soon enough: several changes are one reading. */
const READ_AGAIN_MS = 800;

/** Takes what was changed into everything that was read; call it once in a view. */
export function useRegistryNews() {
  const { take, gone, again } = useTake();
  const client = useQueryClient();
  useNews((news) => {
    for (const event of news) {
      if (event.type === "device") take(event.device);
      else if (event.type === "device_gone") gone(event.id);
      else if (event.type === "presence" && event.device_id !== null) met(event.device_id, event.presence);
      else if (event.type === "knock") void client.invalidateQueries({ queryKey: KNOCKS_KEY });
      else if (event.type === "snapshot") again();
    }
  });
  const met = (id: string, presence: Presence) => {
    const known =
      client.getQueryData<Device>(deviceKey(id)) ??
      client
        .getQueriesData<Lists>({ queryKey: DEVICES_KEY })
        .flatMap(([, data]) => data?.pages.flatMap(({ items }) => items) ?? [])
        .find((device) => device.id === id);
    if (known) take({ ...known, presence });
  };
}

/** What puts a device's newest word into everything that was read. */
export function useTake() {
  const client = useQueryClient();
  const timer = useRef<number>(undefined);
  const again = () => {
    window.clearTimeout(timer.current);
    timer.current = window.setTimeout(() => {
      for (const queryKey of [DEVICES_KEY, ["device"], GROUPS_KEY, LINKS_KEY, REGISTRATION_KEY, KNOCKS_KEY])
        void client.invalidateQueries({ queryKey });
    }, READ_AGAIN_MS);
  };
  const take = (device: Device) => {
    client.setQueryData(deviceKey(device.id), device);
    let found = false;
    for (const [key, data] of client.getQueriesData<Lists>({ queryKey: DEVICES_KEY })) {
      const pages = data && withDevice(data.pages, device);
      if (!pages) continue;
      found = true;
      client.setQueryData<Lists>(key, { ...data, pages });
    }
    if (!found) again();
  };
  const gone = (id: string) => {
    client.removeQueries({ queryKey: deviceKey(id) });
    again();
  };
  return { take, gone, again };
}
