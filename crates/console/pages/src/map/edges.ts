// The graticule's figures along the edges of the map.
import type L from "leaflet";
import { meridian } from "../domain/coordinates";
import { graticuleStep } from "./basemap";
import css from "./map.module.css";

function place(text: string, style: Partial<CSSStyleDeclaration>): HTMLElement {
  const label = document.createElement("span");
  label.textContent = text;
  Object.assign(label.style, style);
  return label;
}

/** Keeps the figures in step with the view; returns what removes them. */
export function edgeLabels(map: L.Map): () => void {
  const box = document.createElement("div");
  box.className = css.edges ?? "";
  box.setAttribute("aria-hidden", "true");
  map.getContainer().append(box);
  const draw = () => {
    const step = graticuleStep(Math.round(map.getZoom()));
    const bounds = map.getBounds();
    const size = map.getSize();
    const labels: HTMLElement[] = [];
    for (let i = Math.ceil(bounds.getWest() / step); i * step <= bounds.getEast(); i++) {
      const { x } = map.latLngToContainerPoint([0, i * step]);
      if (x > 44 && x < size.x - 60)
        labels.push(place(meridian(i * step, "longitude"), { left: `${x + 4}px`, bottom: "3px" }));
    }
    for (let i = Math.ceil(bounds.getSouth() / step); i * step <= bounds.getNorth(); i++) {
      if (Math.abs(i * step) > 85) continue;
      const { y } = map.latLngToContainerPoint([i * step, bounds.getCenter().lng]);
      if (y > 64 && y < size.y - 24)
        labels.push(place(meridian(i * step, "latitude"), { left: "5px", top: `${y - 16}px` }));
    }
    box.replaceChildren(...labels);
  };
  map.on("move zoomend resize", draw);
  draw();
  return () => {
    map.off("move zoomend resize", draw);
    box.remove();
  };
}
