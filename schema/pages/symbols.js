/** The symbols of the map and of its legend. Shape and inner mark say what a colour says, for those who see it not. */

import { PRESENCE_TONE, STOP_TONE, palette } from "/static/palette.js";

const DRIVER_RADIUS = 10;
const STOP_RADIUS = 7;
const WAITING_RADIUS = 5.5;
const FULL_TURN = Math.PI * 2;

/** Outlines around (0, 0) of about the same area for one radius. */
const OUTLINES = {
  circle: (pen, r) => pen.arc(0, 0, r, 0, FULL_TURN),
  square: (pen, r) => pen.roundRect(-r * 0.9, -r * 0.9, r * 1.8, r * 1.8, r * 0.35),
  hexagon: (pen, r) => polygon(pen, 6, r * 1.1, 0),
  triangle: (pen, r) => polygon(pen, 3, r * 1.25, -Math.PI / 2),
  diamond: (pen, r) => polygon(pen, 4, r * 1.2, -Math.PI / 2),
};

const DRIVER_OUTLINE = { DEDICATED: "hexagon", CONTRACTED: "square", CROWDSOURCED: "circle" };
const STOP_OUTLINE = { PICKUP: "triangle", DROPOFF: "circle", RETURN: "diamond" };

/** A driver: contract kind by outline, presence by colour and mark, where to by the nose (radians from north). */
export function drawDriver(pen, x, y, { kind, presence, heading = null, isChosen = false }) {
  at(pen, x, y, () => {
    const tone = palette[PRESENCE_TONE[presence] ?? "quiet"];
    if (isChosen) halo(pen, tone, DRIVER_RADIUS + 7);
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = palette.surface;
    pen.fillStyle = tone;
    if (heading !== null) nose(pen, heading);
    path(pen, () => OUTLINES[DRIVER_OUTLINE[kind] ?? "circle"](pen, DRIVER_RADIUS));
    pen.stroke();
    pen.fill();
    if (presence === "PAUSED") inner(pen, 4.5);
    presenceMark(pen, presence);
  });
}

/** A stop: kind by outline, state by colour, filling and mark; with its number in the planned order if it has one. */
export function drawStop(pen, x, y, { kind, state, number = null, isFaint = false, isChosen = false }) {
  at(pen, x, y, () => {
    const tone = palette[STOP_TONE[state] ?? "quiet"];
    if (isFaint) pen.globalAlpha = 0.3;
    if (state === "EN_ROUTE" || isChosen) halo(pen, tone, STOP_RADIUS + 5);
    const isOpen = state === "PENDING" || state === "SKIPPED" || state === "CANCELLED";
    path(pen, () => OUTLINES[STOP_OUTLINE[kind]](pen, STOP_RADIUS));
    pen.lineJoin = "round";
    pen.lineWidth = 4;
    pen.strokeStyle = isOpen ? palette.ground : palette.surface;
    pen.stroke();
    pen.fillStyle = isOpen ? palette.surface : tone;
    pen.fill();
    if (isOpen) {
      pen.lineWidth = 1.75;
      pen.strokeStyle = tone;
      pen.stroke();
    }
    if (number !== null && (state === "PENDING" || state === "EN_ROUTE")) {
      digit(pen, number, isOpen ? palette.ink : palette["on-tone"], kind === "PICKUP" ? 1 : 0);
    } else {
      stopMark(pen, state);
    }
  });
}

/** A drop-off that waits for a route: a small ring with the hand of a clock. */
export function drawWaiting(pen, x, y, { isChosen = false, isFaint = false } = {}) {
  at(pen, x, y, () => {
    if (isFaint) pen.globalAlpha = 0.3;
    if (isChosen) halo(pen, palette.wait, WAITING_RADIUS + 6);
    path(pen, () => OUTLINES.circle(pen, WAITING_RADIUS));
    pen.fillStyle = palette.surface;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = palette.wait;
    pen.stroke();
    pen.lineWidth = 1.5;
    line(pen, [0, -2.8], [0, 0.3], [2.2, 0.3]);
  });
}

/** A block: a sheet of a calendar, in the tone of how it stands. */
export function drawBlock(pen, x, y, { tone, isChosen = false }) {
  at(pen, x, y, () => {
    if (isChosen) halo(pen, palette[tone], 17);
    path(pen, () => pen.roundRect(-8, -7, 16, 15, 3.5));
    pen.fillStyle = palette.surface;
    pen.fill();
    pen.lineWidth = 2;
    pen.strokeStyle = palette[tone];
    pen.stroke();
    line(pen, [-8, -2], [8, -2]);
    line(pen, [-4, -9.5], [-4, -5.5]);
    line(pen, [4, -9.5], [4, -5.5]);
    if (tone === "good") line(pen, [-3.5, 3], [-0.8, 5.4], [4, 0.8]);
  });
}

