// Choosing several devices.
import { expect, test } from "vitest";
import { extended, MOST_PICKED, pickedIn, toggled } from "./picked";

test("an address names each once, and not more than can be held", () => {
  expect(pickedIn(null)).toEqual([]);
  expect(pickedIn("a,b,,a")).toEqual(["a", "b"]);
  expect(pickedIn(Array.from({ length: 99 }, (_, i) => `m${i}`).join())).toHaveLength(MOST_PICKED);
});

test("a second time takes it out", () => {
  expect(toggled(["a"], "b")).toEqual(["a", "b"]);
  expect(toggled(["a", "b"], "a")).toEqual(["b"]);
  const full = Array.from({ length: MOST_PICKED }, (_, i) => `m${i}`);
  expect(toggled(full, "b")).toEqual(full);
});

test("a range takes all rows between, either way", () => {
  const rows = ["a", "b", "c", "d"];
  expect(extended(["a"], rows, "a", "c")).toEqual(["a", "b", "c"]);
  expect(extended(["d"], rows, "d", "b")).toEqual(["d", "b", "c"]);
  expect(extended([], rows, null, "b")).toEqual(["b"]);
  expect(extended(["x"], rows, "x", "b")).toEqual(["x", "b"]);
});
