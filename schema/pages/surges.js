/** Cells of the map where it is busy: the fuller the surge, the fuller the colour, and in words what it pays more. */

import { palette } from "/static/palette.js";

const FAINTEST = 0.1;
const FULLEST = 0.32;
const FULL_TURN = Math.PI * 2;

/** The cell as an area under everything else; its broken edge tells it from the streets without colour. */
export function drawSurge(pen, { outline, percent }, place) {
  pen.save();
  pen.beginPath();
  outline.forEach(({ lat, lon }, i) => {
    const { x, y } = place(lat, lon);
    if (i === 0) pen.moveTo(x, y);
    else pen.lineTo(x, y);
  });
  pen.closePath();
  paint(pen, percent);
  pen.restore();
}

/** What a drop-off from here pays more, or, where drivers get nothing, what a delivery costs more. */
export function nameSurge(pen, surge, place, wording) {
  const corners = surge.outline.map(({ lat, lon }) => place(lat, lon));
  const x = corners.reduce((sum, corner) => sum + corner.x, 0) / corners.length;
  const top = Math.min(...corners.map((corner) => corner.y));
  const bottom = Math.max(...corners.map((corner) => corner.y));
  const text = surge.driverBonusMinor > 0
    ? `+${wording.money(surge.driverBonusMinor)} a stop`
    : `+${surge.surchargeBasisPoints / 100} %`;
  pen.save();
  pen.font = "600 11px Inter, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = palette.ground;
  const y = top + (bottom - top) * 0.16;
  pen.strokeText(text, x, y);
  pen.fillStyle = palette.ink;
  pen.fillText(text, x, y);
  pen.restore();
}

/** A small cell for the legend. */
export function surgeSymbol(pen, percent) {
  pen.beginPath();
  for (let i = 0; i < 6; i += 1) {
    const angle = (FULL_TURN * i) / 6;
    pen.lineTo(Math.cos(angle) * 11, Math.sin(angle) * 11);
  }
  pen.closePath();
  paint(pen, percent);
  pen.setLineDash([]);
}

function paint(pen, percent) {
  pen.fillStyle = palette.wait;
  pen.globalAlpha = FAINTEST + ((FULLEST - FAINTEST) * percent) / 100;
  pen.fill();
  pen.globalAlpha = 0.9;
  pen.strokeStyle = palette.wait;
  pen.lineWidth = 1.5;
  pen.setLineDash([5, 4]);
  pen.stroke();
  pen.globalAlpha = 1;
}
