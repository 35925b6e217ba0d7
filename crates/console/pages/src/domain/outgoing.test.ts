// Tables for messages to devices: steps, proof, wakes, filters.
import { expect, test } from "vitest";
import { MT_STATES, type MtState, type Proof } from "../api/types";
import { t } from "../text/text";
import { inFilter, lastDays, stepsOf, wakeSentence } from "./outgoing";
import { requestKey } from "./requestKey";

const steps = (state: MtState, proof: Proof = "answer", sent_at: string | null = null) =>
  stepsOf({ state, proof, sent_at }).map((step) => `${step.is}: ${step.text}`);

test.each([
  ["queued", ["open: Not sent yet", "open: Not confirmed yet"]],
  ["sending", ["now: Sending", "open: Not confirmed yet"]],
  ["accepted", ["done: Sent", "open: Not confirmed yet"]],
  ["unknown", ["unknown: Sent or not", "open: Not confirmed yet"]],
  ["delivered", ["done: Sent", "done: Delivered"]],
  ["rejected", ["done: Sent", "bad: Rejected"]],
  ["unconfirmable", ["done: Sent", "mute: Cannot be confirmed"]],
  ["failed", ["bad: Failed"]],
  ["expired", ["mute: Not sent"]],
  ["superseded", ["mute: Not sent"]],
  ["cancelled", ["mute: Not sent"]],
] as [MtState, string[]][])("%s", (state, after) => {
  expect(steps(state)).toEqual(["done: Requested", ...after]);
});

test("what was sent before another took its place was sent", () => {
  expect(steps("superseded", "answer", "2026-05-01T12:00:00Z")).toEqual(["done: Requested", "done: Sent"]);
});

test("where nothing can show it, nothing is waited for", () => {
  expect(steps("accepted", "none")).toEqual(["done: Requested", "done: Sent", "mute: Cannot be confirmed"]);
  expect(t("proof.none")).toBe("None: nothing can show that it arrived.");
});

const now = Date.parse("2026-05-01T14:05:00Z");
const at = "2026-05-01T14:20:00Z";
test.each([
  [{ expected_at: at, before: 0, wakes: 1 }, "The device will hear it at its next wake, about 14:20 UTC."],
  [
    { expected_at: at, before: 2, wakes: 1 },
    "The device will hear it at its next wake, about 14:20 UTC; 2 messages before it.",
  ],
  [
    { expected_at: at, before: 1, wakes: 2 },
    "The device will hear it after 2 wakes, about 14:30 UTC at the earliest; 1 message before it.",
  ],
  [
    { expected_at: null, before: 1, wakes: 2 },
    "The device will hear it when it next wakes; its rhythm is not known yet; 1 message before it.",
  ],
  [
    { expected_at: "2026-05-01T14:00:00Z", before: 0, wakes: 1 },
    "The device will hear it at its next wake, which was expected about 14:00 UTC and is overdue.",
  ],
  [
    { expected_at: "2026-05-01T14:00:00Z", before: 1, wakes: 2 },
    "The device will hear it after 2 wakes; the next was expected about 14:00 UTC and is overdue; 1 message before it.",
  ],
  [
    { expected_at: "2026-05-02T01:00:00Z", before: 0, wakes: 1 },
    "The device will hear it at its next wake, about 2026-05-02 01:00 UTC.",
  ],
])("%o", (wake, sentence) => {
  expect(wakeSentence(wake, 600, now, "utc")).toBe(sentence);
});

test("a filter holds what it names; the open ones come first and are four", () => {
  expect(MT_STATES.filter((state) => inFilter(state, "open"))).toEqual(["queued", "sending", "accepted", "unknown"]);
  expect(MT_STATES.slice(0, 4).every((state) => inFilter(state, "open"))).toBe(true);
  expect(MT_STATES.filter((state) => inFilter(state, undefined))).toEqual(MT_STATES);
  expect(MT_STATES.filter((state) => inFilter(state, "failed"))).toEqual(["failed"]);
});

test("thirty days end today, in UTC", () => {
  expect(lastDays(Date.parse("2026-05-01T00:30:00+02:00"), 30)).toEqual(["2026-04-01", "2026-04-30"]);
});

test("a request's key is a random UUID", () => {
  expect(requestKey()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(requestKey()).not.toBe(requestKey());
});
