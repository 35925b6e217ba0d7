// Where one device has been: its speed as colour, estimates as circles, silences dashed, and the moment looked at.
import L from "leaflet";
import { coordinates } from "../domain/coordinates";
import { nearest } from "../domain/position";
import { exact } from "../domain/time";
import { SPEED_CLASSES, type SpeedScale, speedClass, type TrackPoint } from "../domain/track";
import { radius, speed } from "../domain/units";
import { t } from "../text/text";
import { preferences } from "../ui/preferences";
import type { Ground } from "./ground";
import css from "./map.module.css";
import { words } from "./words";

export interface JourneyHandlers {
  onHover(at: number | null): void;
  onPick(at: number): void;
}

/** Points nearer than this to one that is drawn are left to the line, in pixels. */
const SPACING = 9;
/** How near a pointer or a finger must come. */
const REACH = { hover: 14, click: 24 };
/** More circles than this say nothing any more; the newest are drawn. */
const ESTIMATES = 200;
/** An estimate beside fixes: a small circle, whose true one shows when it is pointed at. */
const SMALL = 4.5;

export class Journey {
  private readonly layer: L.LayerGroup;
  private readonly here: L.Marker;
  private readonly tip = L.tooltip({ direction: "top", offset: [0, -10] });
  private readonly area: L.LayerGroup;
  private points: TrackPoint[] = [];
  private at: L.LatLngTuple[] = [];
  private pixels: L.Point[] = [];
  private scale: SpeedScale | null = null;
  private marked: TrackPoint | null = null;

  constructor(
    private readonly ground: Ground,
    private readonly renderer: L.Canvas,
    handlers: JourneyHandlers,
  ) {
    const { map } = ground;
    this.layer = L.layerGroup().addTo(map);
    this.area = L.layerGroup().addTo(map);
    this.here = L.marker([0, 0], {
      icon: L.divIcon({ className: css.here, iconSize: [18, 18] }),
      interactive: false,
      keyboard: false,
      zIndexOffset: 3000,
    });
    map.on("zoomend", () => this.draw());
    map.on("mousemove", ({ layerPoint }) => {
      const point = this.near(layerPoint, REACH.hover);
      this.hint(point);
      handlers.onHover(point?.at ?? null);
    });
    map.on("mouseout", () => {
      this.hint(null);
      handlers.onHover(null);
    });
    map.on("click", ({ layerPoint }) => {
      const point = this.near(layerPoint, REACH.click);
      if (point) handlers.onPick(point.at);
    });
  }

  /** The bounds of the fixes, or of the estimates where there is no fix. */
  bounds(): L.LatLngBounds | null {
    const fixes = this.at.filter((_, i) => this.points[i]?.source === "gps");
    const places = fixes.length > 0 ? fixes : this.at;
    return places.length === 0 ? null : L.latLngBounds(places);
  }

  show(points: TrackPoint[], scale: SpeedScale | null) {
    this.points = points;
    this.scale = scale;
    this.draw();
  }

  /** Shows where the device was; null where the newest place says it all. */
  mark(point: TrackPoint | null, follow: boolean) {
    if (point === this.marked) return;
    this.marked = point;
    this.drawMark(follow);
  }

  private drawMark(follow: boolean) {
    const point = this.marked;
    this.area.clearLayers();
    const place = point && this.at[this.points.indexOf(point)];
    if (!place) {
      this.here.remove();
      return;
    }
    this.here.setLatLng(place).addTo(this.ground.map);
    if (point.accuracy_m !== null) this.area.addLayer(this.circle(place, point.accuracy_m, 0.9));
    if (follow) this.ground.keepInSight(place);
  }

  private near(pixel: L.Point, reach: number): TrackPoint | null {
    const at = this.ground.map.layerPointToLatLng(pixel);
    const { x, y } = this.ground.map.project(at);
    let best = reach * reach;
    let found: TrackPoint | null = null;
    this.pixels.forEach((place, i) => {
      const distance = (place.x - x) ** 2 + (place.y - y) ** 2;
      if (distance > best) return;
      best = distance;
      found = this.points[i] ?? null;
    });
    return found;
  }

  private hint(point: TrackPoint | null) {
    const place = point && this.at[this.points.indexOf(point)];
    if (!place || point === null) {
      this.tip.remove();
      return;
    }
    this.tip.setLatLng(place).setContent(words(lines(point)));
    if (!this.ground.map.hasLayer(this.tip)) this.tip.addTo(this.ground.map);
  }

