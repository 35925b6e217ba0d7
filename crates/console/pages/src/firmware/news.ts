// Keeps what was read of firmware fresh: news of the live line goes into it, and after a snapshot it is read anew.
import { type InfiniteData, type QueryClient, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import type { LiveEvent, Page } from "../api/types";
import { laterJob } from "../domain/firmware";
import { useNews } from "../live/store";
import type { Device } from "../registry/apiTypes";
import type { Job, Rollout, Source, Target, Version } from "./apiTypes";

/** The first word of the key of everything that is read of firmware. */
export const FIRMWARE = "firmware";
export const SOURCES = [FIRMWARE, "sources"] as const;
export const VERSIONS = [FIRMWARE, "versions"] as const;
export const JOBS = [FIRMWARE, "jobs"] as const;
export const ROLLOUTS = [FIRMWARE, "rollouts"] as const;
export const TARGETS = [FIRMWARE, "targets"] as const;
export const versionKey = (id: string) => [FIRMWARE, "version", id] as const;
export const jobKey = (id: string) => [FIRMWARE, "job", id] as const;
export const rolloutKey = (id: string) => [FIRMWARE, "rollout", id] as const;
export const deviceKey = (id: string) => [FIRMWARE, "device", id] as const;

/** News can come many times in a second; a list is read anew at most so often because of it. */
const READ_AGAIN_MS = 2_000;

type Key = readonly unknown[];
type Pages<T> = InfiniteData<Page<T>>;

/** Replaces items of all lists under a key; whether any list had such an item. */
function patch<T>(client: QueryClient, key: Key, is: (item: T) => boolean, next: (item: T) => T): boolean {
  let found = false;
  client.setQueriesData<Pages<T>>({ queryKey: key }, (data) => {
    if (data === undefined || !data.pages.some((page) => page.items.some(is))) return data;
    found = true;
    const pages = data.pages.map((page) => ({
      ...page,
      items: page.items.map((item) => (is(item) ? next(item) : item)),
    }));
    return { ...data, pages };
  });
  return found;
}

function takeSource(client: QueryClient, source: Source): Key[] {
  let found = false;
  client.setQueryData<Source[]>(SOURCES, (list) => {
    found = list?.some(({ name }) => name === source.name) ?? false;
    return list?.map((one) => (one.name === source.name ? source : one));
  });
  return found ? [] : [SOURCES];
}

function takeVersion(client: QueryClient, version: Version): Key[] {
  client.setQueryData<Version>(versionKey(version.id), (known) => known && version);
  const same = (one: Version) => one.id === version.id;
  patch<Version>(client, VERSIONS, same, () => version);
  // Lists of one state may have gained or lost it.
  return [VERSIONS];
}

function takeJob(client: QueryClient, job: Job): Key[] {
  const later = (one: Job) => laterJob(job, one);
  client.setQueryData<Job>(jobKey(job.id), (known) => known && later(known));
  const known = patch<Job>(client, JOBS, (one) => one.id === job.id, later);
  const stale: Key[] = known && job.ended_at === null ? [] : [JOBS];
  // What the device has now may be another version.
  if (job.ended_at !== null) stale.push(deviceKey(job.device.id));
  if (job.rollout_id === null) return stale;
  const inTarget = patch<Target>(
    client,
    [...TARGETS, job.rollout_id],
    ({ device, job: one }) => one?.id === job.id && device.id === job.device.id,
    (target) => ({ ...target, job: target.job && later(target.job) }),
  );
  // The target's own state follows its job's, and is told by no news of its own.
  return inTarget && job.ended_at === null ? stale : [...stale, [...TARGETS, job.rollout_id]];
}

function takeRollout(client: QueryClient, rollout: Rollout): Key[] {
  client.setQueryData<Rollout>(rolloutKey(rollout.id), (known) => known && rollout);
  const found = patch<Rollout>(
    client,
    ROLLOUTS,
    (one) => one.id === rollout.id,
    () => rollout,
  );
  const targets = [...TARGETS, rollout.id];
  return found ? [targets] : [targets, ROLLOUTS];
}

/** Takes a piece of news; returns the keys of what it made stale. */
export function take(client: QueryClient, news: LiveEvent): Key[] {
  switch (news.type) {
    case "firmware_source":
      return takeSource(client, news.source);
    case "version":
      return takeVersion(client, news.version);
    case "job":
      return takeJob(client, news.job);
    case "rollout":
      return takeRollout(client, news.rollout);
    case "device":
      client.setQueryData<Device>(deviceKey(news.device.id), (known) => known && news.device);
      return [];
    case "presence":
      return news.device_id === null ? [] : [deviceKey(news.device_id)];
    default:
      return []; // News of something else, or of a kind that this page does not know yet.
  }
}

/** Takes the answer to a change for the news that it is. */
export function useTake(): (news: LiveEvent) => void {
  const client = useQueryClient();
  return (news) => {
    for (const queryKey of take(client, news)) void client.invalidateQueries({ queryKey });
  };
}

/** Follows the live line while a view of firmware is open. */
export function useFirmwareNews() {
  const client = useQueryClient();
  const stale = useRef(new Map<string, Key>());
  const timer = useRef<number | undefined>(undefined);
  useEffect(() => () => window.clearTimeout(timer.current), []);
  const readAgain = () => {
    timer.current = undefined;
    for (const queryKey of stale.current.values()) void client.invalidateQueries({ queryKey });
    stale.current.clear();
  };
  useNews((events) => {
    for (const event of events) {
      // News may have been missed before it.
      const keys = event.type === "snapshot" ? [[FIRMWARE]] : take(client, event);
      for (const key of keys) stale.current.set(JSON.stringify(key), key);
    }
    if (stale.current.size > 0) timer.current ??= window.setTimeout(readAgain, READ_AGAIN_MS);
  });
}
