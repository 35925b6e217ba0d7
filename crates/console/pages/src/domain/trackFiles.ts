// Tracks as files that other programs read: GPX, CSV, GeoJSON. Units are SI, times UTC.
import type { Track, TrackPoint } from "./track";

export const TRACK_FORMATS = ["gpx", "csv", "geojson"] as const;
export type TrackFormat = (typeof TRACK_FORMATS)[number];

export const TRACK_TYPE: Record<TrackFormat, string> = {
  gpx: "application/gpx+xml",
  csv: "text/csv",
  geojson: "application/geo+json",
};

const time = (point: TrackPoint) => new Date(point.at).toISOString();
/** Back between -180° and 180°. */
const longitude = (point: TrackPoint) => Number((point.longitude - 360 * Math.round(point.longitude / 360)).toFixed(7));
const latitude = (point: TrackPoint) => Number(point.latitude.toFixed(7));

function escaped(text: string): string {
  // Anything else below the blank is no XML, however it is written.
  return text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd]/g, "").replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** Fixes in the line that was travelled, cut where a device was silent. */
function legs(points: readonly TrackPoint[]): TrackPoint[][] {
  const cut: TrackPoint[][] = [];
  for (const point of points) {
    if (point.source !== "gps") continue;
    if (point.afterSilence || cut.length === 0) cut.push([]);
    cut.at(-1)?.push(point);
  }
  return cut;
}

function gpx(tracks: readonly Track[]): string {
  const place = (tag: string, point: TrackPoint, more = "") =>
    `<${tag} lat="${latitude(point)}" lon="${longitude(point)}"><time>${time(point)}</time>${more}</${tag}>`;
  const estimates = tracks.flatMap(({ name, points }) =>
    points
      .filter((point) => point.source === "satellite")
      .map((point) => {
        const radius = point.accuracy_m === null ? "" : `, ± ${Math.round(point.accuracy_m)} m`;
        return `  ${place("wpt", point, `<name>${escaped(name)}</name><desc>Satellite estimate${radius}</desc>`)}\n`;
      }),
  );
  const lines = tracks.map(({ name, imei, points }) => {
    const segments = legs(points).map(
      (leg) => `    <trkseg>\n${leg.map((point) => `      ${place("trkpt", point)}\n`).join("")}    </trkseg>\n`,
    );
    return `  <trk>\n    <name>${escaped(name)}</name>\n    <desc>IMEI ${escaped(imei)}</desc>\n${segments.join("")}  </trk>\n`;
  });
  return `<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" creator="Fairlead" xmlns="http://www.topografix.com/GPX/1/1">\n${estimates.join("")}${lines.join("")}</gpx>\n`;
}

/** A cell; a spreadsheet must not take what a device is called for a formula. */
function cell(value: string | number | boolean | null): string {
  if (typeof value !== "string") return value === null ? "" : String(value);
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

const COLUMNS = [
  "device",
  "imei",
  "time",
  "latitude",
  "longitude",
  "source",
  "accuracy_m",
  "speed_m_s",
  "course_deg",
  "battery_v",
  "momsn",
  "late",
  "message_id",
];

function csv(tracks: readonly Track[]): string {
  const rows = tracks.flatMap(({ name, imei, points }) =>
    points.map((p) =>
      [
        name,
        imei,
        time(p),
        latitude(p),
        longitude(p),
        p.source,
        p.accuracy_m,
        p.speed_m_s,
        p.course_deg,
        p.battery_v,
        p.momsn,
        p.late,
        p.message_id,
      ]
        .map(cell)
        .join(","),
    ),
  );
  return `${[COLUMNS.join(","), ...rows].join("\r\n")}\r\n`;
}

function geojson(tracks: readonly Track[]): string {
  const at = (point: TrackPoint) => [longitude(point), latitude(point)];
  const features = tracks.flatMap(({ name, imei, points }) => [
    ...legs(points)
      .filter((leg) => leg.length > 1)
      .map((leg) => ({
        type: "Feature",
        geometry: { type: "LineString", coordinates: leg.map(at) },
        properties: { device: name, imei, times: leg.map(time) },
      })),
    ...points.map((point) => ({
      type: "Feature",
      geometry: { type: "Point", coordinates: at(point) },
      properties: {
        device: name,
        imei,
        time: time(point),
        source: point.source,
        accuracy_m: point.accuracy_m,
        speed_m_s: point.speed_m_s,
        course_deg: point.course_deg,
        battery_v: point.battery_v,
        momsn: point.momsn,
        late: point.late,
        message_id: point.message_id,
      },
    })),
  ]);
  return `${JSON.stringify({ type: "FeatureCollection", features })}\n`;
}

const WRITE: Record<TrackFormat, (tracks: readonly Track[]) => string> = { gpx, csv, geojson };

/** Tracks as the text of a file. */
export function trackFile(format: TrackFormat, tracks: readonly Track[]): string {
  return WRITE[format](tracks);
}
