/** Writes a delivery into the page. Only what changed is touched, so that it alone is read out. */

import { byId, element, write } from "/static/dom.js";
import { metresBetween } from "/static/track/map.js";
import { GREEN, PLACES, REASONS, VEHICLES } from "/static/track/words.js";

export const OVER = ["DELIVERED", "BACK", "CANCELLED", "FAILED", "GOING_BACK", "ATTEMPTED"];
const NEAR_STEP_M = 50;
const DAYS_AHEAD = 7;
const DAY_MS = 86_400_000;

export class View {
  constructor(language, words) {
    this.language = language;
    this.words = words;
  }

  show(delivery) {
    this.delivery = delivery;
    this.format(delivery.timeZone);
    byId("delivery").hidden = false;
    write(byId("shipper"), this.words.from(delivery.shipperName));
    this.status(delivery);
    this.pin(delivery);
    this.collection(delivery);
    this.pictures(delivery);
    this.rating(delivery);
    this.days(delivery);
    this.swap(delivery);
    this.wishes(delivery);
    this.facts(delivery);
    this.timeline(delivery);
  }

  format(timeZone) {
    const say = (options) => new Intl.DateTimeFormat(this.language, { timeZone, ...options });
    this.day = say({ weekday: "long", day: "numeric", month: "long" });
    this.time = say({ hour: "2-digit", minute: "2-digit", hour12: false });
    this.moment = say({ weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit",
      hour12: false });
  }

  status(delivery) {
    const { words } = this;
    const isThere = delivery.status === "READY_TO_COLLECT";
    const isOver = isThere || OVER.includes(delivery.status);
    const planned = isOver ? null : delivery.plannedWindow;
    const promised = this.between(delivery.promisedWindow);
    write(byId("headline"), delivery.headline);
    put("reason", delivery.reason);
    const moment = this.moment.format(new Date(delivery.timeline.at(-1)?.occurredAt ?? delivery.changedAt));
    const shown = planned ? words.planned(this.between(planned)) : words.promisedAs(promised);
    write(byId("when"), isOver ? (isThere ? words.thereSince : words.arrived)(moment) : shown);
    put("promised", planned ? words.promisedAs(promised) : null);
    const near = delivery.stopsBefore === null ? null : this.nearness(delivery);
    put("near", isOver ? null : near);
  }

  nearness({ stopsBefore, status }) {
    if (status === "AT_THE_DOOR") return null;
    const order = stopsBefore === 0 ? this.words.next : this.words.before(stopsBefore);
    return this.far ? `${order} ${this.words.distance(this.far)}` : order;
  }

  /** How far the driver is, in round figures; null while that is not to be seen. */
  get far() {
    const { position } = this.delivery;
    if (!position || position.isBlurred) return null;
    return this.distance(metresBetween(position, this.delivery));
  }

  /** Metres in round figures. */
  distance(metres) {
    if (metres < 1000) return `${Math.max(NEAR_STEP_M, Math.round(metres / NEAR_STEP_M) * NEAR_STEP_M)} m`;
    const kilometres = new Intl.NumberFormat(this.language, { maximumFractionDigits: 1 }).format(metres / 1000);
    return `${kilometres} km`;
  }

  between({ opensAt, closesAt }) {
    const [opens, closes] = [new Date(opensAt), new Date(closesAt)];
    const ends = this.day.format(opens) === this.day.format(closes) ? this.time : this.moment;
    return this.words.between(this.day.format(opens), this.time.format(opens), ends.format(closes));
  }

  pin({ pin }) {
    byId("pin-section").hidden = !pin;
    write(byId("pin"), pin ?? "");
    // A screen reader says digit after digit, not a number of hundred thousands.
    byId("pin").setAttribute("aria-label", pin ? [...pin].join(" ") : "");
  }

  collection({ collection }) {
    byId("collection-section").hidden = !["PROMISED", "WAITING"].includes(collection?.state);
    if (byId("collection-section").hidden) return;
    write(byId("collection-code"), collection.code ?? "");
    byId("collection-code").setAttribute("aria-label", collection.code ? [...collection.code].join(" ") : "");
    write(byId("collection-place"), `${collection.name}, ${collection.address}`);
    const until = collection.code && collection.dueAt ? new Date(new Date(collection.dueAt) - 1000) : null;
    write(byId("collection-until"), until ? this.words.collectionUntil(this.day.format(until)) : this.words.collectionSoon);
  }

  pictures({ pictures }) {
    byId("proof-section").hidden = pictures.length === 0;
    if (byId("pictures").childElementCount === pictures.length) return;
    const made = pictures.map((src, i) => element("img", { src, alt: this.words.picture(i + 1), loading: "lazy" }));
    byId("pictures").replaceChildren(...made);
  }

