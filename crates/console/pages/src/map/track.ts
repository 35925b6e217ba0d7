// Where the selected device has been: the last day strong, the days before faint; a late message is a hollow point.
import L from "leaflet";
import type { Position } from "../api/types";
import { coordinates } from "../domain/coordinates";
import { nearest, olderThan } from "../domain/position";
import { exact } from "../domain/time";
import { t } from "../text/text";
import { preferences } from "../ui/preferences";

/** What is younger than this, counted from the newest point, is drawn strong. */
const RECENT_MS = 24 * 60 * 60_000;

/** How a part of the track is drawn; points nearer than `spacing` pixels are left to the line. */
const STRONG = { weight: 1.8, opacity: 0.9, radius: 2.6, spacing: 9 };
const FAINT = { weight: 1.2, opacity: 0.42, radius: 1.7, spacing: 18 };

export class Track {
  private readonly layer: L.LayerGroup;
  private points: Position[] = [];

  constructor(
    private readonly map: L.Map,
    private readonly renderer: L.Canvas,
  ) {
    this.layer = L.layerGroup().addTo(map);
    map.on("zoomend", () => this.show(this.points));
  }

  /** The bounds of what is drawn, near the view. */
  bounds(): L.LatLngBounds | null {
    const at = this.placed();
    return at.length === 0 ? null : L.latLngBounds(at);
  }

  private placed(): L.LatLngTuple[] {
    const last = this.points.at(-1);
    if (!last) return [];
    const shift = nearest(last.longitude, this.map.getCenter().lng) - last.longitude;
    return this.points.map((p) => [p.latitude, p.longitude + shift]);
  }

  show(points: Position[]) {
    this.points = points;
    this.layer.clearLayers();
    const style = getComputedStyle(this.map.getContainer());
    const ink = style.getPropertyValue("--track").trim();
    const halo = style.getPropertyValue("--halo").trim();
    const at = this.placed();
    const renderer = this.renderer;
    const older = olderThan(points, RECENT_MS);
    if (points[0]?.source === "gps") {
      const { weight, opacity } = STRONG;
      const recent = at.slice(Math.max(0, older - 1));
      this.layer.addLayer(
        L.polyline(at.slice(0, older), {
          renderer,
          color: ink,
          weight: FAINT.weight,
          opacity: FAINT.opacity,
          interactive: false,
        }),
      );
      this.layer.addLayer(L.polyline(recent, { renderer, color: halo, weight: 5, opacity: 0.8, interactive: false }));
      this.layer.addLayer(L.polyline(recent, { renderer, color: ink, weight, opacity, interactive: false }));
    }
    let drawn: L.Point | null = null;
    // From the newest back, so that the points nearest to the device are the ones that are drawn.
    for (let i = points.length - 2; i >= 0; i--) {
      const look = i < older ? FAINT : STRONG;
      const [point, place] = [points[i], at[i]];
      if (!point || !place) continue;
      const pixel = this.map.project(place);
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
      dot.bindTooltip(() => this.words(point), { direction: "top", offset: [0, -4] });
      this.layer.addLayer(dot);
    }
  }

  private words(point: Position): HTMLElement {
    const box = document.createElement("div");
    const { zone, coordinates: style } = preferences();
    const lines = [exact(point.at, zone), coordinates(point.latitude, point.longitude, style)];
    if (point.late) lines.push(t("position.late"));
    lines.forEach((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    });
    return box;
  }
}
