// Tables for coordinates as text.
import { expect, test } from "vitest";
import { coordinates, meridian } from "./coordinates";

test.each([
  [37.825123, -122.276702, "37.82512, -122.27670", "37° 49.5074′ N, 122° 16.6021′ W"],
  [-33.83539, 151.209463, "-33.83539, 151.20946", "33° 50.1234′ S, 151° 12.5678′ E"],
  [-0.208333, -0.504167, "-0.20833, -0.50417", "00° 12.5000′ S, 000° 30.2500′ W"],
  [0, 0, "0.00000, 0.00000", "00° 00.0000′ N, 000° 00.0000′ E"],
  [-0.000000001, 180, "0.00000, 180.00000", "00° 00.0000′ N, 180° 00.0000′ E"],
  [9.9999999999, -9.9999999999, "10.00000, -10.00000", "10° 00.0000′ N, 010° 00.0000′ W"],
])("%s, %s", (latitude, longitude, decimal, minutes) => {
  expect(coordinates(latitude, longitude, "decimal")).toBe(decimal);
  expect(coordinates(latitude, longitude, "minutes")).toBe(minutes);
});

test.each([
  [37.5, "latitude", "37°30′N"],
  [-10, "latitude", "10°S"],
  [0, "latitude", "0°"],
  [190, "longitude", "170°W"],
  [-180, "longitude", "180°"],
  [540, "longitude", "180°"],
] as const)("line %s of %s is %s", (value, axis, text) => {
  expect(meridian(value, axis)).toBe(text);
});
