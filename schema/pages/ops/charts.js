/** Small charts of our own: columns and lines over days in SVG, and bars by name. Colours are those of look.css. */

import { element } from "/static/dom.js";

const NAMESPACE = new DOMParser()
  .parseFromString('<svg xmlns="http://www.w3.org/2000/svg"/>', "image/svg+xml").documentElement.namespaceURI;
const DAY_MS = 86_400_000;
const SIZE = { width: 264, height: 122 };
const PLOT = { left: 46, right: 260, top: 9, bottom: 100 };
const WIDEST_COLUMN = 22;
/** Days narrower than this stand side by side: gaps between them would be all that one sees. */
const THIN_PX = 6;
/** Each day of a line has a dot up to so many days; beyond that the line alone is clearer. */
const MOST_DOTS = 32;
/** Lines of a hundred that all run above the second figure are drawn from the first one up; columns begin at nothing. */
const UPPER_HALF = [50, 60];

/**
 * Draws a chart over days. `days` are all days of the span in order as `{ day, label }`, `rows` the figures by day;
 * `parts` are `{ label, tone, value(row), isDashed }`. With `isStacked` the parts lie upon each other as columns.
 */
export function dayChart({ days, rows, parts, isStacked, most, mark, write, label }) {
  const chart = drawn("svg", { viewBox: `0 0 ${SIZE.width} ${SIZE.height}`, role: "img", "aria-label": label, class: "chart" });
  const top = most ?? niceTop(highest(rows.values(), parts, isStacked));
  const base = isStacked ? 0 : floorOf([...rows.values()], parts, most);
  const scale = {
    x: (i) => PLOT.left + ((i + 0.5) * (PLOT.right - PLOT.left)) / days.length,
    y: (value) => PLOT.bottom - ((Math.min(value, top) - base) / (top - base)) * (PLOT.bottom - PLOT.top),
    step: (PLOT.right - PLOT.left) / days.length,
    marks: [base, (base + top) / 2, top],
  };
  chart.append(...frame(scale, days, write));
  if (mark) chart.append(drawn("line", { class: "mark", x1: PLOT.left, x2: PLOT.right, y1: scale.y(mark), y2: scale.y(mark) }));
  if (isStacked) chart.append(...columns({ days, rows, parts, scale }));
  else for (const part of [...parts].reverse()) chart.append(...line({ days, rows, part, scale }));
  chart.append(...days.map(({ day, label: name }, i) => hint({ row: rows.get(day), name, i, parts, scale, write })));
  return chart;
}

/** Bars by name, the numbers beside them: `rows` are `{ name, row }`. */
export function nameBars({ rows, parts, isStacked, most, write }) {
  const top = most ?? niceTop(highest(rows.map(({ row }) => row), parts, isStacked));
  return element("ul", { class: "name-bars" }, ...rows.map(({ name, row }) => {
    const groups = isStacked ? [parts] : parts.map((part) => [part]);
    return element("li", {}, element("span", { class: "name" }, name), ...groups.map((group) => bar({ group, row, top, write })));
  }));
}

function bar({ group, row, top, write }) {
  const known = group.filter(({ value }) => value(row) !== null);
  const whole = known.reduce((sum, { value }) => sum + value(row), 0);
  const track = element("span", { class: "track", "aria-hidden": "true" }, ...known.map(({ tone, value, label }) => {
    const piece = element("span", { class: `tone-${tone}`, title: `${label}: ${write(value(row))}` });
    piece.style.flexGrow = value(row);
    return piece;
  }));
  track.style.setProperty("--rest", Math.max(0, top - whole));
  return element("span", { class: "bar-line" }, track, element("b", {}, known.length > 0 ? write(whole) : "–"));
}

/** The days from one to another, both of them; days are written as 2026-03-02. */
export function daysBetween(first, last, write) {
  const days = [];
  for (let at = Date.parse(first); at <= Date.parse(last); at += DAY_MS) {
    const day = new Date(at).toISOString().slice(0, 10);
    days.push({ day, label: write(day) });
  }
  return days;
}

