// Which devices would hide under each other, joined; and how they are spread apart. Pure, in pixels.

export interface Placed {
  id: string;
  x: number;
  y: number;
}

export interface Group<P extends Placed> {
  id: string;
  x: number;
  y: number;
  members: P[];
}

/** Groups of points nearer than `radius` to the first of each group; order in, order out. */
export function cluster<P extends Placed>(points: P[], radius: number): Group<P>[] {
  const cells = new Map<number, Group<P>[]>();
  // One number for a cell: strings would cost more than all the rest.
  const cell = (x: number, y: number) => x * 10_000_000 + y;
  const groups: Group<P>[] = [];
  for (const point of points) {
    const [cx, cy] = [Math.floor(point.x / radius), Math.floor(point.y / radius)];
    let home: Group<P> | undefined;
    let best = radius * radius;
    for (let dx = -1; dx <= 1; dx++) {
      for (let dy = -1; dy <= 1; dy++) {
        for (const group of cells.get(cell(cx + dx, cy + dy)) ?? []) {
          const distance = (group.x - point.x) ** 2 + (group.y - point.y) ** 2;
          if (distance < best) {
            best = distance;
            home = group;
          }
        }
      }
    }
    if (home) {
      home.members.push(point);
      continue;
    }
    const group: Group<P> = { id: point.id, x: point.x, y: point.y, members: [point] };
    const there = cells.get(cell(cx, cy));
    if (there) there.push(group);
    else cells.set(cell(cx, cy), [group]);
    groups.push(group);
  }
  for (const group of groups) {
    group.x = group.members.reduce((sum, p) => sum + p.x, 0) / group.members.length;
    group.y = group.members.reduce((sum, p) => sum + p.y, 0) / group.members.length;
  }
  return groups;
}

/** Where a sign goes that would hide under the one at `top`: `gap` away from it, on the side it is on. */
export function beside(point: { x: number; y: number }, top: { x: number; y: number }, gap: number) {
  const [dx, dy] = [point.x - top.x, point.y - top.y];
  const distance = Math.hypot(dx, dy);
  if (distance >= gap) return null;
  if (distance < 1) return { x: top.x - gap * 0.6, y: top.y + gap * 0.8 };
  return { x: top.x + (dx / distance) * gap, y: top.y + (dy / distance) * gap };
}

/** Places for `count` points around one: a ring for a few, a spiral for many. */
export function spread(count: number, gap: number): { x: number; y: number }[] {
  if (count <= 10) {
    const radius = Math.max(gap, (count * gap) / (2 * Math.PI));
    return Array.from({ length: count }, (_, i) => {
      const angle = (2 * Math.PI * i) / count - Math.PI / 2;
      return { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
    });
  }
  let angle = 0;
  return Array.from({ length: count }, () => {
    const radius = gap + (gap * angle) / (2 * Math.PI);
    const place = { x: radius * Math.cos(angle), y: radius * Math.sin(angle) };
    angle += gap / radius;
    return place;
  });
}
