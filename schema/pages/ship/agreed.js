/** What is agreed with operations: places that are kept for the shipper, and what its recipients are to experience. */

import { byId, element } from "/static/dom.js";
import { dayInWords, daysLater } from "/static/ship/recurrence.js";
import { count } from "/static/wording.js";

const DAYS_SHOWN = 14;
const METRICS = {
  FIRST_ATTEMPT: { name: "Delivered at the first attempt", unit: "%", bound: "at least" },
  ON_TIME: { name: "Delivered on time", unit: "%", bound: "at least" },
  WINDOW_WIDTH: { name: "Width of the promised window", unit: " min", bound: "at most" },
  ETA_ERROR: { name: "Error of the expected time", unit: " min", bound: "at most" },
};

/** Shows what is agreed in a market; where nothing is, there is nothing to see. */
export async function showAgreed(api, { marketId, hubs, wording }) {
  const { clock } = await api.ask("clock");
  const from = wording.date(clock.marketTime);
  const [{ capacityReservations }, { experienceGoals }] = await Promise.all([
    api.ask("capacity_reservations", { marketId, from, to: daysLater(from, DAYS_SHOWN - 1) }),
    api.ask("experience_goals"),
  ]);
  const places = capacityReservations.flatMap((one) => one.days.map((day) => placesOf(one, day, hubs)));
  const goals = experienceGoals.filter((goal) => goal.marketId === marketId).map(goalOf);
  byId("places-part").hidden = places.length === 0;
  byId("goals-part").hidden = goals.length === 0;
  byId("agreed-part").hidden = places.length + goals.length === 0;
  byId("places").replaceChildren(...places);
  byId("goals").replaceChildren(...goals);
}

function placesOf({ hubId, terms }, { day, places, used, left, isReleased }, hubs) {
  const { opens, closes } = termsOn(terms, day);
  const at = hubId === null ? "Anywhere" : hubs.find(({ id }) => id === hubId)?.name ?? "Another hub";
  return element("tr", {},
    element("td", {}, dayInWords(day)), element("td", {}, opens ? `${at}, ${opens} to ${closes}` : at),
    numberCell(count(places)), numberCell(count(used)), numberCell(isReleased ? "Free for all" : count(left)));
}

/** The version of the terms that counts on a day; the latest comes first. */
const termsOn = (terms, day) => terms.find(({ firstDay }) => firstDay <= day) ?? terms.at(-1);

function goalOf({ metric, target, actual, sample, minSample, periodDays, isMet }) {
  const { name, unit, bound } = METRICS[metric];
  const [text, tone] = isMet === null ? [`Fewer than ${count(minSample)}`, "quiet"]
    : isMet ? ["Met", "good"] : ["Not met", "bad"];
  return element("tr", {},
    element("th", { scope: "row" }, name, element("span", { class: "soft" }, ` over ${count(periodDays)} days`)),
    element("td", {}, element("span", { class: `badge tone-${tone}` }, text)),
    numberCell(`${bound} ${count(target)}${unit}`), numberCell(actual === null ? "–" : `${count(actual)}${unit}`),
    numberCell(count(sample)));
}

const numberCell = (text) => element("td", { class: "number" }, text);
