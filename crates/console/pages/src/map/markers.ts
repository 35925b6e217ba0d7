// Devices on the map: one sign each, joined where they would hide each other, spread apart on a click.
import L from "leaflet";
import type { Position } from "../api/types";
import { nameOf, type Row } from "../domain/fleet";
import { bestPosition } from "../domain/position";
import { t } from "../text/text";
import { beside, cluster, type Group, type Placed, spread } from "./cluster";
import { deviceIcon, groupIcon } from "./icons";
import css from "./map.module.css";

const JOIN = 34;
const LABELLED = 60;
/** News is drawn no more often than this; what a person does is drawn at once. */
const DRAWN_EVERY_MS = 200;

interface Dot extends Placed {
  row: Row;
  estimate: boolean;
  late: boolean;
  radius: number | null;
}
interface Shown {
  marker: L.Marker;
  html: string;
  top: number;
  click(): void;
}
/** A device with where it is in the world's pixels at zoom 0. */
interface Known {
  row: Row;
  look: string;
  position: Position;
  x: number;
  y: number;
}

export class DeviceMarkers {
  /** By id, so that groups do not change with every state. */
  private known: Known[] = [];
  private chosen: readonly string[] = [];
  private opened: string[] | null = null;
  private shown = new Map<string, Shown>();
  private circles = new Map<string, { circle: L.Circle; look: string }>();
  private readonly signs: L.LayerGroup;
  private readonly areas: L.LayerGroup;
  private readonly legs: L.LayerGroup;
  private moving = false;
  private timer: number | undefined;
  private drawnAt = 0;

  constructor(
    private readonly map: L.Map,
    private readonly renderer: L.Canvas,
    private readonly onSelect: (id: string) => void,
  ) {
    this.areas = L.layerGroup().addTo(map);
    this.legs = L.layerGroup().addTo(map);
    this.signs = L.layerGroup().addTo(map);
    map.on("movestart", () => {
      this.moving = true;
    });
    map.on("moveend", () => {
      this.moving = false;
      this.draw();
    });
    map.on("zoomstart", () => {
      this.opened = null;
    });
    map.on("click", () => {
      if (this.opened === null) return;
      this.opened = null;
      this.draw();
    });
  }

  show(rows: Row[], chosen: readonly string[]) {
    const byId = new Map(this.known.map((known) => [known.row.modem.id, known]));
    let changed = false;
    const next: Known[] = [];
    for (const row of rows) {
      const before = byId.get(row.modem.id);
      const known = before?.row === row ? before : this.know(row, before);
      if (known === null) continue;
      changed ||= known !== before;
      next.push(known);
    }
    changed ||= next.length !== this.known.length;
    this.known = next.sort((a, b) => (a.row.modem.id < b.row.modem.id ? -1 : 1));
    if (chosen.join() !== this.chosen.join()) {
      this.chosen = chosen;
      this.draw();
    } else if (changed) this.soon();
  }

  /** The same picture in other colours. */
  redraw() {
    this.circles.clear();
    this.areas.clearLayers();
    this.draw();
  }

  destroy() {
    window.clearTimeout(this.timer);
  }

  /** What the map shows of a row; the same thing as before where that shows nothing else. */
  private know(row: Row, before: Known | undefined): Known | null {
    const position = bestPosition(row.modem);
    if (position === null) return null;
    const { latitude, longitude, accuracy_m, source, late } = position;
    const flag = row.modem.open_problems > 0;
    const look = [row.state, nameOf(row.modem), flag, latitude, longitude, accuracy_m, source, late].join();
    if (before?.look === look) {
      before.row = row;
      return before;
    }
    const { x, y } = this.map.project([latitude, longitude], 0);
    return { row, look, position, x, y };
  }

  private soon() {
    if (this.timer !== undefined || this.moving) return;
    const wait = Math.max(0, this.drawnAt + DRAWN_EVERY_MS - performance.now());
    this.timer = window.setTimeout(() => !this.moving && this.draw(), wait);
  }

