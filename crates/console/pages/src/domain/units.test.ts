// Tables for measured values as text.
import { expect, test } from "vitest";
import { course, radius, speed, volts } from "./units";

test("speed in each unit", () => {
  expect(speed(1.028889, "kn")).toBe("2.0");
  expect(speed(10, "km/h")).toBe("36.0");
  expect(speed(0, "m/s")).toBe("0.0");
});

test("courses have three digits and wrap", () => {
  expect([0, 45.4, 359.6, -90].map(course)).toEqual(["000°", "045°", "000°", "270°"]);
});

test("volts and radii", () => {
  expect(volts(3.7)).toBe("3.70");
  expect([250, 999, 8200, 101000].map(radius)).toEqual(["± 250 m", "± 999 m", "± 8.2 km", "± 101 km"]);
});
