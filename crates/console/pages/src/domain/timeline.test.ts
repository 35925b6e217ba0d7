// The story of a device from its lists.
import { expect, test } from "vitest";
import type { Gap, Message, Mt } from "../api/types";
import { shorter, timeline } from "./timeline";

const at = (minute: number) => new Date(Date.UTC(2026, 4, 1, 12, minute)).toISOString();
const message = (minute: number, received = minute) =>
  ({ id: `m${minute}`, transmitted_at: at(minute), received_at: at(received) }) as Message;
const mt = (minute: number) => ({ id: `t${minute}`, created_at: at(minute) }) as Mt;
const gap = { first_momsn: 7, last_momsn: 9, count: 3, after_at: at(10), before_at: at(20) } as Gap;
const all = <T>(...items: T[]) => ({ items, more: false });

test("each stands at its place, and what never arrived before the message that showed it", () => {
  const story = timeline(all(message(20), message(10)), all(mt(15)), [gap]);
  expect(story.map(({ kind, at }) => [kind, new Date(at).getUTCMinutes()])).toEqual([
    ["message", 20],
    ["gap", 20],
    ["mt", 15],
    ["message", 10],
  ]);
});

test("a late message stands where it was spoken", () => {
  const story = timeline(all(message(5, 30), message(20), message(10)), all<Mt>(), []);
  expect(story.map(({ id }) => id)).toEqual(["m20", "m10", "m5"]);
});

test("the story goes only as far back as every list was read", () => {
  const messages = { items: [message(20), message(10)], more: true };
  const mts = all(mt(15), mt(5));
  expect(timeline(messages, mts, [gap]).map(({ id }) => id)).toEqual(["m20", `gap-7-${at(20)}`, "t15", "m10"]);
  expect(shorter(messages, mts)).toBe("messages");
  expect(shorter(messages, { ...all(mt(18)), more: true })).toBe("mts");
  expect(shorter(all(message(1)), mts)).toBeNull();
});

test("a list of which nothing was read yet holds the story back", () => {
  expect(timeline(all(message(20)), { items: [], more: true }, [])).toEqual([]);
});
