// The sea, the land and the graticule as tiles that are drawn here, so they repeat around the world and pan freely.
import L from "leaflet";
import { clipRing } from "./clip";
import { loadLand, mercator, type Ring } from "./land";

const STEPS = [30, 20, 10, 5, 2, 1, 0.5, 0.25, 0.1, 1 / 12, 1 / 30, 1 / 60, 1 / 120, 1 / 300, 1 / 600];

/** Degrees between two lines of the graticule at a zoom: lines stand at least 90 pixels apart. */
export function graticuleStep(zoom: number): number {
  const degreesPerPixel = 360 / (256 * 2 ** zoom);
  let step = STEPS[0] ?? 30;
  for (const candidate of STEPS) if (candidate / degreesPerPixel >= 90) step = candidate;
  return step;
}

function colours(element: Element) {
  const style = getComputedStyle(element);
  const value = (name: string) => style.getPropertyValue(name).trim();
  return { land: value("--land"), coast: value("--coast"), grat: value("--grat") };
}

interface Tile {
  x: number;
  y: number;
  scale: number;
  size: number;
}

/** The land of one tile, to fill, and its shore, to draw. */
function landPaths(polygons: Ring[][], tile: Tile) {
  const { x, y, scale, size } = tile;
  const margin = 4;
  const box = { left: -margin, top: -margin, right: size + margin, bottom: size + margin };
  const [west, east] = [(x - margin) / scale, (x + size + margin) / scale];
  const [north, south] = [(y - margin) / scale, (y + size + margin) / scale];
  const near = (r: Ring, shift: number) =>
    r.east + shift >= west && r.west + shift <= east && r.south >= north && r.north <= south;
  const fill = new Path2D();
  const coast = new Path2D();
  for (const [polygon, shift] of polygons.flatMap((p) => [-1, 0, 1].map((s) => [p, s] as const))) {
    if (!polygon[0] || !near(polygon[0], shift)) continue;
    for (const { points } of polygon) {
      const placed = new Float64Array(points.length);
      for (let i = 0; i < points.length; i += 2) {
        placed[i] = ((points[i] ?? 0) + shift) * scale - x;
        placed[i + 1] = (points[i + 1] ?? 0) * scale - y;
      }
      const cut = clipRing(placed, box);
      cut.forEach((_, i) => {
        if (i % 2 === 0) fill[i === 0 ? "moveTo" : "lineTo"](cut[i] ?? 0, cut[i + 1] ?? 0);
      });
      fill.closePath();
      drawCoast(coast, points, placed, box);
    }
  }
  return { fill, coast };
}

/** The shore as lines, without the seams that the data has along 180° and the pole. */
function drawCoast(
  path: Path2D,
  unit: Float64Array,
  at: Float64Array,
  box: { left: number; top: number; right: number; bottom: number },
) {
  let pen = false;
  for (let i = 2; i < at.length; i += 2) {
    const [x0, y0, x1, y1] = [at[i - 2] ?? 0, at[i - 1] ?? 0, at[i] ?? 0, at[i + 1] ?? 0];
    const [u0, u1, v0, v1] = [unit[i - 2] ?? 0, unit[i] ?? 0, unit[i - 1] ?? 0, unit[i + 1] ?? 0];
    const whole = (u: number) => Math.abs(u - Math.round(u)) < 1e-6;
    const seam = (whole(u0) && whole(u1)) || v0 > 1 - 1e-6 || v1 > 1 - 1e-6;
    const away =
      Math.max(x0, x1) < box.left ||
      Math.min(x0, x1) > box.right ||
      Math.max(y0, y1) < box.top ||
      Math.min(y0, y1) > box.bottom;
    if (seam || away) {
      pen = false;
      continue;
    }
    if (!pen) path.moveTo(x0, y0);
    path.lineTo(x1, y1);
    pen = true;
  }
}

function drawGraticule(ctx: CanvasRenderingContext2D, zoom: number, tile: Tile) {
  const { x, y, scale, size } = tile;
  const step = graticuleStep(zoom);
  ctx.beginPath();
  const first = Math.ceil(((x / scale) * 360 - 180) / step - 1e-9);
  for (let i = first; i * step <= ((x + size) / scale) * 360 - 180 + 1e-9; i++) {
    const px = Math.round(mercator(i * step, 0)[0] * scale - x) + 0.5;
    ctx.moveTo(px, 0);
    ctx.lineTo(px, size);
  }
  const latitude = (py: number) => (Math.atan(Math.sinh(Math.PI * (1 - (2 * py) / scale))) * 180) / Math.PI;
  const [top, bottom] = [latitude(y), latitude(y + size)];
  for (let i = Math.ceil(bottom / step - 1e-9); i * step <= top + 1e-9; i++) {
    const py = Math.round(mercator(0, i * step)[1] * scale - y) + 0.5;
    ctx.moveTo(0, py);
    ctx.lineTo(size, py);
  }
}

/** A layer of the world as shipped. */
export class Basemap extends L.GridLayer {
  private polygons: Ring[][] = [];

  override onAdd(map: L.Map): this {
    super.onAdd(map);
    void loadLand((polygons) => {
      this.polygons = polygons;
      this.redraw();
    });
    return this;
  }

  protected override createTile(coords: L.Coords): HTMLElement {
    const canvas = document.createElement("canvas");
    const size = this.getTileSize().x;
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    canvas.width = canvas.height = size * ratio;
    const ctx = canvas.getContext("2d");
    if (!ctx) return canvas;
    ctx.scale(ratio, ratio);
    // Wrapped here and not by Leaflet, whose own wrapping rounds wrongly at some zooms.
    const around = 2 ** coords.z;
    const column = ((coords.x % around) + around) % around;
    const tile: Tile = { x: column * size, y: coords.y * size, scale: size * 2 ** coords.z, size };
    const colour = colours(document.documentElement);
    ctx.strokeStyle = colour.grat;
    ctx.lineWidth = 1;
    drawGraticule(ctx, coords.z, tile);
    ctx.stroke();
    const { fill, coast } = landPaths(this.polygons, tile);
    ctx.fillStyle = colour.land;
    ctx.fill(fill, "evenodd");
    ctx.strokeStyle = colour.coast;
    ctx.stroke(coast);
    return canvas;
  }
}
