// An area that is drawn on the map: a circle by its middle and its edge, a polygon by its corners.
import L from "leaflet";
import type { Tiles } from "../api/types";
import { nearest, unwrap } from "../domain/position";
import { Ground } from "./ground";
import css from "./map.module.css";

type Corner = [longitude: number, latitude: number];

export type Drawn =
  | { shape: "circle"; latitude: number | null; longitude: number | null; radius_m: number | null }
  | { shape: "polygon"; corners: Corner[] };

interface Handlers {
  /** With a radius where the person has not chosen one: as much as can be seen well at this zoom. */
  onMiddle(latitude: number, longitude: number, metres: number | null): void;
  onRadius(metres: number): void;
  onCorners(corners: Corner[]): void;
}

const NEAREST_ZOOM = 12;
/** A radius that is easily seen, in pixels; and how far handles must be apart to be held. */
const SEEN_PX = 60;
const APART_PX = 20;
/** Largest radius that a drag gives: half around the Earth. */
const FARTHEST_M = 20_000_000;

const tidy = (degrees: number) => Math.round(degrees * 1e5) / 1e5;

export class AreaView {
  private readonly ground: Ground;
  private readonly shapes: L.LayerGroup;
  private readonly places: L.LayerGroup;
  private drawn: Drawn = { shape: "polygon", corners: [] };
  private points: [latitude: number, longitude: number][] = [];
  private seen = false;

  constructor(
    element: HTMLElement,
    tiles: Tiles | null,
    private readonly handlers: Handlers,
  ) {
    this.ground = new Ground(element, null, tiles, {
      onMoved: () => undefined,
      onSized: () => undefined,
      onRecolour: () => this.redraw(),
    });
    this.places = L.layerGroup().addTo(this.ground.map);
    this.shapes = L.layerGroup().addTo(this.ground.map);
    this.ground.map.on("zoomend", () => this.redraw());
    this.ground.map.on("click", ({ latlng }) => this.clicked(latlng));
  }

  private clicked({ lat, lng }: L.LatLng) {
    const [latitude, longitude] = [tidy(lat), tidy(nearest(lng, 0))];
    if (this.drawn.shape === "circle") {
      const first = this.drawn.latitude === null || this.drawn.longitude === null;
      this.handlers.onMiddle(latitude, longitude, first ? this.sizeable(L.latLng(lat, lng)) : null);
    } else this.handlers.onCorners([...this.drawn.corners, [longitude, latitude]]);
  }

  /** The metres of a circle that is easily seen and held at this zoom. */
  private sizeable(middle: L.LatLng): number {
    const { map } = this.ground;
    const edge = map.latLngToContainerPoint(middle).add([SEEN_PX, 0]);
    return this.radius(middle, map.containerPointToLatLng(edge));
  }

  show(drawn: Drawn) {
    this.drawn = drawn;
    this.redraw();
    this.look();
  }

  /** Where devices are, to know the place by. */
  showDevices(points: [latitude: number, longitude: number][]) {
    this.points = points;
    this.redraw();
    this.look();
  }

  /** The first time that there is something to be seen. */
  private look() {
    if (this.seen) return;
    const bounds = this.bounds() ?? (this.points.length > 0 ? L.latLngBounds(this.points).pad(0.2) : null);
    if (bounds === null) return;
    this.seen = true;
    this.ground.fit(bounds, 9);
  }

  fit() {
    this.ground.fit(this.bounds(), NEAREST_ZOOM);
  }

  private bounds(): L.LatLngBounds | null {
    const { drawn } = this;
    if (drawn.shape === "polygon") {
      return drawn.corners.length > 0 ? L.latLngBounds(this.ring()) : null;
    }
    const { latitude, longitude, radius_m } = drawn;
    if (latitude === null || longitude === null) return null;
    return L.latLng(latitude, longitude).toBounds(2 * Math.max(radius_m ?? 0, 1000));
  }

