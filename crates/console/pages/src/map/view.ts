// The fleet's map as one thing: devices, tracks, and a view that stays where the person put it.
import L from "leaflet";
import type { Tiles } from "../api/soon/device";
import type { Row } from "../domain/fleet";
import { bestPosition, middleLongitude, nearest } from "../domain/position";
import { Ground } from "./ground";
import { DeviceMarkers } from "./markers";
import { type Trail, Trails } from "./track";

export interface MapHandlers {
  onSelect(id: string | null): void;
  onView(view: string): void;
}

/** Near enough for a week's drift, far enough to know the coast. */
const FOLLOWED_ZOOM = 11;

export class MapView {
  private readonly ground: Ground;
  private readonly map: L.Map;
  private readonly markers: DeviceMarkers;
  private readonly trails: Trails;
  private rows: Row[] = [];
  private chosen: readonly string[] = [];
  private shownTrails: Trail[] = [];
  private placed: boolean;
  /** What the map keeps in sight by itself, until the person moves it. */
  private follows: "all" | "trails" | null = null;
  private followed: string | null = null;

  constructor(element: HTMLElement, view: string | null, tiles: Tiles | null, handlers: MapHandlers) {
    this.ground = new Ground(element, view, tiles, {
      onMoved: (to) => {
        this.placed = true;
        this.follows = null;
        handlers.onView(to);
      },
      onSized: () => this.settle(),
      onRecolour: () => {
        this.markers.redraw();
        this.trails.show(this.shownTrails);
      },
    });
    this.placed = this.ground.given;
    this.map = this.ground.map;
    const areas = this.ground.canvas("areas", 410);
    const lines = this.ground.canvas("track", 420);
    lines.options.tolerance = 4;
    this.markers = new DeviceMarkers(this.map, areas, (id) => handlers.onSelect(id));
    this.trails = new Trails(this.ground, lines);
  }

  /** What is followed stays in sight when the room for the map changes. */
  private settle() {
    if (this.follows === "all") this.fitAll();
    else if (this.follows === "trails" && this.trails.bounds()) this.fitFollowed();
    else this.keepChosen();
  }

  private fitFollowed() {
    this.ground.fit(this.trails.bounds(), FOLLOWED_ZOOM);
  }

  private places(ids: readonly string[] | null): L.LatLngTuple[] {
    const rows = ids === null ? this.rows : this.rows.filter((row) => ids.includes(row.modem.id));
    const positions = rows.flatMap((row) => bestPosition(row.modem) ?? []);
    const centre = ids === null ? middleLongitude(positions.map((p) => p.longitude)) : this.map.getCenter().lng;
    return positions.map((p) => [p.latitude, nearest(p.longitude, centre)]);
  }

  private keepChosen() {
    const [only, another] = this.places(this.chosen);
    if (only && !another) this.ground.keepInSight(only);
  }

  /** Every device in sight. */
  fitAll() {
    const places = this.places(null);
    if (places.length === 0) return;
    this.follows = "all";
    this.ground.fit(L.latLngBounds(places), 9);
  }

  /** The chosen devices and where they have been, in sight. */
  fitTrails() {
    const bounds = this.trails.bounds() ?? L.latLngBounds([]);
    for (const place of this.places(this.chosen)) bounds.extend(place);
    this.follows = null;
    if (bounds.isValid()) this.ground.fit(bounds, 13);
  }

  show(rows: Row[], chosen: readonly string[]) {
    const changed = chosen.join() !== this.chosen.join();
    this.rows = rows;
    this.chosen = chosen;
    if (!this.placed && rows.length > 0) {
      this.placed = true;
      const [at] = this.places(chosen);
      if (at) {
        this.follows = "trails";
        this.ground.go(() => this.map.setView(at, 8, { animate: false }));
      } else this.fitAll();
    } else if (changed && this.follows !== null) {
      this.follows = chosen.length === 0 ? "all" : "trails";
      if (chosen.length === 0) this.fitAll();
      else this.keepChosen();
    } else if (changed) {
      this.keepChosen();
    }
    if (changed) this.followed = null;
    this.markers.show(rows, chosen);
  }

  showTrails(trails: Trail[]) {
    this.shownTrails = trails;
    this.trails.show(trails);
    const chosen = this.chosen.join();
    // Once for each choice, when all of it is there: what comes in later does not move the map.
    const whole = trails.length === this.chosen.length && trails.some(({ points }) => points.length > 1);
    if (this.follows !== "trails" || !whole || this.followed === chosen) return;
    this.followed = chosen;
    this.fitFollowed();
  }

  destroy() {
    this.markers.destroy();
    this.ground.destroy();
  }
}
