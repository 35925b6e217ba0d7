// Tables for what can be told: drafts, ranges, cost, words.
import { expect, test } from "vitest";
import type { Offer, Order } from "../api/types";
import {
  creditsFor,
  draftOf,
  effectOf,
  exactSpan,
  faultOf,
  mayTell,
  needsSecondStep,
  orderOf,
  orderWords,
  refusals,
} from "./orders";

const text = (of: string): Order => ({ type: "text", text: of });

test.each([
  [
    { kind: "beacon", on: false },
    { type: "beacon", on: false },
  ],
  [
    { kind: "interval", minutes: " 15 " },
    { type: "interval", minutes: 15 },
  ],
  [{ kind: "interval", minutes: "1.5" }, null],
  [{ kind: "interval", minutes: "" }, null],
  [{ kind: "interval", minutes: "-5" }, null],
  [
    { kind: "sleep", amount: "3", unit: "days" },
    { type: "sleep", seconds: 259_200 },
  ],
  [
    { kind: "sleep", amount: "1,5", unit: "hours" },
    { type: "sleep", seconds: 5400 },
  ],
  [{ kind: "sleep", amount: "long", unit: "hours" }, null],
  [{ kind: "support" }, { type: "support" }],
  [{ kind: "text", text: "" }, null],
  [{ kind: "text", text: " PK" }, text(" PK")],
] as const)("a draft of %o means %o", (draft, order) => {
  expect(orderOf({ ...draftOf(draft.kind, true), ...draft })).toEqual(order);
});

test.each([
  [{ type: "interval", minutes: 1 }, [2, 1440], "Enter whole minutes from 2 to 1,440."],
  [{ type: "interval", minutes: 2 }, [2, 1440], null],
  [{ type: "interval", minutes: 0 }, null, expect.stringContaining("whole minutes")],
  [{ type: "sleep", seconds: 259_201 }, [1, 259_200], "Enter a time from 1 s to 3 d."],
  [{ type: "sleep", seconds: 259_200 }, [1, 259_200], null],
  [text("x".repeat(270)), null, null],
  [text("é".repeat(136)), null, "The text has 272 bytes; at most 270 can be sent."],
] as [Order, Offer["range"], string | null][])("%o within %o", (order, range, sentence) => {
  expect(faultOf(order, range)).toEqual(sentence);
});

test.each([
  [{ type: "interval", minutes: 1440 }, 1],
  [text("x"), 1],
  [text("x".repeat(50)), 1],
  [text("x".repeat(51)), 2],
  [text("é".repeat(26)), 2],
  [text("x".repeat(270)), 6],
] as [Order, number][])("%o costs %i", (order, credits) => {
  expect(creditsFor(order)).toBe(credits);
});

test("what cannot be called back needs a second look", () => {
  const sleep = (seconds: number): Order => ({ type: "sleep", seconds });
  expect([sleep(86_400), sleep(86_401), text("x")].map(needsSecondStep)).toEqual([false, true, true]);
  expect(needsSecondStep({ type: "support" })).toBe(true);
  expect(needsSecondStep({ type: "beacon", on: true })).toBe(false);
});

test.each([
  [0, "0 s"],
  [90, "1 min 30 s"],
  [3600, "1 h"],
  [129_600, "1 d 12 h"],
  [259_200, "3 d"],
])("%i seconds are told as %s", (seconds, words) => {
  expect(exactSpan(seconds)).toBe(words);
});

test("orders in words", () => {
  expect(orderWords({ type: "beacon", on: true })).toBe("Beacon on");
  expect(orderWords({ type: "interval", minutes: 90 })).toBe("Report every 1 h 30 min");
  expect(orderWords({ type: "sleep", seconds: 259_200 })).toBe("Sleep 3 d");
  expect(orderWords(text("hello"))).toBe("Text: hello");
  expect(orderWords({ type: "dance" } as unknown as Order)).toBe("A command that these pages do not know");
  expect(effectOf({ type: "sleep", seconds: 259_200 })).toMatch(/^The device sleeps once, for 3 d\..+cannot be called/);
});

test("roles", () => {
  expect([mayTell("sleep", "viewer"), mayTell("sleep", "operator"), mayTell("sleep", "admin")]).toEqual([
    false,
    true,
    true,
  ]);
  expect([mayTell("text", "operator"), mayTell("text", "admin")]).toEqual([false, true]);
});

test("a sentence that refuses several things is said once", () => {
  const offer = (kind: Offer["kind"], refusal: string | null): Offer => ({ kind, refusal, proof: "none", range: null });
  const offers = [offer("support", "No."), offer("text", null), offer("sleep", "Not now."), offer("beacon", "No.")];
  expect(refusals(offers)).toEqual([
    ["Not now.", ["sleep"]],
    ["No.", ["beacon", "support"]],
  ]);
});
