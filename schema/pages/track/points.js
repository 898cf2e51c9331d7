/** Points near the door at which the recipient may collect the parcel: read when asked for, chosen once it is sure. */

import { byId, element, write } from "/static/dom.js";
import { POINT_REFUSALS } from "/static/track/words.js";

const MONDAY = Date.UTC(2024, 0, 1);
const DAY_MS = 86_400_000;
const HOLIDAYS_SHOWN = 3;

export class Points {
  constructor(page) {
    this.page = page;
    this.points = null;
    byId("points").addEventListener("toggle", () => byId("points").open && this.read());
    byId("points-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.askOnceMore();
    });
    byId("points-sure").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.choose();
    });
    byId("points-no").addEventListener("click", () => this.goBack());
  }

  get words() {
    return this.page.words;
  }

  /** Nothing is read here: what somebody is choosing from stays as it is. */
  show(delivery) {
    this.delivery = delivery;
    byId("points-section").hidden = !delivery.actions.includes("CHOOSE_POINT");
    write(byId("points-title"), delivery.collection ? this.words.pointsOther : this.words.pointsTitle);
    if (this.points && this.drawnIn !== this.page.language) this.draw();
  }

  /** Reads the points; `why` says first what became of the last choice. */
  async read(why = "") {
    write(byId("points-state"), why || this.words.pointsLooking);
    try {
      this.points = (await this.page.client.ask("nearby_points")).filter((point) => !this.isChosen(point));
      this.draw(why);
    } catch (failure) {
      write(byId("points-state"), failure.code === "NETWORK" ? this.words.noConnection : failure.message);
    }
  }

  isChosen({ name, lat, lon }) {
    const { collection } = this.delivery;
    return collection !== null && collection.name === name && collection.lat === lat && collection.lon === lon;
  }

  draw(why = "") {
    this.drawnIn = this.page.language;
    write(byId("points-state"), [why, this.words.pointsFound(this.points.length)].filter(Boolean).join(" "));
    byId("points-near").replaceChildren(...this.points.map((point, i) => this.choice(point, i)));
    byId("points-sure").hidden = true;
    byId("points-form").hidden = this.points.length === 0;
  }

  choice(point, i) {
    const isFull = point.placesLeft < 1;
    const far = this.words.pointFar(this.page.view.distance(point.distanceM));
    const lines = [isFull ? this.words.pointFull : null, far, ...this.opening(point)].filter(Boolean);
    const radio = element("input", {
      type: "radio", name: "point", value: i, disabled: isFull, "aria-labelledby": `point-${i}`,
      "aria-describedby": `point-${i}-more`,
    });
    const where = element("span", { id: `point-${i}` }, element("b", {}, point.name), " ", point.address);
    const more = lines.map((line) => element("span", {}, `${line} `));
    return element("label", {}, radio, element("span", { class: "point" }, where,
      element("span", { id: `point-${i}-more`, class: "soft" }, ...more)));
  }

  /** The hours of a week, days alike in one line, and the next days on which it stays closed. */
  opening({ hours, holidays }) {
    const { words, page: { language } } = this;
    const say = (options) => new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options });
    const weekday = say({ weekday: "short" });
    const runs = [];
    for (let day = 1; day <= 7; day += 1) {
      const times = hours.filter((one) => one.day === day).map(({ opens, closes }) =>
        opens === closes ? words.allDay : words.times(opens, closes)).join(", ");
      const last = runs.at(-1);
      if (last?.times === times) last.to = day;
      else runs.push({ from: day, to: day, times });
    }
    const name = (day) => weekday.format(MONDAY + (day - 1) * DAY_MS);
    const lines = runs.filter(({ times }) => times).map(({ from, to, times }) =>
      words.openOn(from === to ? name(from) : words.days(name(from), name(to)), times));
    const { timeZone, readAt } = this.delivery;
    const today = new Intl.DateTimeFormat("en-CA", { timeZone }).format(new Date(readAt));
    const date = say({ weekday: "short", day: "numeric", month: "long" });
    const closed = holidays.filter((day) => day >= today).sort().slice(0, HOLIDAYS_SHOWN);
    const dates = closed.map((day) => date.format(new Date(day))).join("; ");
    return dates ? [...lines, words.closedOn(dates)] : lines;
  }

  askOnceMore() {
    const chosen = document.querySelector("[name=point]:checked");
    if (!chosen) {
      this.page.say(this.words.choosePoint);
      return;
    }
    this.chosen = this.points[Number(chosen.value)];
    write(byId("points-question"), this.words.pointSure(this.chosen.name, this.chosen.address));
    write(byId("points-state"), "");
    byId("points-form").hidden = true;
    byId("points-sure").hidden = false;
    byId("points-question").focus();
  }

  goBack() {
    write(byId("points-state"), this.words.pointsFound(this.points.length));
    byId("points-sure").hidden = true;
    byId("points-form").hidden = false;
    document.querySelector("[name=point]:checked")?.focus();
  }

  async choose() {
    const { chosen, page } = this;
    const button = byId("points-sure").querySelector("[type=submit]");
    button.disabled = true;
    try {
      await page.client.change("choose_hand_over_point", { pointId: chosen.id });
      byId("points").open = false;
      this.points = null;
      byId("points-sure").hidden = true;
      await page.look();
      page.say(this.words.pointChosen(chosen.name));
      byId("points-title").closest("summary").focus();
    } catch (failure) {
      await this.refused(failure, chosen);
    }
    button.disabled = false;
  }

  /** What another point may mend is said above a fresh list; where it is too late for any, the page is read anew. */
  async refused(failure, { name }) {
    const why = POINT_REFUSALS[failure.code]?.[this.page.language];
    if (why) {
      await this.read(why(name));
      document.querySelector("[name=point]:enabled")?.focus();
      return;
    }
    await this.page.look();
    this.page.sayFailure(failure);
  }
}
