// What every map stands on: the shipped world, tiles above it where the installation has some, edges and controls.
import L from "leaflet";
import type { Tiles } from "../api/soon/device";
import { nearest } from "../domain/position";
import { t } from "../text/text";
import { Basemap } from "./basemap";
import { edgeLabels } from "./edges";
import css from "./map.module.css";

export interface GroundHandlers {
  /** The person moved the map. */
  onMoved(view: string): void;
  onSized(): void;
  onRecolour(): void;
}

/** `37.8000,-122.4000,8`, or null where the text is no view. */
export function parseView(text: string | null): { centre: L.LatLngTuple; zoom: number } | null {
  const [latitude, longitude, zoom] = (text ?? "").split(",").map(Number);
  if (latitude === undefined || longitude === undefined || zoom === undefined) return null;
  if (![latitude, longitude, zoom].every(Number.isFinite)) return null;
  return { centre: [latitude, longitude], zoom };
}

export class Ground {
  readonly map: L.Map;
  /** Whether the address or the person has said where to look. */
  readonly given: boolean;
  private readonly basemap = new Basemap({ updateWhenZooming: false, noWrap: true });
  private readonly stop: (() => void)[] = [];
  private own = false;

  constructor(element: HTMLElement, view: string | null, tiles: Tiles | null, handlers: GroundHandlers) {
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
    this.given = given !== null;
    this.go(() => this.map.setView(given?.centre ?? [15, 0], given?.zoom ?? 2, { animate: false }));
    this.basemap.addTo(this.map);
    if (tiles !== null) this.addTiles(tiles);
    L.control
      .zoom({ position: "bottomright", zoomInTitle: t("map.nearer"), zoomOutTitle: t("map.farther") })
      .addTo(this.map);
    L.control.scale({ position: "bottomright", imperial: false, maxWidth: 120 }).addTo(this.map);
    this.stop.push(edgeLabels(this.map));
    this.map.on("moveend", () => {
      if (this.own) return;
      const { lat, lng } = this.map.getCenter();
      handlers.onMoved(`${lat.toFixed(4)},${nearest(lng, 0).toFixed(4)},${this.map.getZoom()}`);
    });
    const sized = new ResizeObserver(() => {
      this.go(() => this.map.invalidateSize({ animate: false, pan: false }));
      handlers.onSized();
    });
    sized.observe(element);
    const scheme = new MutationObserver(() => {
      this.basemap.redraw();
      handlers.onRecolour();
    });
    scheme.observe(document.documentElement, { attributeFilter: ["data-mantine-color-scheme"] });
    this.stop.push(
      () => sized.disconnect(),
      () => scheme.disconnect(),
    );
  }

  /** Above the shipped world, which shows wherever a tile does not come. */
  private addTiles({ url, attribution }: Tiles) {
    L.tileLayer(url, { className: css.tiles ?? "", zIndex: 2, maxNativeZoom: 18 }).addTo(this.map);
    const credit = document.createElement("span");
    credit.className = css.credit ?? "";
    credit.textContent = attribution;
    this.map.getContainer().append(credit);
  }

  /** A canvas of its own height to draw on. */
  canvas(name: string, height: number): L.Canvas {
    this.map.createPane(name).style.zIndex = String(height);
    return L.canvas({ pane: name, padding: 0.3 });
  }

  /** A move of our own, which is not the person's. */
  go(move: () => void) {
    this.own = true;
    move();
    this.own = false;
  }

  fit(bounds: L.LatLngBounds | null, maxZoom: number) {
    if (bounds) this.go(() => this.map.fitBounds(bounds, { animate: false, maxZoom, padding: [48, 48] }));
  }

  /** Moves only as far as a place needs to be seen. */
  keepInSight(at: L.LatLngTuple) {
    if (!this.map.getBounds().pad(-0.14).contains(at)) this.go(() => this.map.panTo(at, { animate: false }));
  }

  /** A colour of the tokens, for what is not drawn by CSS. */
  colour(name: string): string {
    return getComputedStyle(this.map.getContainer()).getPropertyValue(name).trim();
  }

  destroy() {
    for (const stop of this.stop) stop();
    this.map.remove();
  }
}
