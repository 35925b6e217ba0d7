// The waiting times between tries.
import { expect, test } from "vitest";
import { retryDelay } from "./connection";

test("tries come soon, then seldom, never together", () => {
  expect(retryDelay(0, 0)).toBe(250);
  expect(retryDelay(0, 1)).toBe(500);
  expect(retryDelay(3, 0.5)).toBe(3000);
  expect(retryDelay(50, 1)).toBe(15_000);
});