  rating({ actions, rating }) {
    byId("rate-section").hidden = !actions.includes("RATE");
    byId("rated-section").hidden = !rating;
    if (!rating) return;
    const why = rating.reasons.map((reason) => REASONS[reason][this.language]);
    write(byId("rated"), [this.words.star(rating.stars), ...why].join(" · "));
  }

  /** The days from today on, by the calendar where the delivery goes. */
  days({ actions, readAt, timeZone }) {
    byId("window-section").hidden = !actions.includes("RESCHEDULE");
    const calendar = new Intl.DateTimeFormat("en-CA", { timeZone });
    const moments = Array.from({ length: DAYS_AHEAD }, (_, i) => new Date(Date.parse(readAt) + i * DAY_MS));
    const made = moments.map((one) => element("option", { value: calendar.format(one) }, this.day.format(one)));
    const chosen = byId("day").value;
    replaceChanged(byId("day"), made);
    if (made.some(({ value }) => value === chosen)) byId("day").value = chosen;
  }

  /** The windows of a day, to choose one of. */
  windows(windows) {
    byId("window-form").hidden = windows.length === 0;
    const made = windows.map(({ window: { opensAt, closesAt }, reason }, i) => {
      const times = this.words.times(this.time.format(new Date(opensAt)), this.time.format(new Date(closesAt)));
      const why = GREEN[reason]?.[this.language];
      return element("label", {}, element("input", { type: "radio", name: "window", value: i }),
        element("span", {}, times), why ? element("span", { class: "green" }, why) : null);
    });
    byId("windows").replaceChildren(...made);
  }

  /** What was short, while the recipient is asked about it. */
  swap({ substitutions }) {
    this.asked = substitutions.find(({ state }) => state === "PROPOSED") ?? null;
    byId("swap-section").hidden = this.asked === null;
    if (this.asked === null) return;
    const { name, quantity, substitute, answerDueAt } = this.asked;
    write(byId("swap-question"), this.words.swapAsk(quantity, name, substitute, this.time.format(new Date(answerDueAt))));
  }

  wishes({ actions, instructions, safePlace }) {
    byId("wishes-section").hidden = !actions.includes("LEAVE_INSTRUCTIONS");
    byId("place-form").hidden = !actions.includes("CHOOSE_SAFE_PLACE");
    // What somebody is typing is theirs until it is sent.
    if (!byId("instructions-form").dataset.touched) byId("instructions").value = instructions;
    if (!byId("place-form").dataset.touched) byId("place").value = safePlace ?? "";
  }

  facts({ address, driver, substitutions }) {
    const rows = [[this.words.address, address]];
    for (const { name, quantity, state, substitute } of substitutions) {
      const instead = { TAKEN: `${quantity} × ${substitute}`, LEFT_OUT: this.words.leftOut }[state];
      if (instead) rows.push([this.words.insteadOf(name), instead]);
    }
    if (driver) {
      const vehicle = VEHICLES[driver.vehicle]?.[this.language] ?? "";
      rows.push([this.words.driver, this.words.brings(driver.firstName, vehicle)]);
    }
    const made = rows.map(([term, text]) => element("div", {}, element("dt", {}, term), element("dd", {}, text)));
    replaceChanged(byId("facts"), made);
  }

  timeline({ timeline }) {
    const made = timeline.map(({ headline, occurredAt }) => {
      const time = element("time", { datetime: occurredAt }, this.moment.format(new Date(occurredAt)));
      return element("li", {}, element("span", {}, headline), time);
    });
    byId("timeline-title").hidden = made.length === 0;
    replaceChanged(byId("timeline"), made);
  }
}

/** The parts of the forms that are the same for every delivery, in the page's language. */
export function fillForms(language, words) {
  const choice = (value, text) => element("option", { value }, text);
  const places = Object.entries(PLACES).map(([value, text]) => choice(value, text[language]));
  const place = byId("place").value;
  byId("place").replaceChildren(choice("", words.noPlace), ...places);
  byId("place").value = place;
  const stars = [1, 2, 3, 4, 5].map((count) =>
    element("label", {}, element("input", { type: "radio", name: "stars", value: count, "aria-label": words.star(count) }),
      element("span", { "aria-hidden": "true" }, "★")));
  byId("stars").replaceChildren(...stars);
  const reasons = Object.entries(REASONS).map(([value, text]) =>
    element("label", {}, element("input", { type: "checkbox", name: "reason", value }), element("span", {}, text[language])));
  byId("reasons").replaceChildren(...reasons);
}

function put(id, text) {
  byId(id).hidden = !text;
  write(byId(id), text ?? "");
}

function replaceChanged(parent, children) {
  const isSame = parent.children.length === children.length
    && children.every((child, i) => child.isEqualNode(parent.children[i]));
  if (!isSame) parent.replaceChildren(...children);
}
