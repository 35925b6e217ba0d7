// Tables for joining and spreading.
import { expect, test } from "vitest";
import { beside, cluster, spread } from "./cluster";

test("near points join, far ones stay alone", () => {
  const groups = cluster(
    [
      { id: "a", x: 0, y: 0 },
      { id: "b", x: 10, y: 0 },
      { id: "c", x: 200, y: 0 },
    ],
    36,
  );
  expect(groups.map((g) => g.members.map((m) => m.id))).toEqual([["a", "b"], ["c"]]);
  expect(groups[0]?.x).toBe(5);
});

test("no two groups start nearer than the radius", () => {
  const points = Array.from({ length: 1000 }, (_, i) => ({ id: `${i}`, x: (i * 7919) % 900, y: (i * 104729) % 700 }));
  const groups = cluster(points, 36);
  expect(groups.reduce((sum, g) => sum + g.members.length, 0)).toBe(1000);
  expect(groups.length).toBeLessThan(700);
});

test("a sign under another one moves beside it", () => {
  const top = { x: 100, y: 100 };
  expect(beside({ x: 140, y: 100 }, top, 36)).toBeNull();
  expect(beside({ x: 110, y: 100 }, top, 36)).toEqual({ x: 136, y: 100 });
  const moved = beside(top, top, 36) ?? top;
  expect(Math.hypot(moved.x - 100, moved.y - 100)).toBeCloseTo(36);
});

test.each([2, 8, 40])("%s spread points keep apart", (count) => {
  const places = spread(count, 40);
  for (const [i, a] of places.entries()) {
    for (const b of places.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(24);
  }
});