  private draw() {
    const { map } = this.ground;
    const last = this.points.at(-1);
    const shift = last ? nearest(last.longitude, map.getCenter().lng) - last.longitude : 0;
    this.at = this.points.map((p) => [p.latitude, p.longitude + shift]);
    this.pixels = this.at.map((place) => map.project(place));
    this.layer.clearLayers();
    this.drawLines();
    this.drawPoints();
    const { marked } = this;
    this.marked = marked && (this.points.find((p) => p.message_id === marked.message_id) ?? null);
    this.drawMark(false);
  }

  private colours() {
    const classes = Array.from({ length: SPEED_CLASSES }, (_, i) => this.ground.colour(`--speed-${i + 1}`));
    const ink = this.ground.colour("--track");
    return {
      halo: this.ground.colour("--halo"),
      faint: this.ground.colour("--ink-3"),
      of: (point: TrackPoint) => classes[speedClass(point.speed_m_s, this.scale) ?? -1] ?? ink,
    };
  }

  private drawLines() {
    const { halo, faint, of } = this.colours();
    const travelled: { places: L.LatLngTuple[]; color: string }[] = [];
    const silent: L.LatLngTuple[][] = [];
    let before: { place: L.LatLngTuple; color: string } | null = null;
    this.points.forEach((point, i) => {
      const place = this.at[i];
      if (point.source !== "gps" || !place) return;
      const color = of(point);
      const line = travelled.at(-1);
      if (before && point.afterSilence) silent.push([before.place, place]);
      else if (before && line && before.color === color && line.places.at(-1) === before.place) line.places.push(place);
      else if (before) travelled.push({ places: [before.place, place], color });
      before = { place, color };
    });
    const { renderer } = this;
    const line = (places: L.LatLngTuple[], color: string, weight: number, more: L.PolylineOptions = {}) =>
      this.layer.addLayer(L.polyline(places, { renderer, color, weight, interactive: false, ...more }));
    for (const places of silent) line(places, faint, 1.2, { dashArray: "2 5" });
    for (const { places } of travelled) line(places, halo, 5, { opacity: 0.8 });
    for (const { places, color } of travelled) line(places, color, 2.4);
  }

  private circle(place: L.LatLngTuple, radius: number, opacity: number): L.Circle {
    return L.circle(place, {
      renderer: this.renderer,
      radius,
      color: this.ground.colour("--ink-2"),
      weight: 1,
      opacity,
      dashArray: "3 4",
      fillOpacity: 0.04,
      interactive: false,
    });
  }

  private drawPoints() {
    const { halo, faint, of } = this.colours();
    const beside = this.points.some((point) => point.source === "gps");
    const { renderer } = this;
    let estimates = 0;
    let drawn: L.Point | null = null;
    // From the newest back, so that the points nearest to the device are the ones that are drawn.
    for (let i = this.points.length - 1; i >= 0; i--) {
      const [point, place, pixel] = [this.points[i], this.at[i], this.pixels[i]];
      if (!point || !place || !pixel) continue;
      if (point.source === "satellite") {
        if (++estimates > ESTIMATES) continue;
        const look = { renderer, color: faint, weight: 1, interactive: false };
        if (!beside && point.accuracy_m !== null) this.layer.addLayer(this.circle(place, point.accuracy_m, 0.45));
        else this.layer.addLayer(L.circleMarker(place, { ...look, radius: SMALL, dashArray: "2 2", fill: false }));
        this.layer.addLayer(
          L.circleMarker(place, { ...look, radius: 1.2, weight: 0, fillColor: faint, fillOpacity: 1 }),
        );
        continue;
      }
      if (!point.late && drawn !== null && drawn.distanceTo(pixel) < SPACING) continue;
      drawn = pixel;
      const color = of(point);
      this.layer.addLayer(
        L.circleMarker(place, {
          renderer,
          radius: point.late ? 3 : 2.6,
          color,
          weight: point.late ? 1.5 : 0,
          fillColor: point.late ? halo : color,
          fillOpacity: 1,
          interactive: false,
        }),
      );
    }
  }
}

function lines(point: TrackPoint): string[] {
  const { zone, coordinates: style, speed: unit } = preferences();
  const at = coordinates(point.latitude, nearest(point.longitude, 0), style);
  const told = [exact(point.at, zone), point.accuracy_m === null ? at : `${at} ${radius(point.accuracy_m)}`];
  if (point.speed_m_s !== null) told.push(`${speed(point.speed_m_s, unit)} ${t(`unit.${unit}`)}`);
  if (point.source === "satellite") told.push(t("position.satellite"));
  if (point.late) told.push(t("position.late"));
  return told;
}
