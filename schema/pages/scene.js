/** The market on the map: surge, routes, waiting deliveries, hubs, stops and drivers, and which of them is under a finger. */

import { drawPlaces, openPlaces } from "/static/blocks.js";
import { CanvasLayer } from "/static/canvas.js";
import { prefersStillness } from "/static/dom.js";
import { drawRoute } from "/static/lines.js";
import { isOver } from "/static/market.js";
import { Motion } from "/static/motion.js";
import { drawPause, namePause } from "/static/ops/pauses.js";
import { palette } from "/static/palette.js";
import { drawSurge, nameSurge } from "/static/surges.js";
import { drawBlock, drawDriver, drawHub, drawStop, drawWaiting } from "/static/symbols.js";

const { L } = globalThis;

/** Moving drivers are drawn this often: smooth to the eye, light for the machine. */
const FRAME_MS = 33;
const NAMES_FROM_ZOOM = 13;
const NUMBERS_FROM_ZOOM = 14;
/** Stops this close to a hub (some thirty metres) are shown in a ring around it, since many routes meet there. */
const AT_HUB_DEGREES = 0.0003;
const RING_PX = 23;
const RING_STEP = Math.PI / 4;

export class Scene extends CanvasLayer {
  initialize(market, wording) {
    L.setOptions(this, { pane: "market", followsDrag: true });
    this.market = market;
    this.wording = wording;
    this.motion = new Motion({ isStill: prefersStillness });
    this.chosen = null;
    this.targets = [];
    this.ring = new Map();
    this.paintedAt = 0;
    market.addEventListener("drivers", () => {
      this.motion.update(market.drivers.values(), performance.now());
      this.animate();
    });
    for (const part of ["routes", "hubs"]) market.addEventListener(part, () => this.arrange());
    for (const part of ["waiting", "surges", "pauses", "blocks"]) market.addEventListener(part, () => this.paintSoon());
    palette.addEventListener("change", () => this.paintSoon());
    this.motion.update(market.drivers.values(), performance.now());
    this.arrange();
  }

  /** Marks what the reader looks at, `{ type, id }`, with the route it belongs to; null for nothing. */
  choose(chosen) {
    this.chosen = chosen;
    this.paintSoon();
  }

  get chosenRoute() {
    const { type, id } = this.chosen ?? {};
    if (type === "driver") return this.market.drivers.get(id)?.routeId ?? null;
    if (type === "stop") return this.market.stops.get(id)?.route.id ?? null;
    return null;
  }

  /** Where something is right now; null when it is gone. */
  placeOf({ type, id }) {
    if (type === "driver") return this.motion.at(id, performance.now());
    if (type === "stop") return this.market.stops.get(id) ?? null;
    if (type === "block") return this.market.blocks.find((block) => block.id === id)?.middle ?? null;
    const among = type === "hub" ? this.market.hubs : this.market.waiting;
    return among.find((one) => one.id === id) ?? null;
  }

  /** The nearest thing within reach of a point of the map's container, or null. */
  under(point, reach) {
    const { x, y } = this.fromContainer(point);
    let nearest = null;
    let best = reach;
    for (const target of this.targets) {
      const away = Math.hypot(target.x - x, target.y - y);
      if (away > best) continue;
      nearest = target;
      best = away;
    }
    return nearest && { type: nearest.type, id: nearest.id };
  }

  arrange() {
    this.ring = ringsAroundHubs(this.market);
    this.paintSoon();
  }

  animate() {
    if (this.isAnimating) return;
    const step = (now) => {
      this.isAnimating = Boolean(this._map) && this.motion.isMoving(now);
      if (now - this.paintedAt >= FRAME_MS || !this.isAnimating) this.paint();
      if (this.isAnimating) requestAnimationFrame(step);
    };
    this.isAnimating = true;
    requestAnimationFrame(step);
  }

  draw(pen, place) {
    this.paintedAt = performance.now();
    this.targets = [];
    const zoom = this._map.getZoom();
    const scale = Math.min(1.1, Math.max(0.65, 1 - (14 - zoom) * 0.12));
    const view = { pen, place, onCanvas: this.fromSquare(zoom), scale, zoom, route: this.chosenRoute };
    for (const surge of this.market.surges) drawSurge(pen, surge, place);
    for (const pause of this.market.pauses) drawPause(pen, pause, place);
    this.drawRoutes(view);
    for (const delivery of this.market.waiting) {
      this.put(view, "waiting", delivery, place(delivery.lat, delivery.lon), drawWaiting, { isFaint: view.route });
    }
    this.drawDrivers(view, (driver) => !driver.routeId);
    for (const hub of this.market.hubs) this.put(view, "hub", hub, place(hub.lat, hub.lon), drawHub, {});
    this.drawStops(view);
    this.drawDrivers(view, (driver) => driver.routeId);
    this.drawBlocks(view);
    if (zoom >= NAMES_FROM_ZOOM) {
      for (const surge of this.market.surges) nameSurge(pen, surge, place, this.wording);
      for (const pause of this.market.pauses) namePause(pen, pause, place, this.wording);
      this.nameHubs(view);
    }
    this.fire("painted");
  }

