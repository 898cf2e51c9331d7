/** The legend: every symbol beside its meaning, drawn by the same hand as on the map. */

import { drawPlaces } from "/static/blocks.js";
import { element } from "/static/dom.js";
import { PARTS, STRAIGHT } from "/static/lines.js";
import { pauseSymbol } from "/static/ops/pauses.js";
import { palette } from "/static/palette.js";
import { surgeSymbol } from "/static/surges.js";
import { drawBlock, drawDriver, drawHub, drawStop, drawWaiting } from "/static/symbols.js";
import { CONTRACT, PRESENCE, STOP, STOP_STATE, capital } from "/static/wording.js";

const STOP_STATES = ["PENDING", "EN_ROUTE", "ARRIVED", "COMPLETED", "FAILED", "SKIPPED"];

export function legend() {
  const driver = (looks) => (pen) => drawDriver(pen, 0, 0, { kind: "CROWDSOURCED", presence: "AVAILABLE", ...looks });
  const stop = (looks) => (pen) => drawStop(pen, 0, 0, { kind: "DROPOFF", state: "PENDING", ...looks });
  const groups = [
    group("Drivers by contract", Object.entries(CONTRACT).map(([kind, text]) => [text, driver({ kind })])),
    group("Drivers by presence", Object.entries(PRESENCE).map(([presence, text]) => [text, driver({ presence })])),
    group("Stops by kind", Object.entries(STOP).map(([kind, text]) => [text, stop({ kind })])),
    group("Stops by state", STOP_STATES.map((state) => [STOP_STATE[state], stop({ state })])),
    group("Places", [["hub", (pen) => drawHub(pen, 0, 0)],
      ["block of a zone", (pen) => drawBlock(pen, 0, 0, { tone: "wait" })],
      ["places of blocks, taken of all", (pen) => drawPlaces(pen, 0, 0, [{ places: 5, taken: 3 }])],
      ["delivery that waits", (pen) => drawWaiting(pen, 0, 0)]]),
    group("Areas", [
      ["paused: nothing new begins here", (pen) => pauseSymbol(pen)],
      ["drivers are paid a little more", (pen) => surgeSymbol(pen, 20)],
      ["as much more as the market allows", (pen) => surgeSymbol(pen, 100)],
    ]),
    group("Routes", [
      ["to the next stop", (pen) => dash(pen, PARTS.next)],
      ["after the next stop", (pen) => dash(pen, PARTS.ahead)],
      ["driven", (pen) => dash(pen, PARTS.driven)],
      ["on offer", (pen) => dash(pen, PARTS.offered)],
      ["no streets known", (pen) => dash(pen, { ...PARTS.ahead, dashes: STRAIGHT })],
    ]),
  ];
  const body = element("div", { class: "legend-body" }, ...groups);
  palette.addEventListener("change", () => body.querySelectorAll("canvas").forEach((canvas) => canvas.paint()));
  return element("details", { class: "legend" }, element("summary", {}, "Legend"), body);
}

function group(title, rows) {
  return element("section", {}, element("h3", {}, title), element("ul", {}, ...rows.map(([text, draw]) => (
    element("li", {}, symbol(draw), capital(text))))));
}

/** A symbol on a little canvas of its own; `paint(draw)` draws it, or another one, anew. */
export function symbol(draw, size = 30) {
  const canvas = element("canvas", { class: "symbol", "aria-hidden": "true", width: size * 2, height: size * 2 });
  canvas.paint = (drawn = draw) => {
    const pen = canvas.getContext("2d");
    pen.setTransform(2, 0, 0, 2, size, size);
    pen.clearRect(-size, -size, 2 * size, 2 * size);
    drawn(pen);
  };
  canvas.paint();
  return canvas;
}

function dash(pen, { colour, width, alpha, dashes }) {
  pen.globalAlpha = alpha;
  pen.strokeStyle = palette[colour];
  pen.lineWidth = width;
  pen.lineCap = "round";
  pen.setLineDash(dashes);
  pen.beginPath();
  pen.moveTo(-11, 0);
  pen.lineTo(11, 0);
  pen.stroke();
  pen.setLineDash([]);
  pen.globalAlpha = 1;
}
