// What the live line tells goes into what was read; what it cannot go into is named, to be read anew.
import { QueryClient } from "@tanstack/react-query";
import { expect, test } from "vitest";
import type { LiveEvent } from "../api/types";
import type { Job, Rollout, Source, Target, Version } from "./apiTypes";
import { deviceKey, JOBS, jobKey, ROLLOUTS, rolloutKey, SOURCES, TARGETS, take, VERSIONS, versionKey } from "./news";

const job = (id: string, files_done: number, of: Partial<Job> = {}) =>
  ({
    id,
    files_done,
    state: "transferring",
    attempts: 1,
    heard_at: "2026-05-01T12:00:00Z",
    ended_at: null,
    rollout_id: null,
    device: { id: `d-${id}` },
    ...of,
  }) as Job;
const pages = <T>(...items: T[]) => ({ pages: [{ items, next_cursor: null }], pageParams: [null] });
const first = <T>(client: QueryClient, key: readonly unknown[]) =>
  client.getQueryData<ReturnType<typeof pages<T>>>(key)?.pages[0]?.items;

test("an upgrade's news goes into every list and page that has it, and only the later word", () => {
  const client = new QueryClient();
  const key = [...JOBS, "list", undefined, undefined];
  client.setQueryData(key, pages(job("a", 5), job("b", 7)));
  client.setQueryData(jobKey("a"), job("a", 5));
  expect(take(client, { type: "job", job: job("a", 9) })).toEqual([]);
  expect(take(client, { type: "job", job: job("a", 6) })).toEqual([]);
  expect(first<Job>(client, key)?.map((one) => one.files_done)).toEqual([9, 7]);
  expect(client.getQueryData<Job>(jobKey("a"))?.files_done).toBe(9);
});

test("an upgrade that no list has, and one that ended, make lists and device stale", () => {
  const client = new QueryClient();
  expect(take(client, { type: "job", job: job("c", 1) })).toEqual([JOBS]);
  expect(client.getQueryData(jobKey("c"))).toBeUndefined();
  const ended = job("c", 9, { state: "succeeded", ended_at: "2026-05-01T12:01:00Z" });
  expect(take(client, { type: "job", job: ended })).toEqual([JOBS, deviceKey("d-c")]);
});

test("an upgrade of a roll-out goes into its device's row there", () => {
  const client = new QueryClient();
  const key = [...TARGETS, "r", undefined, undefined];
  const of = { rollout_id: "r" };
  client.setQueryData([...JOBS, "list"], pages(job("a", 1, of)));
  client.setQueryData(key, pages({ device: { id: "d-a" }, state: "offered", job: job("a", 1, of) } as Target));
  expect(take(client, { type: "job", job: job("a", 3, of) })).toEqual([]);
  expect(first<Target>(client, key)?.[0]?.job?.files_done).toBe(3);
  // A second try is another upgrade: the row is read anew.
  expect(take(client, { type: "job", job: job("z", 0, of) })).toContainEqual([...TARGETS, "r"]);
});

test("roll-outs, versions and sources are replaced where they are known", () => {
  const client = new QueryClient();
  const rollout = (state: string) => ({ id: "r", state }) as Rollout;
  client.setQueryData(ROLLOUTS, pages(rollout("running")));
  client.setQueryData(rolloutKey("r"), rollout("running"));
  expect(take(client, { type: "rollout", rollout: rollout("stopped") })).toEqual([[...TARGETS, "r"]]);
  expect(first<Rollout>(client, ROLLOUTS)?.[0]?.state).toBe("stopped");
  expect(client.getQueryData<Rollout>(rolloutKey("r"))?.state).toBe("stopped");
  const version = { id: "v", state: "ready" } as Version;
  expect(take(client, { type: "version", version })).toEqual([VERSIONS]);
  client.setQueryData(versionKey("v"), { id: "v", state: "preparing" });
  take(client, { type: "version", version });
  expect(client.getQueryData<Version>(versionKey("v"))?.state).toBe("ready");
  client.setQueryData(SOURCES, [{ name: "buoy", bytes: 1 }]);
  expect(take(client, { type: "firmware_source", source: { name: "buoy", bytes: 2 } as Source })).toEqual([]);
  expect(client.getQueryData<Source[]>(SOURCES)?.[0]?.bytes).toBe(2);
  expect(take(client, { type: "firmware_source", source: { name: "new" } as Source })).toEqual([SOURCES]);
});

test("news of something else is passed over", () => {
  expect(take(new QueryClient(), { type: "weather" } as unknown as LiveEvent)).toEqual([]);
});