function frame(scale, days, write) {
  const lines = scale.marks.flatMap((value) => [
    drawn("line", { class: value === 0 ? "base" : "grid", x1: PLOT.left, x2: PLOT.right, y1: scale.y(value), y2: scale.y(value) }),
    drawn("text", { x: PLOT.left - 6, y: scale.y(value) + 3.5, "text-anchor": "end" }, write(value)),
  ]);
  const ends = days.length > 1 ? [[0, "start", PLOT.left], [days.length - 1, "end", PLOT.right]]
    : [[0, "middle", scale.x(0)]];
  return [...lines, ...ends.map(([i, anchor, x]) => (
    drawn("text", { x, y: SIZE.height - 6, "text-anchor": anchor }, days[i].label)))];
}

function columns({ days, rows, parts, scale }) {
  const isThin = scale.step < THIN_PX;
  const width = isThin ? scale.step : Math.min(WIDEST_COLUMN, scale.step * 0.72);
  return days.flatMap(({ day }, i) => {
    let below = 0;
    return parts.map(({ tone, value }) => {
      const size = rows.has(day) ? value(rows.get(day)) ?? 0 : 0;
      const [from, to] = [scale.y(below), scale.y(below + size)];
      below += size;
      return size > 0 && drawn("rect", {
        class: `tone-${tone}${isThin ? " is-thin" : ""}`,
        x: round(scale.x(i) - width / 2), width: round(width), y: round(to), height: round(from - to),
      });
    }).filter(Boolean);
  });
}

/** A line that ends where nothing was counted and begins anew after it. */
function line({ days, rows, part: { tone, value, isDashed }, scale }) {
  const points = days.map(({ day }, i) => {
    const found = rows.has(day) ? value(rows.get(day)) : null;
    return found === null ? null : [round(scale.x(i)), round(scale.y(found))];
  });
  const path = points.map((point, i) => point && `${points[i - 1] ? "L" : "M"}${point.join(" ")}`).filter(Boolean).join("");
  const isAlone = (i) => !points[i - 1] && !points[i + 1];
  const dots = points.map((point, i) => point && (days.length <= MOST_DOTS || isAlone(i))
    && drawn("circle", { class: `tone-${tone}`, cx: point[0], cy: point[1], r: 2.6 })).filter(Boolean);
  return [drawn("path", { class: `line tone-${tone}${isDashed ? " is-dashed" : ""}`, d: path }), ...dots];
}

/** What a pointer reads above a day. */
function hint({ row, name, i, parts, scale, write }) {
  const said = row && parts.filter(({ value }) => value(row) !== null).map(({ label, value }) => `${label} ${write(value(row))}`);
  const text = `${name}: ${said?.length > 0 ? said.join(", ") : "nothing counted"}`;
  const place = { x: round(scale.x(i) - scale.step / 2), y: 0, width: round(scale.step), height: SIZE.height };
  return drawn("rect", { class: "hint", ...place }, drawn("title", {}, text));
}

function highest(rows, parts, isStacked) {
  const values = [...rows].map((row) => {
    const known = parts.map(({ value }) => value(row) ?? 0);
    return isStacked ? known.reduce((sum, one) => sum + one, 0) : Math.max(...known);
  });
  return Math.max(0, ...values);
}

function floorOf(rows, parts, most) {
  const [floor, above] = UPPER_HALF;
  const values = rows.flatMap((row) => parts.map(({ value }) => value(row))).filter((value) => value !== null);
  return most === 100 && Math.min(...values) >= above ? floor : 0;
}

/** The next round number above: 1, 2, 4, 6 or 8 times a power of ten, so that its half is round, too. */
function niceTop(value) {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 4, 6, 8, 10].find((step) => step * power >= value) ?? 10) * power;
}

const round = (value) => Math.round(value * 100) / 100;

function drawn(tag, attributes, ...children) {
  const made = document.createElementNS(NAMESPACE, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}