  /** Makes points of the canvas of points of the unit square of Web Mercator, at the map's present zoom. */
  fromSquare(zoom) {
    const size = 256 * 2 ** zoom;
    const { x: left, y: top } = this._map.getPixelOrigin().add(this.origin);
    return (x, y) => ({ x: x * size - left, y: y * size - top });
  }

  drawRoutes({ pen, place, onCanvas, scale, route: chosen }) {
    for (const route of this.market.routes.values()) {
      const at = route.driverId && this.motion.at(route.driverId, this.paintedAt);
      const isChosen = route.id === chosen;
      const driverAt = at ? place(at.lat, at.lon) : null;
      drawRoute(pen, route, {
        place, onCanvas, scale, driverAt, isChosen, isFaint: Boolean(chosen) && !isChosen,
      });
    }
  }

  drawStops(view) {
    for (const stop of this.market.stops.values()) {
      const isOnRoute = stop.route.id === view.route;
      // Pickups and returns that are done would only hide the hub that they were at.
      if (stop.kind !== "DROPOFF" && isOver(stop) && !isOnRoute) continue;
      const away = this.ring.get(stop.id);
      const point = view.place(stop.lat, stop.lon).add(L.point(away ?? [0, 0]).multiplyBy(view.scale));
      const number = isOnRoute || view.zoom >= NUMBERS_FROM_ZOOM ? stop.place + 1 : null;
      this.put(view, "stop", stop, point, drawStop, {
        kind: stop.kind, state: stop.state, number, isFaint: Boolean(view.route) && !isOnRoute,
      });
    }
  }

  drawDrivers(view, isMeant) {
    for (const driver of this.market.drivers.values()) {
      const at = this.motion.at(driver.id, this.paintedAt);
      if (!at || !isMeant(driver)) continue;
      this.put(view, "driver", driver, view.place(at.lat, at.lon), drawDriver, {
        kind: driver.contractKind, presence: driver.presence, heading: at.heading,
      });
    }
  }

  put({ pen, scale }, type, { id }, point, draw, looks) {
    const isChosen = this.chosen?.type === type && this.chosen.id === id;
    pen.save();
    pen.translate(point.x, point.y);
    pen.scale(scale, scale);
    draw(pen, 0, 0, { ...looks, isChosen });
    pen.restore();
    this.targets.push({ type, id, x: point.x, y: point.y });
  }

  drawBlocks(view) {
    const { pen, place, scale } = view;
    for (const block of this.market.blocksOfZones) {
      const point = place(block.middle.lat, block.middle.lon);
      this.put(view, "block", block, point, drawBlock, { tone: openPlaces(block) > 0 ? "wait" : "good" });
      drawPlaces(pen, point.x + 15 * scale, point.y - 14 * scale, [block]);
    }
    for (const { id, lat, lon } of this.market.hubs) {
      const blocks = this.market.blocksAt(id);
      const { x, y } = place(lat, lon);
      if (blocks.length > 0) drawPlaces(pen, x + 17 * scale, y - 15 * scale, blocks);
    }
  }

  nameHubs({ pen, place, scale }) {
    pen.font = "600 12px Inter, system-ui, sans-serif";
    pen.textAlign = "center";
    pen.textBaseline = "top";
    pen.lineJoin = "round";
    for (const { name, lat, lon } of this.market.hubs) {
      const { x, y } = place(lat, lon);
      pen.lineWidth = 4;
      pen.strokeStyle = palette.ground;
      pen.strokeText(name, x, y + 17 * scale);
      pen.fillStyle = palette.ink;
      pen.fillText(name, x, y + 17 * scale);
    }
  }
}

/** How far each open stop at a hub is moved out of the hub's middle, in pixels. */
function ringsAroundHubs({ hubs, stops }) {
  const rings = new Map(hubs.map((hub) => [hub, []]));
  for (const stop of stops.values()) {
    if (isOver(stop)) continue;
    const hub = hubs.find(({ lat, lon }) => Math.hypot(stop.lat - lat, stop.lon - lon) < AT_HUB_DEGREES);
    if (hub) rings.get(hub).push(stop.id);
  }
  const away = new Map();
  for (const ring of rings.values()) {
    const step = Math.min(RING_STEP, (2 * Math.PI) / ring.length);
    ring.forEach((id, i) => {
      const angle = -Math.PI / 2 + (i - (ring.length - 1) / 2) * step;
      away.set(id, [Math.cos(angle) * RING_PX, Math.sin(angle) * RING_PX]);
    });
  }
  return away;
}
