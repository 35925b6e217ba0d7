// Several devices chosen together, as the address holds them.

/** More than that no person compares, and no address holds. */
export const MOST_PICKED = 50;

/** The devices that an address names. */
export function pickedIn(text: string | null): string[] {
  return [...new Set((text ?? "").split(",").filter(Boolean))].slice(0, MOST_PICKED);
}

/** With a device that was not among them, or without one that was. */
export function toggled(picked: readonly string[], id: string): string[] {
  if (picked.includes(id)) return picked.filter((one) => one !== id);
  return picked.length < MOST_PICKED ? [...picked, id] : [...picked];
}

/** With all rows from `anchor` to `id`, in either direction. */
export function extended(
  picked: readonly string[],
  rows: readonly string[],
  anchor: string | null,
  id: string,
): string[] {
  const [from, to] = [anchor === null ? -1 : rows.indexOf(anchor), rows.indexOf(id)];
  if (from < 0 || to < 0) return toggled(picked, id);
  const between = rows.slice(Math.min(from, to), Math.max(from, to) + 1);
  return [...new Set([...picked, ...between])].slice(0, MOST_PICKED);
}
