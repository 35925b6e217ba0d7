// The shipped coastlines, read once and projected once; nothing is asked of anybody else.
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import fine from "world-atlas/land-50m.json?url";
import coarse from "world-atlas/land-110m.json?url";

/** A ring in Mercator units, 0 to 1 on both axes (beyond where it crosses 180°), as x and y in turn. */
export interface Ring {
  points: Float64Array;
  west: number;
  east: number;
  north: number;
  south: number;
}

const LIMIT = 85.0511287798;
/** Below everything that a Mercator map shows. */
export const SOUTH_EDGE = 1.01;

export function mercator(longitude: number, latitude: number): [number, number] {
  const clamped = Math.min(LIMIT, Math.max(-LIMIT, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return [(longitude + 180) / 360, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

export function ring(positions: number[][]): Ring {
  const points: number[] = [];
  let last: number | null = null;
  for (const position of positions) {
    const [at, y] = mercator(position[0] ?? 0, position[1] ?? 0);
    // Rings run on across 180°, so that no line crosses the whole world.
    const x: number = last === null ? at : at + Math.round(last - at);
    points.push(x, y);
    last = x;
  }
  const first = points[0] ?? 0;
  // A ring around the pole is closed below the map's edge.
  if (last !== null && Math.abs(last - first) > 0.5) points.push(last, SOUTH_EDGE, first, SOUTH_EDGE);
  let [west, east, north, south] = [Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < points.length; i += 2) {
    const [x, y] = [points[i] ?? 0, points[i + 1] ?? 0];
    west = Math.min(west, x);
    east = Math.max(east, x);
    north = Math.min(north, y);
    south = Math.max(south, y);
  }
  return { points: Float64Array.from(points), west, east, north, south };
}

type Land = Topology<{ land: GeometryCollection }>;

async function load(url: string): Promise<Ring[][]> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url}: ${response.status}`);
  const topology = (await response.json()) as Land;
  return feature(topology, topology.objects.land).features.flatMap(({ geometry }) => {
    if (geometry.type === "Polygon") return [geometry.coordinates.map(ring)];
    if (geometry.type === "MultiPolygon") return geometry.coordinates.map((polygon) => polygon.map(ring));
    return [];
  });
}

/** Polygons, coarse ones at once and fine ones when they are there. */
export async function loadLand(show: (polygons: Ring[][]) => void): Promise<void> {
  const better = load(fine);
  better.catch(() => undefined);
  await load(coarse).then(show, () => undefined);
  await better.then(show, () => undefined);
}