  /** The corners beside one another, also across 180°. */
  private ring(): L.LatLngTuple[] {
    if (this.drawn.shape !== "polygon") return [];
    const corners = this.drawn.corners.map(([longitude, latitude]) => ({ latitude, longitude }));
    return unwrap(corners).map(({ latitude, longitude }) => [latitude, longitude]);
  }

  private redraw() {
    this.shapes.clearLayers();
    this.places.clearLayers();
    const ink = this.ground.colour("--ink");
    for (const point of this.points) {
      L.circleMarker(point, {
        radius: 3,
        stroke: false,
        fillColor: this.ground.colour("--ink-3"),
        fillOpacity: 1,
        interactive: false,
      }).addTo(this.places);
    }
    const look = { color: ink, weight: 2, fillColor: ink, fillOpacity: 0.08, interactive: false };
    if (this.drawn.shape === "circle") this.drawCircle(this.drawn, look);
    else this.drawPolygon(look);
  }

  private drawCircle({ latitude, longitude, radius_m }: Drawn & { shape: "circle" }, look: L.PathOptions) {
    if (latitude === null || longitude === null) return;
    const middle = L.latLng(latitude, longitude);
    const circle = L.circle(middle, { ...look, radius: Math.max(radius_m ?? 0, 1) }).addTo(this.shapes);
    const centre = this.handle(middle);
    const east = this.eastOf(middle, radius_m ?? 0);
    const { map } = this.ground;
    if (map.latLngToContainerPoint(middle).distanceTo(map.latLngToContainerPoint(east)) >= APART_PX) {
      const edge = this.handle(east);
      edge.on("drag", () => circle.setRadius(this.radius(middle, edge.getLatLng())));
      edge.on("dragend", () => this.handlers.onRadius(this.radius(middle, edge.getLatLng())));
    }
    centre.on("drag", () => circle.setLatLng(centre.getLatLng()));
    centre.on("dragend", () => {
      const { lat, lng } = centre.getLatLng();
      this.handlers.onMiddle(tidy(lat), tidy(nearest(lng, 0)), null);
    });
  }

  private radius(middle: L.LatLng, edge: L.LatLng): number {
    const metres = this.ground.map.distance(middle, edge);
    const step = metres < 1000 ? 10 : metres < 20_000 ? 100 : metres < 200_000 ? 1000 : 10_000;
    return Math.min(FARTHEST_M, Math.max(step, Math.round(metres / step) * step));
  }

  private eastOf(middle: L.LatLng, metres: number): L.LatLng {
    const { _northEast } = middle.toBounds(2 * metres) as unknown as { _northEast: L.LatLng };
    return L.latLng(middle.lat, _northEast.lng);
  }

  private drawPolygon(look: L.PathOptions) {
    const ring = this.ring();
    if (ring.length === 0) return;
    const polygon = L.polygon(ring, look).addTo(this.shapes);
    ring.forEach((at, i) => {
      const corner = this.handle(L.latLng(at));
      corner.on("drag", () => {
        const { lat, lng } = corner.getLatLng();
        polygon.setLatLngs(ring.map((one, k): L.LatLngTuple => (k === i ? [lat, lng] : one)));
      });
      corner.on("dragend", () => {
        const { lat, lng } = corner.getLatLng();
        if (this.drawn.shape !== "polygon") return;
        const moved: Corner = [tidy(nearest(lng, 0)), tidy(lat)];
        this.handlers.onCorners(this.drawn.corners.map((one, k) => (k === i ? moved : one)));
      });
    });
  }

  private handle(at: L.LatLng): L.Marker {
    const icon = L.divIcon({ className: css.handle ?? "", iconSize: [18, 18] });
    // Whoever uses the keyboard has the fields below.
    return L.marker(at, { icon, draggable: true, keyboard: false }).addTo(this.shapes);
  }

  destroy() {
    this.ground.destroy();
  }
}
