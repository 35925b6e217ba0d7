// Where the selected device has been: a line with its points; a late message is a hollow point.
import L from "leaflet";
import type { Position } from "../api/types";
import { coordinates } from "../domain/coordinates";
import { nearest } from "../domain/position";
import { exact } from "../domain/time";
import { t } from "../text/text";

/** Pixels between two points of a track; nearer ones are left to the line. */
const SPACING = 9;

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
    if (points[0]?.source === "gps") {
      this.layer.addLayer(L.polyline(at, { renderer, color: halo, weight: 5, opacity: 0.8, interactive: false }));
      this.layer.addLayer(L.polyline(at, { renderer, color: ink, weight: 1.6, opacity: 0.85, interactive: false }));
    }
    let drawn: L.Point | null = null;
    // From the newest back, so that the points nearest to the device are the ones that are drawn.
    for (let i = points.length - 2; i >= 0; i--) {
      const [point, place] = [points[i], at[i]];
      if (!point || !place) continue;
      const pixel = this.map.project(place);
      if (drawn !== null && drawn.distanceTo(pixel) < SPACING) continue;
      drawn = pixel;
      const hollow = point.late || point.source === "satellite";
      const dot = L.circleMarker(place, {
        renderer,
        radius: 2.6,
        color: ink,
        weight: hollow ? 1.5 : 0,
        fillColor: hollow ? halo : ink,
        fillOpacity: 1,
      });
      dot.bindTooltip(() => this.words(point), { direction: "top", offset: [0, -4] });
      this.layer.addLayer(dot);
    }
  }

  private words(point: Position): HTMLElement {
    const box = document.createElement("div");
    const lines = [exact(point.at, "utc"), coordinates(point.latitude, point.longitude, "minutes")];
    if (point.late) lines.push(t("position.late"));
    lines.forEach((line) => {
      const row = document.createElement("div");
      row.textContent = line;
      box.append(row);
    });
    return box;
  }
}