  private dots(): Dot[] {
    const scale = 2 ** this.map.getZoom();
    const world = 256 * scale;
    const centre = this.map.project(this.map.getCenter()).x;
    const view = this.map.getPixelBounds();
    const margin = 80;
    const [least, most] = [view.getTopLeft(), view.getBottomRight()];
    return this.known.flatMap(({ row, position, ...at }) => {
      // The copy of the world that is nearest to the view.
      const x = at.x * scale + world * Math.round((centre - at.x * scale) / world);
      const y = at.y * scale;
      const id = row.modem.id;
      const away = x < least.x - margin || x > most.x + margin || y < least.y - margin || y > most.y + margin;
      if (away && !this.chosen.includes(id)) return [];
      const estimate = position.source === "satellite";
      return [{ id, x, y, row, estimate, late: position.late, radius: estimate ? position.accuracy_m : null }];
    });
  }

  private draw() {
    window.clearTimeout(this.timer);
    this.timer = undefined;
    this.drawnAt = performance.now();
    const dots = this.dots();
    // Where several are chosen, they would hide each other too.
    const [only, another] = this.chosen;
    const top = another === undefined ? dots.find((dot) => dot.id === only) : undefined;
    const apart = new Set([...(this.opened ?? []), ...(top ? [top.id] : [])]);
    const groups = cluster(
      dots.filter((dot) => !apart.has(dot.id)),
      JOIN,
    );
    const singles = groups.filter((g) => g.members.length === 1).flatMap((g) => g.members);
    for (const dot of dots) if (apart.has(dot.id) && !this.opened?.includes(dot.id)) singles.push(dot);
    const kept = new Set<string>();
    const labels = singles.length <= LABELLED;
    this.legs.clearLayers();
    for (const dot of singles) {
      const at = dot === top ? undefined : this.uncovered(dot, top, 26);
      this.single(dot, labels && !crowded(dot, dots), kept, at);
    }
    for (const group of groups) {
      if (group.members.length > 1) this.group(group, kept, this.uncovered(group, top, 38));
    }
    this.drawOpened(dots, kept);
    for (const [key, { marker }] of this.shown) {
      if (kept.has(key)) continue;
      marker.remove();
      this.shown.delete(key);
    }
    this.drawAreas(singles);
  }

  private put(key: string, at: L.LatLng, html: string, size: number, title: string, top: number, click: () => void) {
    const known = this.shown.get(key);
    const icon = () => L.divIcon({ html, className: css.sign, iconSize: [size, size] });
    if (known) {
      if (!known.marker.getLatLng().equals(at)) known.marker.setLatLng(at);
      if (known.html !== html) known.marker.setIcon(icon());
      if (known.top !== top) known.marker.setZIndexOffset(top);
      Object.assign(known, { html, top, click });
      return;
    }
    const marker = L.marker(at, { icon: icon(), keyboard: false, title, zIndexOffset: top, riseOnHover: true });
    const shown = { marker, html, top, click };
    marker.on("click", () => shown.click());
    this.signs.addLayer(marker);
    this.shown.set(key, shown);
  }

  private single(dot: Dot, label: boolean, kept: Set<string>, at?: L.LatLng) {
    const { modem, state } = dot.row;
    const selected = this.chosen.includes(dot.id);
    const name = nameOf(modem);
    const html = deviceIcon({
      state,
      estimate: dot.estimate,
      late: dot.late,
      selected,
      problem: modem.open_problems > 0,
      label: label || selected ? (name.length > 22 ? `${name.slice(0, 21)}…` : name) : null,
    });
    kept.add(dot.id);
    const place = at ?? this.map.unproject([dot.x, dot.y]);
    const title = t("map.device", { name, state: t(`state.${state}`) });
    this.put(dot.id, place, html, 32, title, selected ? 2000 : 0, () => this.onSelect(dot.id));
  }

  private group(group: Group<Dot>, kept: Set<string>, at?: L.LatLng) {
    const key = `group:${group.id}`;
    const rows = group.members.map((dot) => dot.row);
    kept.add(key);
    const title = t("map.group", { n: rows.length });
    const place = at ?? this.map.unproject([group.x, group.y]);
    const chosen = group.members.some(({ id }) => this.chosen.includes(id));
    this.put(key, place, groupIcon(rows, chosen), 38, title, 500, () => this.open(group.members));
  }

