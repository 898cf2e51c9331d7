/** A canvas over the map that stays in step with it while one drags and zooms. */

const { L } = globalThis;

/** Drawn beyond each edge, so that nothing is cut off while the map is dragged. */
const PAD = 96;

/** Derived layers say in `draw(pen, place)` what there is to see; `place` makes a point of the canvas of a position. */
export class CanvasLayer extends L.Layer {
  onAdd(map) {
    this.canvas = L.DomUtil.create("canvas", "leaflet-zoom-animated", map.getPane(this.options.pane));
    this.canvas.setAttribute("aria-hidden", "true");
    this.pen = this.canvas.getContext("2d");
    this.paint();
  }

  onRemove() {
    cancelAnimationFrame(this.frame);
    this.canvas.remove();
  }

  getEvents() {
    const events = { viewreset: this.paint, zoomend: this.settle, moveend: this.paint, resize: this.paint };
    if (this.options.followsDrag) events.move = this.paint;
    if (this._map.options.zoomAnimation) events.zoomanim = this.zoomAlong;
    return events;
  }

  /** Draws with the next frame of the screen, however often it is asked for until then. */
  paintSoon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = null;
      this.paint();
    });
  }

  paint() {
    if (!this._map || this.isZooming) return;
    const size = this._map.getSize().add([2 * PAD, 2 * PAD]);
    this.origin = this._map.containerPointToLayerPoint([-PAD, -PAD]).round();
    L.DomUtil.setPosition(this.canvas, this.origin);
    this.fit(size);
    this.pen.clearRect(0, 0, size.x, size.y);
    this.draw(this.pen, (lat, lon) => this._map.latLngToLayerPoint([lat, lon]).subtract(this.origin), size);
  }

  fit(size) {
    const density = Math.min(2, devicePixelRatio || 1);
    if (this.canvas.width === size.x * density && this.canvas.height === size.y * density) return;
    this.canvas.width = size.x * density;
    this.canvas.height = size.y * density;
    this.canvas.style.width = `${size.x}px`;
    this.canvas.style.height = `${size.y}px`;
    this.pen.scale(density, density);
  }

  /** While the map zooms, the browser stretches what was drawn; it is drawn anew at the end. */
  zoomAlong({ center, zoom }) {
    this.isZooming = true;
    const map = this._map;
    const middle = map.getSize().divideBy(2);
    const pane = L.DomUtil.getPosition(map.getPane("mapPane"));
    const newOrigin = map.project(center, zoom).subtract(middle).add(pane).round();
    const corner = map.project(map.layerPointToLatLng(this.origin), zoom).subtract(newOrigin);
    L.DomUtil.setTransform(this.canvas, corner, map.getZoomScale(zoom));
  }

  settle() {
    this.isZooming = false;
    this.paint();
  }

  /** The point of this canvas under a point of the map's container. */
  fromContainer(point) {
    return point.add([PAD, PAD]);
  }
}
