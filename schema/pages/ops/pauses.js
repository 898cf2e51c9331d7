/** Paused zones on the map: crossed out under everything else, with the word that says so. */

import { palette } from "/static/palette.js";

/** One paused zone: its cells in grey with a full edge, so that they are told from surge without colour. */
export function drawPause(pen, { outlines }, place) {
  pen.save();
  for (const { outline } of outlines) {
    pen.beginPath();
    outline.forEach(({ lat, lon }, i) => {
      const { x, y } = place(lat, lon);
      if (i === 0) pen.moveTo(x, y);
      else pen.lineTo(x, y);
    });
    pen.closePath();
    fillPause(pen);
  }
  pen.restore();
}

function fillPause(pen) {
  pen.globalAlpha = 0.22;
  pen.fillStyle = palette.quiet;
  pen.fill();
  pen.globalAlpha = 0.9;
  pen.strokeStyle = palette.quiet;
  pen.lineWidth = 1.5;
  pen.stroke();
  pen.globalAlpha = 1;
}

/** A small paused cell for the legend. */
export function pauseSymbol(pen) {
  pen.beginPath();
  for (let i = 0; i < 6; i += 1) pen.lineTo(Math.cos((Math.PI * i) / 3) * 11, Math.sin((Math.PI * i) / 3) * 11);
  pen.closePath();
  fillPause(pen);
}

/** What it is and until when, in the middle of the first cell. */
export function namePause(pen, { outlines, expiresAt }, place, wording) {
  if (outlines.length === 0) return;
  const corners = outlines[0].outline.map(({ lat, lon }) => place(lat, lon));
  const x = corners.reduce((sum, corner) => sum + corner.x, 0) / corners.length;
  const y = corners.reduce((sum, corner) => sum + corner.y, 0) / corners.length;
  const text = `Paused until ${wording.time(expiresAt)}`;
  pen.save();
  pen.font = "600 12px Inter, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.lineJoin = "round";
  pen.lineWidth = 4;
  pen.strokeStyle = palette.ground;
  pen.strokeText(text, x, y);
  pen.fillStyle = palette.ink;
  pen.fillText(text, x, y);
  pen.restore();
}