  /** Goes nearer where that parts them; spreads them around their place where it does not. */
  private open(dots: Dot[]) {
    const bounds = L.latLngBounds(dots.map((dot) => this.map.unproject([dot.x, dot.y])));
    const zoom = Math.min(this.map.getBoundsZoom(bounds, false, L.point(120, 120)), this.map.getMaxZoom());
    if (zoom > this.map.getZoom() && this.parts(dots)) {
      this.map.setView(bounds.getCenter(), zoom);
      return;
    }
    this.opened = dots.map((dot) => dot.id);
    this.draw();
  }

  /** Whether the nearest zoom would show some of these devices apart. */
  private parts(dots: Dot[]): boolean {
    const first = dots[0];
    const grown = 2 ** (this.map.getMaxZoom() - this.map.getZoom());
    return dots.some((dot) => first && Math.hypot(dot.x - first.x, dot.y - first.y) * grown > JOIN);
  }

  /** A place from which a sign is not hidden by the selected device, tied to its own place by a line. */
  private uncovered(point: { x: number; y: number }, top: Dot | undefined, gap: number): L.LatLng | undefined {
    const moved = top && beside(point, top, gap);
    if (!moved) return undefined;
    const at = this.map.unproject([moved.x, moved.y]);
    this.leg(this.map.unproject([point.x, point.y]), at);
    return at;
  }

  private leg(from: L.LatLng, to: L.LatLng) {
    const color = getComputedStyle(this.map.getContainer()).getPropertyValue("--ink-2").trim();
    this.legs.addLayer(L.polyline([from, to], { color, weight: 1, renderer: this.renderer, interactive: false }));
  }

  private drawOpened(dots: Dot[], kept: Set<string>) {
    const opened = dots.filter((dot) => this.opened?.includes(dot.id));
    if (opened.length === 0) return;
    const [x, y] = [
      opened.reduce((sum, dot) => sum + dot.x, 0) / opened.length,
      opened.reduce((sum, dot) => sum + dot.y, 0) / opened.length,
    ];
    const places = spread(opened.length, 44);
    opened.forEach((dot, i) => {
      const place = places[i] ?? { x: 0, y: 0 };
      const at = this.map.unproject([x + place.x, y + place.y]);
      this.leg(this.map.unproject([x, y]), at);
      this.single(dot, opened.length <= 10, kept, at);
    });
  }

  private drawAreas(singles: Dot[]) {
    const wanted = new Map(singles.filter((dot) => dot.radius !== null).map((dot) => [dot.id, dot]));
    for (const [id, { circle }] of this.circles) {
      if (wanted.has(id)) continue;
      circle.remove();
      this.circles.delete(id);
    }
    const style = getComputedStyle(this.map.getContainer());
    for (const [id, dot] of wanted) {
      const strong = this.chosen.includes(id);
      const at = this.map.unproject([dot.x, dot.y]);
      const look = [at.lat.toFixed(6), at.lng.toFixed(6), dot.radius, dot.row.state, strong].join();
      const known = this.circles.get(id);
      if (known?.look === look) continue;
      known?.circle.remove();
      const name = dot.row.state === "never" ? "--unknown" : `--${dot.row.state}`;
      const circle = L.circle(at, {
        color: style.getPropertyValue(name).trim(),
        weight: strong ? 1.5 : 1,
        opacity: strong ? 0.9 : 0.45,
        dashArray: "4 4",
        fillOpacity: strong ? 0.1 : 0.04,
        radius: dot.radius ?? 0,
        renderer: this.renderer,
        interactive: false,
      });
      this.circles.set(id, { circle, look });
      this.areas.addLayer(circle);
    }
  }
}

/** Whether another device stands where this one's name would be written. */
function crowded(dot: Dot, dots: Dot[]): boolean {
  const width = 24 + 7 * Math.min(22, nameOf(dot.row.modem).length);
  return dots.some(
    (other) => other !== dot && other.x > dot.x - 4 && other.x < dot.x + width + 16 && Math.abs(other.y - dot.y) < 20,
  );
}
