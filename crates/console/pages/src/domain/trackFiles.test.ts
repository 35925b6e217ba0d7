// Files of tracks, as strictly as the programs that read them.
import { expect, test } from "vitest";
import type { TrackPoint } from "./track";
import { trackFile } from "./trackFiles";

const point = (minute: number, more: Partial<TrackPoint> = {}): TrackPoint => ({
  at: Date.UTC(2026, 4, 1, 12, minute),
  message_id: `m${minute}`,
  latitude: 10.5,
  longitude: 20 + minute,
  source: "gps",
  accuracy_m: null,
  late: false,
  speed_m_s: 0.5,
  course_deg: null,
  battery_v: 3.7,
  momsn: 7,
  afterSilence: false,
  ...more,
});
const ada = { name: 'A<"&\u0001', imei: "300234010000001", points: [point(0), point(1)] };

test("GPX has a segment for each stretch without silence, and estimates as places", () => {
  const points = [
    point(0),
    point(1),
    point(2, { source: "satellite", accuracy_m: 8000 }),
    point(3, { afterSilence: true }),
  ];
  const file = trackFile("gpx", [{ ...ada, points }]);
  expect(file.match(/<trkseg>/g)).toHaveLength(2);
  expect(file).toContain('<trkpt lat="10.5" lon="20"><time>2026-05-01T12:00:00.000Z</time></trkpt>');
  expect(file).toContain("<desc>Satellite estimate, ± 8000 m</desc>");
  expect(file).toContain("<name>A&#60;&#34;&#38;</name>");
});

test("CSV has a row for each place, quotes what must be, and tells no formula", () => {
  const formula = { ...ada, name: "=1+1,2", points: [point(0)] };
  const [head, row] = trackFile("csv", [formula]).split("\r\n");
  expect(head).toMatch(/^device,imei,time,latitude,/);
  expect(row).toBe('"\'=1+1,2",300234010000001,2026-05-01T12:00:00.000Z,10.5,20,gps,,0.5,,3.7,7,false,m0');
});

test("GeoJSON has the line and its places, within the world", () => {
  const points = [point(0, { longitude: 179 }), point(1, { longitude: 181 })];
  const { features } = JSON.parse(trackFile("geojson", [{ ...ada, points }]));
  expect(features.map((f: { geometry: { type: string } }) => f.geometry.type)).toEqual([
    "LineString",
    "Point",
    "Point",
  ]);
  expect(features[0].geometry.coordinates).toEqual([
    [179, 10.5],
    [-179, 10.5],
  ]);
});

test("tracks of several devices stand in one file", () => {
  const file = trackFile("csv", [ada, { ...ada, name: "B" }]);
  expect(file.trim().split("\r\n")).toHaveLength(5);
});
