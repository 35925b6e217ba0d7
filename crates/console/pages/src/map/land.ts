// The shipped coastlines, read once and projected once; nothing is asked of anybody else.
import { feature } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import fine from "world-atlas/land-50m.json?url";
import coarse from "world-atlas/land-110m.json?url";

/** A ring in Mercator units, 0 to 1 on both axes, as x and y in turn. */
export interface Ring {
  points: Float64Array;
  west: number;
  east: number;
  north: number;
  south: number;
}

const LIMIT = 85.0511287798;

export function mercator(longitude: number, latitude: number): [number, number] {
  const clamped = Math.min(LIMIT, Math.max(-LIMIT, latitude));
  const sine = Math.sin((clamped * Math.PI) / 180);
  return [(longitude + 180) / 360, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

function ring(positions: number[][]): Ring {
  const points = new Float64Array(positions.length * 2);
  let [west, east, north, south] = [1, 0, 1, 0];
  positions.forEach((position, i) => {
    const [x, y] = mercator(position[0] ?? 0, position[1] ?? 0);
    points[2 * i] = x;
    points[2 * i + 1] = y;
    west = Math.min(west, x);
    east = Math.max(east, x);
    north = Math.min(north, y);
    south = Math.max(south, y);
  });
  return { points, west, east, north, south };
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
