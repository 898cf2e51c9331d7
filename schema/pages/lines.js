/** Routes as lines: a bold leg to the stop that is next, dashes with arrows for the order that is planned after it. */

import { isOver, nextStop } from "/static/market.js";
import { palette } from "/static/palette.js";

const ARROW_FROM_PX = 64;
const FAINT = 0.12;

/** Draws one route; `driverAt` is the point of its driver on the canvas, or null. */
export function drawRoute(pen, route, { place, driverAt, isChosen, isFaint }) {
  const next = nextStop(route);
  if (!next) return;
  const points = (stops) => stops.map(({ lat, lon }) => place(lat, lon));
  const ahead = points([next, ...route.stops.filter((stop) => !isOver(stop) && stop !== next)]);
  const weight = isChosen ? 1.5 : 1;
  const alpha = (usual) => (isFaint ? FAINT : isChosen ? 1 : usual);
  const isOffered = route.state === "PLANNED" || route.state === "OFFERING";
  const isStarted = route.state === "STARTED";

  if (isChosen) stroke(pen, points(route.stops.filter(isOver)), { colour: "quiet", width: 2, alpha: 0.7 });
  const way = driverAt && !isStarted ? [driverAt, ...ahead] : ahead;
  stroke(pen, way, {
    colour: isOffered ? "wait" : "move",
    width: (isOffered ? 2 : 1.4) * weight,
    alpha: alpha(isOffered ? 0.8 : 0.42),
    dashes: isOffered ? [1, 5] : [6, 5],
    hasArrows: true,
  });
  if (driverAt && isStarted) {
    stroke(pen, [driverAt, ahead[0]], { colour: "surface", width: 5.5 * weight, alpha: alpha(0.8) });
    stroke(pen, [driverAt, ahead[0]], { colour: "move", width: 3 * weight, alpha: alpha(0.95) });
  }
}

function stroke(pen, points, { colour, width, alpha, dashes = [], hasArrows = false }) {
  if (points.length < 2) return;
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
  pen.setLineDash([]);
  if (hasArrows) points.slice(1).forEach((point, i) => arrow(pen, points[i], point));
  pen.restore();
}

/** A small arrow in the middle of a leg, where the leg is long enough to carry one. */
function arrow(pen, from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  if (length < ARROW_FROM_PX) return;
  pen.save();
  pen.translate((from.x + to.x) / 2, (from.y + to.y) / 2);
  pen.rotate(Math.atan2(to.y - from.y, to.x - from.x));
  pen.beginPath();
  pen.moveTo(-3.5, -4);
  pen.lineTo(2.5, 0);
  pen.lineTo(-3.5, 4);
  pen.stroke();
  pen.restore();
}
