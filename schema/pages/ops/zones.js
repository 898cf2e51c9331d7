/** What operators do to a part of the city: surge, pauses, and areas that they draw on the map. */

import { ask } from "/static/ops/ask.js";
import { plural } from "/static/wording.js";

const SPANS = [["15", "15 minutes"], ["30", "30 minutes"], ["60", "1 hour"], ["120", "2 hours"], ["480", "8 hours"]];
const REACHES = [["0", "This cell, about 0.5 km"], ["1", "About 1.3 km around"], ["2", "About 2 km around"],
  ["3", "About 3 km around"]];
const WHERE = { name: "rings", label: "Where", type: "choice", options: REACHES, value: "1" };
const HOW_LONG = { name: "minutes", label: "For", type: "choice", options: SPANS, value: "60" };
const HOW_MUCH = { name: "percent", label: "Percent of the caps", type: "number", value: "50", min: 0, max: 100 };
const WHY = { name: "reason", label: "Why" };
const FOR_A_WHILE = ["PAUSE", "SURGE"];
const USES = [["PAUSE", "Pause it for a while"], ["SURGE", "Set surge there for a while"],
  ["AREA", "Serve within it alone, from now on"]];
const PAUSE_NOTE = "Nothing new is planned, offered or promised here. Routes that drivers have go on.";
const SURGE_NOTE = "In percent of the market's caps. Its budget still holds.";

export class Zones {
  /** `actions` says what is chosen, has areas drawn, and sends. */
  constructor(actions) {
    this.actions = actions;
  }

  async setSurge() {
    const { point } = this.actions.subject();
    const fields = [HOW_MUCH, WHERE, HOW_LONG, WHY];
    const answer = await ask({ title: "Set surge here", verb: "Set surge", note: SURGE_NOTE, fields });
    if (answer) await this.surge(await this.cellsAround(point, answer.rings), answer);
  }

  async pause() {
    const { point } = this.actions.subject();
    const fields = [WHERE, HOW_LONG, WHY];
    const answer = await ask({ title: "Pause this zone", verb: "Pause", note: PAUSE_NOTE, fields });
    if (answer) await this.pauseCells(await this.cellsAround(point, answer.rings), answer);
  }

  /** Has an area drawn, asks what it is for, and does that; the drawing stays on the map until it is done. */
  drawn() {
    this.actions.draw(async (corners) => {
      const answer = await ask({
        title: `An area with ${plural(corners.length, "corner")}`, verb: "Do it",
        note: "A pause and surge take every cell that it touches; routes that drivers have go on.",
        fields: [
          { name: "use", label: "What for", type: "choice", options: USES, value: "PAUSE" },
          { ...HOW_MUCH, shownFor: ["use", ["SURGE"]] },
          { ...HOW_LONG, shownFor: ["use", FOR_A_WHILE] },
          { ...WHY, shownFor: ["use", FOR_A_WHILE] },
        ],
      });
      if (!answer) return;
      if (answer.use === "AREA") await this.serveWithin(corners);
      else if (answer.use === "SURGE") await this.surge(await this.cellsWithin(corners), answer);
      else await this.pauseCells(await this.cellsWithin(corners), answer);
    });
  }

  async surge(cells, { percent, reason, minutes }) {
    if (!cells) return;
    const { actions } = this;
    await actions.send("set_surge", { cells, percent: Number(percent), reason, expiresAt: actions.until(minutes) },
      `Surge is ${Number(percent)} % in ${plural(cells.length, "cell")}`, () => (
        actions.send("clear_surge", { cells }, "Surge goes by the market again")));
  }

  async pauseCells(cells, { reason, minutes }) {
    if (!cells) return;
    const { actions } = this;
    await actions.send("pause_zone", { cells, reason, expiresAt: actions.until(minutes) },
      `${plural(cells.length, "cell")} paused`, ({ pauseId }) => (
        actions.send("resume_zone", { pauseId }, "The zone goes on")));
  }

  /** Where the market serves whoever has no area of their own; what was there before can be put back. */
  async serveWithin(corners) {
    const { actions } = this;
    const before = await this.read("shipper_service_area", { marketId: actions.market.marketId, shipperId: null });
    if (!before) return;
    const ring = [...corners, corners[0]].map(({ lat, lon }) => [lon, lat]);
    const area = JSON.stringify({ type: "Polygon", coordinates: [ring] });
    const earlier = before.shipperServiceArea?.area ?? null;
    await actions.send("set_service_area", { shipperId: null, area }, "The market serves within the area that you drew", () => (
      actions.send("set_service_area", { shipperId: null, area: earlier }, "The market serves as it did before")));
  }

  async freeze() {
    const { actions } = this;
    const answer = await ask({
      title: "Freeze all surge", verb: "Freeze", note: "Nobody pays or earns more in the whole market until it ends.",
      fields: [HOW_LONG, WHY],
    });
    if (!answer) return;
    await actions.send("freeze_surge", { reason: answer.reason, expiresAt: actions.until(answer.minutes) },
      "All surge is frozen", () => actions.send("clear_surge", {}, "Surge goes by the market again"));
  }

  async resume() {
    const { actions } = this;
    const options = actions.market.pauses.map(({ id, reason, expiresAt }) => (
      [id, `${reason}, until ${actions.wording.time(expiresAt)}`]));
    const answer = await ask({
      title: "End a pause", verb: "Go on", fields: [{ name: "pauseId", label: "Pause", type: "choice", options }],
    });
    if (answer) await actions.send("resume_zone", answer, "The zone goes on");
  }

  async cellsAround({ lat, lon }, rings) {
    const found = await this.read("cells_around", { point: { lat, lon }, rings: Number(rings) });
    return found?.cellsAround.map(({ cell }) => cell) ?? null;
  }

  async cellsWithin(corners) {
    const found = await this.read("cells_within", { corners });
    return found?.cellsWithin.map(({ cell }) => cell) ?? null;
  }

  /** An answer; null once it was told why there is none. */
  async read(name, variables) {
    try {
      return await this.actions.api.ask(name, variables);
    } catch (failure) {
      this.actions.toasts.tell(failure.message, { tone: "bad" });
      return null;
    }
  }
}
