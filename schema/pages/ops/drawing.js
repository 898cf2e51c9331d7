/** An area drawn on the map, corner after corner: by pointer, or by keys at the cross in the middle of the map. */

import { byId, write } from "/static/dom.js";
import { plural } from "/static/wording.js";

const { L } = globalThis;

const LEAST_CORNERS = 3;
const MOST_CORNERS = 100;
const PANE = "drawing";

export class Drawing {
  constructor(cityMap) {
    this.cityMap = cityMap;
    this.map = cityMap.map;
    cityMap.addPane(PANE, 460);
    this.corners = null;
    byId("drawing-close").addEventListener("click", () => this.close());
    byId("drawing-back").addEventListener("click", () => this.takeBack());
    byId("drawing-leave").addEventListener("click", () => this.end());
    // Before all other keys of the page: while one draws they mean something else.
    document.addEventListener("keydown", (press) => this.press(press), { capture: true });
  }

  /** Begins to draw; `use(corners)` is what becomes of it, and the area stays on the map until that is done. */
  begin(use) {
    this.end();
    this.use = use;
    this.corners = [];
    this.parts = L.layerGroup().addTo(this.map);
    this.cityMap.onClick = (place) => this.add(place);
    this.map.doubleClickZoom.disable();
    byId("drawing").hidden = false;
    this.map.getContainer().classList.add("is-drawing");
    this.map.getContainer().focus({ preventScroll: true });
    this.paint();
  }

  get isDrawing() {
    return this.corners !== null;
  }

  press(press) {
    if (!this.isDrawing || press.target.closest?.("button, dialog")) return;
    const keys = { " ": () => this.add(this.cityMap.middle), Enter: () => this.close(), Backspace: () => this.takeBack(),
      Escape: () => this.end() };
    if (!keys[press.key]) return;
    press.preventDefault();
    press.stopPropagation();
    keys[press.key]();
  }

  add(place) {
    if (this.corners.length < MOST_CORNERS) this.corners.push(place);
    this.paint();
  }

  takeBack() {
    this.corners.pop();
    this.paint();
  }

  /** The area is whole, and something becomes of it. */
  async close() {
    const { corners, parts } = this;
    if (corners.length < LEAST_CORNERS) return;
    this.parts = null;
    this.end();
    try {
      await this.use(corners);
    } finally {
      parts.remove();
    }
  }

  /** Gives the map back. */
  end() {
    if (!this.isDrawing) return;
    this.corners = null;
    this.cityMap.onClick = null;
    this.parts?.remove();
    this.map.doubleClickZoom.enable();
    byId("drawing").hidden = true;
    this.map.getContainer().classList.remove("is-drawing");
  }

  paint() {
    this.parts.clearLayers();
    const places = this.corners.map(({ lat, lon }) => [lat, lon]);
    const look = { pane: PANE, interactive: false };
    L.polygon(places, { ...look, className: "drawn-area" }).addTo(this.parts);
    for (const place of places) L.circleMarker(place, { ...look, radius: 5, className: "drawn-corner" }).addTo(this.parts);
    const left = LEAST_CORNERS - places.length;
    const drawn = plural(places.length, "corner");
    write(byId("drawing-said"), left > 0 ? `${drawn}, ${left} more to go.` : `${drawn}.`);
    byId("drawing-close").disabled = left > 0;
    byId("drawing-back").disabled = places.length === 0;
  }
}
