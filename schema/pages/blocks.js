/** Blocks in words and on the map: whose places are open, who waits in line, and who has come. */

import { palette } from "/static/palette.js";
import { plural } from "/static/wording.js";

/** Places that nobody has. */
export const openPlaces = ({ places, taken }) => Math.max(0, places - taken);

/** From when to when, with the day where it is not today's. */
export function blockTimes({ opensAt, closesAt }, { wording, clock }) {
  const isToday = wording.date(opensAt) === wording.date(clock.now());
  return `${isToday ? "" : `${wording.day(opensAt)} `}${wording.time(opensAt)} to ${wording.time(closesAt)}`;
}

/** How a block stands: places, line, and, once it is under way, who was seen there. */
export function blockStands(block, clock) {
  const { places, taken, waiting, attended, opensAt } = block;
  const open = openPlaces(block);
  return [
    `${taken} of ${plural(places, "place")} taken`,
    open > 0 ? `${open} open` : null,
    waiting > 0 ? plural(waiting, "driver waits", "drivers wait") : null,
    Date.parse(opensAt) <= clock.now() ? `${attended} of ${taken} came` : null,
  ].filter(Boolean).join(", ");
}

/** Taken and all places beside a hub: amber while some are open, green once all are taken. */
export function drawPlaces(pen, x, y, blocks) {
  const places = blocks.reduce((sum, one) => sum + one.places, 0);
  const taken = blocks.reduce((sum, one) => sum + one.taken, 0);
  const text = `${taken}/${places}`;
  pen.save();
  pen.font = "650 10px Inter, system-ui, sans-serif";
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  const width = pen.measureText(text).width + 10;
  pen.beginPath();
  pen.roundRect(x - width / 2, y - 8, width, 16, 8);
  pen.lineWidth = 3;
  pen.strokeStyle = palette.surface;
  pen.stroke();
  pen.fillStyle = taken < places ? palette.wait : palette.good;
  pen.fill();
  pen.fillStyle = palette["on-tone"];
  pen.fillText(text, x, y + 0.5);
  pen.restore();
}
