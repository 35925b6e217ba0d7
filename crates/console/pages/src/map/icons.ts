// The pictures of devices and of groups on the map, as SVG text.
import type { Row } from "../domain/fleet";
import { RHYTHMS, type Rhythm } from "../domain/rhythm";
import { SHAPE } from "../ui/StateMark";

function escaped(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

interface Look {
  state: Rhythm;
  estimate: boolean;
  late: boolean;
  selected: boolean;
  problem: boolean;
  label: string | null;
}

/** One device: filled for a fix, hollow for an estimate or a late word. */
export function deviceIcon({ state, estimate, late, selected, problem, label }: Look): string {
  const hollow = estimate || late || state === "never";
  const colour = state === "never" ? "var(--unknown)" : `var(--${state})`;
  const ring = selected
    ? '<circle cx="16" cy="16" r="13.5" fill="none" stroke="var(--halo)" stroke-width="4"/><circle cx="16" cy="16" r="13.5" fill="none" stroke="var(--ink)" stroke-width="2"/>'
    : "";
  const flag = problem
    ? '<path d="M25 3l4.5 4.5l-4.5 4.5l-4.5-4.5z" fill="var(--problem)" stroke="var(--halo)" stroke-width="1.5"/>'
    : "";
  const shape = SHAPE[state];
  return `<svg width="32" height="32" viewBox="0 0 32 32" aria-hidden="true">${ring}<g transform="translate(8.5 8.5) scale(1.25)"><path d="${shape}" fill="${hollow ? "var(--halo)" : colour}" stroke="var(--halo)" stroke-width="${hollow ? 4.5 : 2.4}" paint-order="stroke" stroke-linejoin="round"/>${hollow ? `<path d="${shape}" fill="var(--halo)" stroke="${colour}" stroke-width="1.8" stroke-linejoin="round"/>` : ""}</g>${flag}</svg>${label === null ? "" : `<span${selected ? " data-selected" : ""}>${escaped(label)}</span>`}`;
}

/** A group: its number, and around it the share of each state; ringed where a chosen device is in it. */
export function groupIcon(rows: Row[], chosen: boolean): string {
  const round = 2 * Math.PI * 15;
  const ring = chosen ? '<circle cx="19" cy="19" r="18.5" fill="none" stroke="var(--ink)" stroke-width="2"/>' : "";
  let start = 0;
  const arcs = RHYTHMS.map((state) => {
    const share = rows.filter((row) => row.state === state).length / rows.length;
    if (share === 0) return "";
    const gap = share === 1 ? 0 : 1.5;
    const colour = state === "never" ? "var(--unknown)" : `var(--${state})`;
    const arc = `<circle cx="19" cy="19" r="15" fill="none" stroke="${colour}" stroke-width="3" stroke-dasharray="${Math.max(1, share * round - gap)} ${round}" stroke-dashoffset="${-start * round}" transform="rotate(-90 19 19)"/>`;
    start += share;
    return arc;
  }).join("");
  return `<svg width="38" height="38" viewBox="0 0 38 38" aria-hidden="true"><circle cx="19" cy="19" r="17.5" fill="var(--bg)"/>${ring}${arcs}<text x="19" y="23" text-anchor="middle">${rows.length}</text></svg>`;
}