/** A hub: a roof and a door on a dark plate. */
export function drawHub(pen, x, y, { isChosen = false } = {}) {
  at(pen, x, y, () => {
    if (isChosen) halo(pen, palette.ink, 20);
    path(pen, () => pen.roundRect(-12, -12, 24, 24, 7));
    pen.lineWidth = 3;
    pen.strokeStyle = palette.surface;
    pen.stroke();
    pen.fillStyle = palette.ink;
    pen.fill();
    pen.strokeStyle = palette.surface;
    pen.lineWidth = 1.75;
    pen.lineJoin = "round";
    line(pen, [-6.5, 6], [-6.5, -1.5], [0, -6], [6.5, -1.5], [6.5, 6], [-6.5, 6]);
    line(pen, [-2.5, 6], [-2.5, 1], [2.5, 1], [2.5, 6]);
  });
}

function presenceMark(pen, presence) {
  pen.strokeStyle = palette["on-tone"];
  pen.fillStyle = palette["on-tone"];
  pen.lineWidth = 2;
  pen.lineCap = "round";
  if (presence === "AVAILABLE") path(pen, () => OUTLINES.circle(pen, 2.6), "fill");
  if (presence === "ENGAGED") line(pen, [-3.5, -0.5], [0, 3.2], [3.5, -0.5], [0, 3.2], [0, -4]);
  if (presence === "OFFERED") line(pen, [0, -4.5], [0, 0.8], [0, 4.2], [0, 4.2]);
  if (presence === "PAUSED") {
    pen.strokeStyle = palette.quiet;
    line(pen, [-2, -2.6], [-2, 2.6]);
    line(pen, [2, -2.6], [2, 2.6]);
  }
}

function stopMark(pen, state) {
  pen.strokeStyle = palette["on-tone"];
  pen.fillStyle = palette["on-tone"];
  pen.lineWidth = 1.75;
  pen.lineCap = "round";
  if (state === "COMPLETED") line(pen, [-3, 0.3], [-0.8, 2.5], [3.2, -2.2]);
  if (state === "FAILED") {
    line(pen, [-2.4, -2.4], [2.4, 2.4]);
    line(pen, [2.4, -2.4], [-2.4, 2.4]);
  }
  if (state === "ARRIVED") path(pen, () => OUTLINES.circle(pen, 2.4), "fill");
  if (state === "SKIPPED" || state === "CANCELLED") {
    pen.strokeStyle = palette.quiet;
    line(pen, [-2.6, 0], [2.6, 0]);
  }
}

function nose(pen, heading) {
  pen.save();
  pen.rotate(heading);
  path(pen, () => {
    pen.moveTo(-5.5, -8.5);
    pen.lineTo(0, -DRIVER_RADIUS - 6.5);
    pen.lineTo(5.5, -8.5);
    pen.closePath();
  });
  pen.stroke();
  pen.fill();
  pen.restore();
}

function digit(pen, number, colour, dy) {
  pen.fillStyle = colour;
  pen.font = `600 ${number > 9 ? 8 : 9}px Inter, system-ui, sans-serif`;
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(number, 0, dy + 0.5);
}

function halo(pen, tone, radius) {
  pen.save();
  pen.globalAlpha *= 0.22;
  pen.fillStyle = tone;
  path(pen, () => OUTLINES.circle(pen, radius), "fill");
  pen.restore();
}

function inner(pen, radius) {
  pen.fillStyle = palette.surface;
  path(pen, () => OUTLINES.circle(pen, radius + 2.5), "fill");
}

function polygon(pen, corners, radius, turn) {
  for (let corner = 0; corner < corners; corner += 1) {
    const angle = turn + (corner * FULL_TURN) / corners;
    pen.lineTo(Math.cos(angle) * radius, Math.sin(angle) * radius);
  }
  pen.closePath();
}

function path(pen, draw, finish = null) {
  pen.beginPath();
  draw();
  if (finish) pen[finish]();
}

function line(pen, ...points) {
  path(pen, () => points.forEach(([x, y]) => pen.lineTo(x, y)), "stroke");
}

function at(pen, x, y, draw) {
  pen.save();
  pen.translate(x, y);
  draw();
  pen.restore();
}
