// Tables for cutting rings.
import { expect, test } from "vitest";
import { clipRing } from "./clip";

const box = { left: 0, top: 0, right: 10, bottom: 10 };

test("a ring inside stays, one outside goes", () => {
  expect(clipRing([1, 1, 9, 1, 9, 9], box)).toHaveLength(6);
  expect(clipRing([11, 11, 19, 11, 19, 19], box)).toEqual([]);
});

test("a ring around the box becomes the box", () => {
  const cut = clipRing([-50, -50, 60, -50, 60, 60, -50, 60], box);
  expect(cut).toHaveLength(8);
  expect(Math.min(...cut)).toBe(0);
  expect(Math.max(...cut)).toBe(10);
});
