// Cuts a ring to a box, so that a deep zoom never asks the canvas to fill half a world.

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

type Side = [inside: (x: number, y: number) => boolean, axis: 0 | 1, value: number];

/** The part of a closed ring (x and y in turn) inside a box: Sutherland and Hodgman's way. */
export function clipRing(ring: ArrayLike<number>, box: Box): number[] {
  const sides: Side[] = [
    [(x) => x >= box.left, 0, box.left],
    [(x) => x <= box.right, 0, box.right],
    [(_, y) => y >= box.top, 1, box.top],
    [(_, y) => y <= box.bottom, 1, box.bottom],
  ];
  let points: ArrayLike<number> = ring;
  for (const [inside, axis, value] of sides) {
    const kept: number[] = [];
    const n = points.length;
    for (let i = 0; i < n; i += 2) {
      const j = (i + n - 2) % n;
      const [x0, y0, x1, y1] = [points[j] ?? 0, points[j + 1] ?? 0, points[i] ?? 0, points[i + 1] ?? 0];
      const [was, is] = [inside(x0, y0), inside(x1, y1)];
      if (was !== is) {
        const part = axis === 0 ? (value - x0) / (x1 - x0) : (value - y0) / (y1 - y0);
        kept.push(x0 + (x1 - x0) * part, y0 + (y1 - y0) * part);
      }
      if (is) kept.push(x1, y1);
    }
    points = kept;
  }
  return points as number[];
}
