/** The streets of the city, drawn on canvas tiles: main roads from afar, all of them from close by. */

import { palette } from "/static/palette.js";

const { L } = globalThis;

/** From this zoom on every street is wanted, and only then is it asked for. */
const ALL_FROM_ZOOM = 12;
/** From this zoom on streets have two edges; from afar they are thin lines. */
const EDGES_FROM_ZOOM = 14;
const TRY_AGAIN_MS = 5_000;
const TILE = 512;
const RANKS = ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "residential",
  "living_street", "service"];
const BIG = 2;
const MAIN = 4;

/** A layer of streets; `streets.attribution` is there once `load` has ended. */
export class Streets extends L.GridLayer {
  initialize() {
    L.GridLayer.prototype.initialize.call(this, { tileSize: TILE, minZoom: 3, maxZoom: 19, updateWhenZooming: false });
    this.lines = { main: null, all: null };
    this.bounds = null;
    palette.addEventListener("change", () => this.redraw());
  }

  async load(detail) {
    if (this.lines[detail]) return;
    this.lines[detail] = []; // asked for: not again while the answer is on its way
    try {
      const response = await fetch(`/map/streets.geojson?detail=${detail}`);
      const collection = await response.json();
      this.attribution = collection.attribution;
      this.lines[detail] = collection.features.flatMap(linesOf);
    } catch {
      this.lines[detail] = null;
      setTimeout(() => this.load(detail), TRY_AGAIN_MS);
      return;
    }
    this.bounds ??= boundsOf(this.lines[detail]);
    this.redraw();
    this.fire("drawn");
  }

  onAdd(map) {
    L.GridLayer.prototype.onAdd.call(this, map);
    map.on("zoomend", this.loadWhatIsSeen, this);
  }

  loadWhatIsSeen() {
    if (this._map.getZoom() >= ALL_FROM_ZOOM) this.load("all");
  }

  /** The lines that a zoom shows. */
  linesAt(zoom) {
    const isAll = zoom >= ALL_FROM_ZOOM && this.lines.all?.length;
    return (isAll ? this.lines.all : this.lines.main) ?? [];
  }

  createTile({ x, y, z }) {
    const tile = document.createElement("canvas");
    const density = Math.min(2, devicePixelRatio || 1);
    tile.width = TILE * density;
    tile.height = TILE * density;
    const pen = tile.getContext("2d");
    pen.scale(density, density);
    const size = 256 * 2 ** z;
    const margin = 12 / size;
    const area = {
      west: (x * TILE) / size - margin, east: ((x + 1) * TILE) / size + margin,
      north: (y * TILE) / size - margin, south: ((y + 1) * TILE) / size + margin,
    };
    pen.translate(-x * TILE, -y * TILE);
    drawLines(pen, this.linesAt(z).filter((line) => touches(line, area)), z, size);
    return tile;
  }
}

function drawLines(pen, lines, zoom, size) {
  const byRank = RANKS.map(() => []);
  for (const line of lines) byRank[line.rank].push(line);
  pen.lineCap = "round";
  pen.lineJoin = "round";
  const isClose = zoom >= EDGES_FROM_ZOOM;
  for (const isCasing of isClose ? [true, false] : [false]) {
    for (let rank = RANKS.length - 1; rank >= 0; rank -= 1) {
      if (byRank[rank].length === 0) continue;
      pen.beginPath();
      for (const { points } of byRank[rank]) trace(pen, points, size);
      pen.lineWidth = widthOf(rank, zoom) + (isCasing ? 1.5 : 0);
      pen.strokeStyle = palette[isCasing ? "road-casing" : colourOf(rank, isClose)];
      pen.stroke();
    }
  }
}

function trace(pen, points, size) {
  pen.moveTo(points[0] * size, points[1] * size);
  for (let i = 2; i < points.length; i += 2) pen.lineTo(points[i] * size, points[i + 1] * size);
}

function widthOf(rank, zoom) {
  const close = rank <= BIG ? 6 : rank <= MAIN ? 4.4 : 2.8;
  const least = rank <= BIG ? 1.8 : rank <= MAIN ? 1.1 : 0.5;
  return Math.max(least, close * 1.5 ** (zoom - 15));
}

function colourOf(rank, isClose) {
  if (!isClose) return rank <= MAIN ? "road-afar" : "road-minor-afar";
  return rank <= BIG ? "road-big" : rank <= MAIN ? "road-main" : "road-minor";
}

/** The parts of one feature as points of the unit square of Web Mercator: x, y, x, y, … */
function linesOf({ properties, geometry }) {
  const rank = Math.max(0, RANKS.indexOf(properties.class));
  return geometry.coordinates.map((coordinates) => {
    const points = new Float64Array(coordinates.length * 2);
    const line = { rank, name: properties.name, points, west: 1, east: 0, north: 1, south: 0 };
    coordinates.forEach(([lon, lat], i) => {
      const sine = Math.sin((lat * Math.PI) / 180);
      const x = lon / 360 + 0.5;
      const y = 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI);
      points[2 * i] = x;
      points[2 * i + 1] = y;
      line.west = Math.min(line.west, x);
      line.east = Math.max(line.east, x);
      line.north = Math.min(line.north, y);
      line.south = Math.max(line.south, y);
    });
    return line;
  });
}

export const touches = (line, area) =>
  line.east >= area.west && line.west <= area.east && line.south >= area.north && line.north <= area.south;

function boundsOf(lines) {
  if (lines.length === 0) return null;
  const corner = (x, y) => L.CRS.EPSG3857.pointToLatLng(L.point(x * 256, y * 256), 0);
  const most = (name, choose) => lines.reduce((best, line) => choose(best, line[name]), lines[0][name]);
  return L.latLngBounds(
    corner(most("west", Math.min), most("south", Math.max)), corner(most("east", Math.max), most("north", Math.min)),
  );
}
