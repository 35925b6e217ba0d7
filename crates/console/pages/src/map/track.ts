// Where the chosen devices have been: the last day strong, the days before faint; a late message is a hollow point.
import L from "leaflet";
import type { Position } from "../api/types";
import { coordinates } from "../domain/coordinates";
import { nearest, olderThan } from "../domain/position";
import { exact } from "../domain/time";
import { t } from "../text/text";
import { preferences } from "../ui/preferences";
import type { Ground } from "./ground";
import { words } from "./words";

/** What is younger than this, counted from the newest point, is drawn strong. */
const RECENT_MS = 24 * 60 * 60_000;

/** How a part of a trail is drawn; points nearer than `spacing` pixels are left to the line. */
const STRONG = { weight: 1.8, opacity: 0.9, radius: 2.6, spacing: 9 };
const FAINT = { weight: 1.2, opacity: 0.42, radius: 1.7, spacing: 18 };

export interface Trail {
  id: string;
  /** Named only where there are several. */
  name: string | null;
  /** Oldest first. */
  points: Position[];
}

export class Trails {
  private readonly layer: L.LayerGroup;
  private trails: Trail[] = [];

  constructor(
    private readonly ground: Ground,
    private readonly renderer: L.Canvas,
  ) {
    this.layer = L.layerGroup().addTo(ground.map);
    ground.map.on("zoomend", () => this.show(this.trails));
  }

  /** The bounds of what is drawn, near the view. */
  bounds(): L.LatLngBounds | null {
    const at = this.trails.flatMap(({ points }) => (points.length > 1 ? this.placed(points) : []));
    return at.length === 0 ? null : L.latLngBounds(at);
  }

  private placed(points: Position[]): L.LatLngTuple[] {
    const last = points.at(-1);
    if (!last) return [];
    const shift = nearest(last.longitude, this.ground.map.getCenter().lng) - last.longitude;
    return points.map((p) => [p.latitude, p.longitude + shift]);
  }

  show(trails: Trail[]) {
    this.trails = trails;
    this.layer.clearLayers();
    for (const trail of trails) this.draw(trail);
  }

  private draw({ name, points }: Trail) {
    const ink = this.ground.colour("--track");
    const halo = this.ground.colour("--halo");
    const at = this.placed(points);
    const renderer = this.renderer;
    const older = olderThan(points, RECENT_MS);
    const line = (places: L.LatLngTuple[], color: string, weight: number, opacity: number) =>
      this.layer.addLayer(L.polyline(places, { renderer, color, weight, opacity, interactive: false }));
    if (points[0]?.source === "gps") {
      const recent = at.slice(Math.max(0, older - 1));
      line(at.slice(0, older), ink, FAINT.weight, FAINT.opacity);
      line(recent, halo, 5, 0.8);
      line(recent, ink, STRONG.weight, STRONG.opacity);
    }
    let drawn: L.Point | null = null;
    // From the newest back, so that the points nearest to the device are the ones that are drawn.
    for (let i = points.length - 2; i >= 0; i--) {
      const look = i < older ? FAINT : STRONG;
      const [point, place] = [points[i], at[i]];
      if (!point || !place) continue;
      const pixel = this.ground.map.project(place);
      if (drawn !== null && drawn.distanceTo(pixel) < look.spacing) continue;
      drawn = pixel;
      const hollow = point.late || point.source === "satellite";
      const dot = L.circleMarker(place, {
        renderer,
        radius: look.radius,
        color: ink,
        opacity: look.opacity,
        weight: hollow ? 1.5 * look.opacity : 0,
        fillColor: hollow ? halo : ink,
        fillOpacity: hollow ? 1 : look.opacity,
      });
      dot.bindTooltip(() => words(lines(point, name)), { direction: "top", offset: [0, -4] });
      this.layer.addLayer(dot);
    }
  }
}

function lines(point: Position, name: string | null): string[] {
  const { zone, coordinates: style } = preferences();
  const told = [exact(point.at, zone), coordinates(point.latitude, point.longitude, style)];
  if (name !== null) told.unshift(name);
  if (point.late) told.push(t("position.late"));
  return told;
}
