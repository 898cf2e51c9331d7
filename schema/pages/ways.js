/** Ways along streets: encoded polylines as points of the unit square of Web Mercator, and what is left of a way. */

const SCALE = 1e5;
/** Lines that are kept decoded; a route is read again with every change, and its lines are mostly the same. */
const MOST_KEPT = 4_000;

const kept = new Map();

/** The points of a written line, x, y, x, y, …; decoded once for each text. */
export function pointsOf(text) {
  let points = kept.get(text);
  if (!points) {
    if (kept.size >= MOST_KEPT) kept.clear();
    points = Float64Array.from(decode(text));
    kept.set(text, points);
  }
  return points;
}

function decode(text) {
  const points = [];
  const at = [0, 0];
  for (let i = 0, axis = 0; i < text.length; axis = 1 - axis) {
    let value = 0;
    for (let shift = 0, group = 32; group >= 32; shift += 5) {
      group = text.charCodeAt(i) - 63;
      value |= (group & 31) << shift;
      i += 1;
    }
    at[axis] += value & 1 ? ~(value >> 1) : value >> 1;
    if (axis === 1) points.push(...onSquare(at[0] / SCALE, at[1] / SCALE));
  }
  return points;
}

function onSquare(lat, lon) {
  const sine = Math.sin((lat * Math.PI) / 180);
  return [lon / 360 + 0.5, 0.5 - Math.log((1 + sine) / (1 - sine)) / (4 * Math.PI)];
}

/** What is left of a way for somebody who is at `from`: from there onto the way at its nearest point, and on. */
export function restOf(way, from) {
  let best = { away: Infinity, point: way[0], i: 0 };
  for (let i = 0; i + 1 < way.length; i += 1) {
    const point = nearestOn(way[i], way[i + 1], from);
    const away = Math.hypot(point.x - from.x, point.y - from.y);
    if (away < best.away) best = { away, point, i };
  }
  return [from, best.point, ...way.slice(best.i + 1)];
}

function nearestOn(begin, end, from) {
  const dx = end.x - begin.x;
  const dy = end.y - begin.y;
  const length = dx * dx + dy * dy;
  const along = length ? Math.min(1, Math.max(0, ((from.x - begin.x) * dx + (from.y - begin.y) * dy) / length)) : 0;
  return { x: begin.x + along * dx, y: begin.y + along * dy };
}

/** The point in the middle of a way and the direction there; null where the way is shorter than `least`. */
export function middleOf(way, least) {
  const lengths = way.slice(1).map((point, i) => Math.hypot(point.x - way[i].x, point.y - way[i].y));
  const whole = lengths.reduce((sum, length) => sum + length, 0);
  if (whole < least) return null;
  let left = whole / 2;
  const i = lengths.findIndex((length) => (left -= length) <= 0);
  const [begin, end] = [way[i], way[i + 1]];
  const back = lengths[i] ? -left / lengths[i] : 0;
  return {
    x: end.x - (end.x - begin.x) * back,
    y: end.y - (end.y - begin.y) * back,
    angle: Math.atan2(end.y - begin.y, end.x - begin.x),
  };
}
