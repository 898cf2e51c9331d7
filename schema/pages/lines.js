/** Routes as lines along streets: what is driven in grey, the way to the next stop bold, the rest thin, with arrows. */

import { isOver, nextStop } from "/static/market.js";
import { palette } from "/static/palette.js";
import { middleOf, pointsOf, restOf } from "/static/ways.js";

const ARROW_FROM_PX = 64;
const FAINT = 0.12;

/** How each part of a route is drawn; a part for which no streets are known is dashed, whatever it is. */
export const PARTS = {
  driven: { colour: "quiet", width: 2, alpha: 0.45, dashes: [] },
  next: { colour: "move", width: 3.6, alpha: 1, dashes: [] },
  ahead: { colour: "move", width: 2, alpha: 0.6, dashes: [] },
  offered: { colour: "wait", width: 2, alpha: 0.85, dashes: [1, 5] },
};
export const STRAIGHT = [7, 6];

/**
 * Draws one route. `driverAt` is the point of its driver on the canvas, or null; `place` makes a point of the canvas of
 * a position, `onCanvas` of a point of the unit square; `scale` makes lines thinner from afar.
 */
export function drawRoute(pen, route, { place, onCanvas, scale, driverAt, isChosen, isFaint }) {
  const next = nextStop(route);
  if (!next) return;
  const look = { weight: scale * (isChosen ? 1.5 : 1), isChosen, isFaint };
  const isOffered = route.state === "PLANNED" || route.state === "OFFERING";
  const isStarted = route.state === "STARTED";
  let before = null;
  const legs = [];
  for (const stop of route.stops) {
    if (stop.state === "SKIPPED" || stop.state === "CANCELLED") continue;
    const here = place(stop.lat, stop.lon);
    const part = isOver(stop) ? "driven" : isOffered ? "offered" : stop === next && isStarted ? "next" : "ahead";
    legs.push({ part, ...wayTo(stop, { before, here, onCanvas, driverAt, isNext: stop === next && !isOffered }) });
    before = here;
  }
  // What matters most is drawn last: every line lies above those that are less urgent.
  for (const part of ["driven", "offered", "ahead", "next"]) {
    for (const leg of legs) if (leg.part === part && leg.way.length > 1) drawLeg(pen, leg, look);
  }
}

/** The way that leads to a stop, as points of the canvas, and whether it follows streets. */
function wayTo(stop, { before, here, onCanvas, driverAt, isNext }) {
  if (!stop.path) {
    const from = isNext && driverAt ? driverAt : before;
    return { way: from ? [from, here] : [], isStraight: true };
  }
  const square = pointsOf(stop.path);
  const way = [];
  for (let i = 0; i < square.length; i += 2) way.push(onCanvas(square[i], square[i + 1]));
  return { way: isNext && driverAt ? restOf(way, driverAt) : way, isStraight: false };
}

function drawLeg(pen, { part, way, isStraight }, { weight, isChosen, isFaint }) {
  const { colour, width, alpha, dashes } = PARTS[part];
  const looks = {
    colour,
    width: width * weight,
    alpha: isFaint ? FAINT : isChosen ? 1 : alpha,
    dashes: isStraight && part !== "offered" ? STRAIGHT : dashes,
  };
  if (part === "next" && !isStraight) {
    stroke(pen, way, { ...looks, colour: "surface", width: looks.width + 2.5, alpha: looks.alpha * 0.85 });
  }
  stroke(pen, way, looks);
  if (part === "ahead" || part === "offered") arrow(pen, way, looks);
}

function stroke(pen, points, { colour, width, alpha, dashes }) {
  pen.save();
  pen.globalAlpha = alpha;
  pen.strokeStyle = palette[colour];
  pen.lineWidth = width;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.setLineDash(dashes);
  pen.beginPath();
  for (const { x, y } of points) pen.lineTo(x, y);
  pen.stroke();
  pen.restore();
}

/** A small arrow in the middle of a leg, where the leg is long enough to carry one. */
function arrow(pen, way, { colour, width, alpha }) {
  const middle = middleOf(way, ARROW_FROM_PX);
  if (!middle) return;
  pen.save();
  pen.globalAlpha = alpha;
  pen.strokeStyle = palette[colour];
  pen.lineWidth = width;
  pen.lineCap = "round";
  pen.lineJoin = "round";
  pen.translate(middle.x, middle.y);
  pen.rotate(middle.angle);
  pen.beginPath();
  pen.moveTo(-2 * width, -2.2 * width);
  pen.lineTo(1.2 * width, 0);
  pen.lineTo(-2 * width, 2.2 * width);
  pen.stroke();
  pen.restore();
}
