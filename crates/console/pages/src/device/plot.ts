// One value over time, drawn by uPlot: a line that ends where the device was silent, in the pages' own colours.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";

/** Left of and right of every plot, so that all of them and the slider share their places in time. */
export const INSET = { left: 52, right: 16 };

export interface Look {
  height: number;
  /** Only the lowest plot names the times. */
  times: boolean;
  stepped: boolean;
  /** How far the clock of the person's zone is ahead of UTC, in seconds. */
  offset: number;
}

export interface Data {
  seconds: number[];
  values: (number | null)[];
}

const FONT = '11px "Inter Variable", system-ui, sans-serif';
const TIMES_HEIGHT = 24;
const DAY = 86_400;

/** Draws into an element, as wide as it is. */
export class Plot {
  private readonly plot: uPlot;
  private range: [number, number] = [0, 1];

  constructor(element: HTMLElement, look: Look) {
    const colour = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const width = element.clientWidth;
    const axis = { stroke: () => colour("--ink-2"), font: FONT, ticks: { show: false } };
    this.plot = new uPlot(
      {
        width,
        height: look.height + (look.times ? TIMES_HEIGHT : 0),
        padding: [6, INSET.right, look.times ? 0 : 6, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: () => this.range },
          y: { range: (_, least, most) => spread(least, most) },
        },
        axes: [
          {
            ...axis,
            show: look.times,
            size: TIMES_HEIGHT,
            gap: 6,
            space: 90,
            grid: { show: false },
            incrs: [60, 300, 900, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600, DAY, 2 * DAY, 7 * DAY, 28 * DAY, 91 * DAY],
            // At whole hours and days of the person's zone.
            splits: (_, __, least, most, step) => steps(least + look.offset, most + look.offset, step, -look.offset),
            values: (_, splits) => splits.map((at) => clock(at + look.offset)),
          },
          {
            ...axis,
            size: INSET.left,
            gap: 8,
            space: 18,
            grid: { stroke: () => colour("--line"), width: 1 },
          },
        ],
        series: [
          {},
          {
            stroke: () => colour("--track"),
            width: 1.4,
            spanGaps: false,
            paths: look.stepped ? uPlot.paths.stepped?.({ align: 1 }) : uPlot.paths.linear?.(),
            points: { size: 3.5, fill: () => colour("--track"), width: 0 },
          },
        ],
      },
      [[], []],
      element,
    );
  }

  show({ seconds, values }: Data, range: [number, number]) {
    this.range = range;
    this.plot.setData([seconds, values]);
  }

  resize(width: number) {
    this.plot.setSize({ width, height: this.plot.height });
  }

  /** The same picture in other colours. */
  redraw() {
    this.plot.redraw(false);
  }

  destroy() {
    this.plot.destroy();
  }
}

function steps(least: number, most: number, step: number, shift: number): number[] {
  const first = Math.ceil(least / step);
  return Array.from({ length: Math.max(0, Math.floor(most / step) - first + 1) }, (_, i) => (first + i) * step + shift);
}

const days = new Intl.DateTimeFormat("en", { day: "numeric", month: "short", timeZone: "UTC" });

/** `14:20`, or `May 1` where a day begins. */
function clock(wallSeconds: number): string {
  const at = wallSeconds * 1000;
  return wallSeconds % DAY === 0 ? days.format(at) : new Date(at).toISOString().slice(11, 16);
}

/** A little room above and below; what never changes lies in the middle. */
function spread(least: number | null, most: number | null): [number, number] {
  if (least === null || most === null) return [0, 1];
  const room = most > least ? (most - least) * 0.1 : Math.max(Math.abs(most) * 0.2, 0.1);
  return [least >= 0 ? Math.max(0, least - room) : least - room, most + room];
}
