// The map as one thing: basemap, edges, devices, track, and a view that stays where the person put it.
import L from "leaflet";
import type { Position } from "../api/types";
import type { Row } from "../domain/fleet";
import { bestPosition, middleLongitude, nearest } from "../domain/position";
import { t } from "../text/text";
import { Basemap } from "./basemap";
import { edgeLabels } from "./edges";
import { DeviceMarkers } from "./markers";
import { Track } from "./track";

export interface MapHandlers {
  onSelect(id: string | null): void;
  onView(view: string): void;
}

/** Near enough for a week's drift, far enough to know the coast. */
const FOLLOWED_ZOOM = 11;

/** `37.8000,-122.4000,8`, or null where the text is no view. */
export function parseView(text: string | null): { centre: L.LatLngTuple; zoom: number } | null {
  const [latitude, longitude, zoom] = (text ?? "").split(",").map(Number);
  if (latitude === undefined || longitude === undefined || zoom === undefined) return null;
  if (![latitude, longitude, zoom].every(Number.isFinite)) return null;
  return { centre: [latitude, longitude], zoom };
}

export class MapView {
  private readonly map: L.Map;
  private readonly markers: DeviceMarkers;
  private readonly track: Track;
  private readonly basemap = new Basemap({ updateWhenZooming: false, noWrap: true });
  private readonly stop: (() => void)[] = [];
  private rows: Row[] = [];
  private selected: string | null = null;
  private points: Position[] = [];
  private placed = false;
  private own = false;
  /** What the map keeps in sight by itself, until the person moves it. */
  private follows: "all" | "track" | null = null;
  private followed: string | null = null;

  constructor(element: HTMLElement, view: string | null, handlers: MapHandlers) {
    const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.map = L.map(element, {
      zoomControl: false,
      attributionControl: false,
      minZoom: 1,
      zoomSnap: 0.5,
      zoomDelta: 1,
      maxZoom: 16,
      zoomAnimation: !still,
      fadeAnimation: false,
      maxBounds: [
        [-86, -Infinity],
        [86, Infinity],
      ],
      maxBoundsViscosity: 1,
    });
    const given = parseView(view);
    this.go(() => this.map.setView(given?.centre ?? [15, 0], given?.zoom ?? 2, { animate: false }));
    this.placed = given !== null;
    this.basemap.addTo(this.map);
    L.control
      .zoom({ position: "bottomright", zoomInTitle: t("map.nearer"), zoomOutTitle: t("map.farther") })
      .addTo(this.map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(this.map);
    this.stop.push(edgeLabels(this.map));
    this.map.createPane("areas").style.zIndex = "410";
    this.map.createPane("track").style.zIndex = "420";
    const areas = L.canvas({ pane: "areas", padding: 0.3 });
    const line = L.canvas({ pane: "track", padding: 0.3, tolerance: 4 });
    this.markers = new DeviceMarkers(this.map, areas, (id) => handlers.onSelect(id));
    this.track = new Track(this.map, line);
    this.map.on("moveend", () => {
      if (this.own) return;
      this.placed = true;
      this.follows = null;
      const { lat, lng } = this.map.getCenter();
      handlers.onView(`${lat.toFixed(4)},${nearest(lng, 0).toFixed(4)},${this.map.getZoom()}`);
    });
    const sized = new ResizeObserver(() => {
      this.go(() => this.map.invalidateSize({ animate: false, pan: false }));
      if (this.follows === "all") this.fitAll();
      else if (this.follows === "track" && this.points.length > 1) this.fit(this.track.bounds(), FOLLOWED_ZOOM);
      else this.keepInSight();
    });
    sized.observe(element);
    const scheme = new MutationObserver(() => this.recolour());
    scheme.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    this.stop.push(
      () => sized.disconnect(),
      () => scheme.disconnect(),
    );
  }

  /** A move of our own, which is not the person's. */
  private go(move: () => void) {
    this.own = true;
    move();
    this.own = false;
  }

  private recolour() {
    this.basemap.redraw();
    this.markers.show(this.rows, this.selected);
    this.track.show(this.points);
  }

  private place(id: string | null): L.LatLngTuple | null {
    const row = id === null ? undefined : this.rows.find((r) => r.modem.id === id);
    const position = row && bestPosition(row.modem);
    return position ? [position.latitude, nearest(position.longitude, this.map.getCenter().lng)] : null;
  }

  /** Moves only as far as the selected device needs to be seen. */
  private keepInSight() {
    const at = this.place(this.selected);
    if (at && !this.map.getBounds().pad(-0.14).contains(at)) this.go(() => this.map.panTo(at, { animate: false }));
  }

  /** Every device in sight. */
  fitAll() {
    const positions = this.rows.flatMap((row) => bestPosition(row.modem) ?? []);
    if (positions.length === 0) return;
    const middle = middleLongitude(positions.map((p) => p.longitude));
    const bounds = L.latLngBounds(positions.map((p) => [p.latitude, nearest(p.longitude, middle)]));
    this.follows = "all";
    this.fit(bounds, 9);
  }

  private fit(bounds: L.LatLngBounds | null, maxZoom: number) {
    if (bounds) this.go(() => this.map.fitBounds(bounds, { animate: false, maxZoom, padding: [48, 48] }));
  }

  /** The whole track in sight. */
  fitTrack() {
    this.follows = null;
    this.fit(this.track.bounds(), 13);
  }

  show(rows: Row[], selected: string | null) {
    const chosen = selected !== this.selected;
    this.rows = rows;
    this.selected = selected;
    if (!this.placed && rows.length > 0) {
      this.placed = true;
      const at = this.place(selected);
      if (at) {
        this.follows = "track";
        this.go(() => this.map.setView(at, 8, { animate: false }));
      } else this.fitAll();
    } else if (chosen && this.follows !== null) {
      this.follows = selected === null ? "all" : "track";
      if (selected === null) this.fitAll();
      else this.keepInSight();
    } else if (chosen) {
      this.keepInSight();
    }
    if (chosen) this.followed = null;
    this.markers.show(rows, selected);
  }

  showTrack(points: Position[]) {
    this.points = points;
    this.track.show(points);
    // Once for each device: what comes in later does not move the map.
    if (this.follows !== "track" || points.length < 2 || this.followed === this.selected) return;
    this.followed = this.selected;
    this.fit(this.track.bounds(), FOLLOWED_ZOOM);
  }

  destroy() {
    for (const stop of this.stop) stop();
    this.map.remove();
  }
}
