// The map of one device: its journey, its sign, and a view that stays where the person put it.
import type L from "leaflet";
import type { Tiles } from "../api/soon/device";
import type { Row } from "../domain/fleet";
import type { SpeedScale, TrackPoint } from "../domain/track";
import { Ground } from "./ground";
import { Journey, type JourneyHandlers } from "./journey";
import { DeviceMarkers } from "./markers";

const NEAREST_ZOOM = 13;

export interface JourneyViewHandlers extends JourneyHandlers {
  onView(view: string): void;
}

export class JourneyView {
  private readonly ground: Ground;
  private readonly map: L.Map;
  private readonly markers: DeviceMarkers;
  private readonly journey: Journey;
  private shown: { points: TrackPoint[]; scale: SpeedScale | null } = { points: [], scale: null };
  private follows: boolean;

  constructor(element: HTMLElement, view: string | null, tiles: Tiles | null, handlers: JourneyViewHandlers) {
    this.ground = new Ground(element, view, tiles, {
      onMoved: (to) => {
        this.follows = false;
        handlers.onView(to);
      },
      onSized: () => this.follows && this.fit(),
      onRecolour: () => {
        this.markers.redraw();
        this.journey.show(this.shown.points, this.shown.scale);
      },
    });
    this.map = this.ground.map;
    this.follows = !this.ground.given;
    const areas = this.ground.canvas("areas", 410);
    this.journey = new Journey(this.ground, this.ground.canvas("journey", 420), handlers);
    this.markers = new DeviceMarkers(this.map, areas, () => this.fit());
  }

  showDevice(row: Row) {
    this.markers.show([row], []);
  }

  /** Until the person moves the map, all of it is kept in sight. */
  showJourney(points: TrackPoint[], scale: SpeedScale | null) {
    this.shown = { points, scale };
    this.journey.show(points, scale);
    if (this.follows) this.fit();
  }

  mark(point: TrackPoint | null) {
    this.journey.mark(point, !this.follows);
  }

  /** The whole track in sight. */
  fit() {
    this.ground.fit(this.journey.bounds(), NEAREST_ZOOM);
  }

  destroy() {
    this.markers.destroy();
    this.ground.destroy();
  }
}
