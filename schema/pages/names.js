/** The names of streets, written along their longest straight piece where there is room for them. */

import { CanvasLayer } from "/static/canvas.js";
import { palette } from "/static/palette.js";
import { touches } from "/static/streets.js";

const { L } = globalThis;

/** Main streets are named from this zoom on, all of them two zooms closer. */
const MAIN_FROM_ZOOM = 14;
const ALL_FROM_ZOOM = 16;
const MAIN_RANK = 4;
const MOST_NAMES = 60;
/** Names keep this far from each other. */
const ROOM_PX = 26;

export class StreetNames extends CanvasLayer {
  initialize(streets) {
    L.setOptions(this, { pane: "names" });
    this.streets = streets;
    streets.on("drawn", this.paintSoon, this);
    palette.addEventListener("change", () => this.paintSoon());
  }

  draw(pen, _place, size) {
    const zoom = this._map.getZoom();
    if (zoom < MAIN_FROM_ZOOM) return;
    const world = 256 * 2 ** zoom;
    const corner = this._map.getPixelOrigin().add(this.origin);
    const area = {
      west: corner.x / world, east: (corner.x + size.x) / world,
      north: corner.y / world, south: (corner.y + size.y) / world,
    };
    const lines = this.streets.linesAt(zoom).filter(
      (line) => line.name && (zoom >= ALL_FROM_ZOOM || line.rank <= MAIN_RANK) && touches(line, area),
    );
    pen.font = `500 ${zoom >= ALL_FROM_ZOOM ? 11.5 : 10.5}px Inter, system-ui, sans-serif`;
    pen.textAlign = "center";
    pen.textBaseline = "middle";
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = palette.ground;
    pen.fillStyle = palette["road-name"];
    for (const label of labels(pen, lines, world, corner, size)) writeAlong(pen, label);
  }
}

/** One label for each name: on its longest piece in sight, main streets first, none over another. */
function labels(pen, lines, world, corner, size) {
  const best = new Map();
  for (const { name, rank, points } of lines) {
    for (let i = 0; i + 3 < points.length; i += 2) {
      const [x1, y1] = [points[i] * world - corner.x, points[i + 1] * world - corner.y];
      const [x2, y2] = [points[i + 2] * world - corner.x, points[i + 3] * world - corner.y];
      const [x, y] = [(x1 + x2) / 2, (y1 + y2) / 2];
      const length = Math.hypot(x2 - x1, y2 - y1);
      if (x < 0 || y < 0 || x > size.x || y > size.y || length <= (best.get(name)?.length ?? 0)) continue;
      best.set(name, { name, rank, x, y, length, angle: upright(Math.atan2(y2 - y1, x2 - x1)) });
    }
  }
  const placed = [];
  for (const label of [...best.values()].sort((a, b) => a.rank - b.rank || b.length - a.length)) {
    if (placed.length === MOST_NAMES) break;
    label.width = pen.measureText(label.name).width;
    if (label.width > label.length * 1.6 + 12) continue;
    if (placed.every((other) => isApart(label, other))) placed.push(label);
  }
  return placed;
}

const isApart = (a, b) => Math.hypot(a.x - b.x, a.y - b.y) > (a.width + b.width) / 2 + ROOM_PX;

const upright = (angle) => (Math.abs(angle) > Math.PI / 2 ? angle + Math.PI : angle);

function writeAlong(pen, { name, x, y, angle }) {
  pen.save();
  pen.translate(x, y);
  pen.rotate(angle);
  pen.strokeText(name, 0, 0);
  pen.fillText(name, 0, 0);
  pen.restore();
}
