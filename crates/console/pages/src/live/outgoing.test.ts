// Tables for news of messages to devices and of accounts.
import { expect, test } from "vitest";
import type { Account, LiveEvent, Mt, MtState } from "../api/types";
import { apply, EMPTY, laterWord, mergeOutgoing, OUTGOING_KEPT, readAccounts, readUnknown } from "./reducer";

const time = (second: number) => new Date(second * 1000).toISOString();
const mt = (id: string, state: MtState, since: number, asked = 0) =>
  ({ id, state, state_since: time(since), created_at: time(asked) }) as Mt;
const told = (...mts: Mt[]): LiveEvent[] => mts.map((one) => ({ type: "outgoing", mt: one }));
const account = (name: string, waiting: number) => ({ name, waiting }) as Account;
const snapshot = { type: "snapshot", now: time(0), speed: 1, modems: [], messages: [], problems: [] };
const states = (mts: Iterable<Mt>) => [...mts].map((one) => `${one.id} ${one.state}`);

test("the later word counts, in whatever order it comes", () => {
  const words = [mt("a", "queued", 1), mt("a", "sending", 2), mt("a", "accepted", 3), mt("a", "delivered", 9)];
  for (const order of [words, [...words].reverse(), [2, 0, 3, 1].map((i) => words[i] as Mt)]) {
    expect(states(apply(EMPTY, told(...order), 0).outgoing.values())).toEqual(["a delivered"]);
  }
});

test("of two words of one moment, the one farther along counts; of equal ones, the fresh one", () => {
  expect(laterWord(mt("a", "queued", 1), mt("a", "sending", 1)).state).toBe("sending");
  expect(laterWord(mt("a", "failed", 1), mt("a", "sending", 1)).state).toBe("failed");
  const fresh = mt("a", "queued", 1);
  expect(laterWord(fresh, mt("a", "queued", 1))).toBe(fresh);
  expect(laterWord(fresh, undefined)).toBe(fresh);
});

test("an unknown outcome is there until it is settled; a late word does not bring it back", () => {
  const found = apply(EMPTY, told(mt("a", "unknown", 5), mt("b", "accepted", 5)), 0);
  expect(states(found.unknown.values())).toEqual(["a unknown"]);
  const settled = apply(found, told(mt("a", "queued", 6)), 0);
  expect(settled.unknown.size).toBe(0);
  expect(apply(settled, told(mt("a", "unknown", 5)), 0).unknown.size).toBe(0);
});

test("what was read of the unknown ones is patched by what was told since the snapshot", () => {
  const live = apply(EMPTY, told(mt("a", "accepted", 8), mt("c", "unknown", 8, 3)), 0);
  const read = [mt("b", "unknown", 4, 2), mt("a", "unknown", 5, 1)];
  expect(states(readUnknown(live, read).unknown.values())).toEqual(["c unknown", "b unknown"]);
});

test("a snapshot keeps the unknown ones in sight until they are read anew", () => {
  const live = apply(EMPTY, told(mt("a", "unknown", 5)), 0);
  const again = apply(live, [snapshot as unknown as LiveEvent], 0);
  expect(again.outgoing.size).toBe(0);
  expect(states(again.unknown.values())).toEqual(["a unknown"]);
  expect(readUnknown(again, []).unknown.size).toBe(0);
});

test("lists stand newest asked first, each message once, by its later word", () => {
  const read = [mt("b", "queued", 2, 20), mt("a", "queued", 1, 10)];
  const fresh = [mt("a", "accepted", 30, 10), mt("c", "queued", 40, 40), mt("b", "queued", 1, 20)];
  expect(states(mergeOutgoing(fresh, read))).toEqual(["c queued", "b queued", "a accepted"]);
  expect(mergeOutgoing([], [mt("x", "queued", 1, 5), mt("y", "queued", 1, 5)]).map((one) => one.id)).toEqual([
    "y",
    "x",
  ]);
});

test("news of messages is bounded; what was told last stays", () => {
  const many = Array.from({ length: OUTGOING_KEPT + 5 }, (_, i) => mt(`m${i}`, "queued", 1));
  const live = apply(EMPTY, told(...many, mt("m0", "accepted", 2)), 0);
  expect(live.outgoing.size).toBe(OUTGOING_KEPT);
  expect(live.outgoing.get("m0")?.state).toBe("accepted");
  expect(live.outgoing.has("m1")).toBe(false);
});

test("accounts are what was read, but for what was told while it was read", () => {
  const before = apply(EMPTY, [{ type: "account", account: account("one", 1) }], 0);
  const during = apply(before, [{ type: "account", account: account("two", 9) }], 0);
  const read = [account("one", 5), account("two", 2), account("three", 3)];
  const after = readAccounts(during, before.accounts, read).accounts;
  expect([...after.values()]).toEqual([account("one", 5), account("two", 9), account("three", 3)]);
});
