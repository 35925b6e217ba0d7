// The shape of the shipped coastlines once they are projected.
import { expect, test } from "vitest";
import { mercator, ring, SOUTH_EDGE } from "./land";

test("the corners of the world", () => {
  expect(mercator(-180, 0)[0]).toBe(0);
  expect(mercator(180, 0)[1]).toBeCloseTo(0.5);
  expect(mercator(0, 90)[1]).toBeCloseTo(0);
});

test("a ring across 180 degrees stays narrow", () => {
  const { west, east } = ring([
    [179, 10],
    [-179, 10],
    [-179, 12],
    [179, 10],
  ]);
  expect(east - west).toBeCloseTo(2 / 360);
});

test("a ring around the pole is closed below the map", () => {
  const { south, east, west } = ring([
    [-180, -70],
    [-60, -72],
    [60, -72],
    [180, -70],
  ]);
  expect(south).toBe(SOUTH_EDGE);
  expect(east - west).toBeCloseTo(1);
});
