/** What the card says about a driver, a stop, a waiting delivery, a hub or a block. */

import { blockStands, blockTimes } from "/static/blocks.js";
import { element } from "/static/dom.js";
import { isOver, nextStop } from "/static/market.js";
import { PRESENCE_TONE, STOP_TONE } from "/static/palette.js";
import {
  CONTRACT, PRESENCE, ROUTE_STATE, STOP, STOP_STATE, capital, plain, plural, whyItWaits,
} from "/static/wording.js";

const LATE_MS = 120_000;

/** The card about `{ type, id }` as an element; null when it is not on the map any more. */
export function details({ type, id }, market, wording) {
  const about = { driver: aboutDriver, stop: aboutStop, waiting: aboutWaiting, hub: aboutHub, block: aboutBlock }[type];
  return about(id, market, wording);
}

function aboutDriver(id, market, wording) {
  const driver = market.drivers.get(id);
  if (!driver) return null;
  const route = market.routes.get(driver.routeId);
  return card(
    driver.name,
    `${capital(CONTRACT[driver.contractKind])}, ${plain(driver.vehicle)}`,
    badge(capital(PRESENCE[driver.presence] ?? plain(driver.presence)), PRESENCE_TONE[driver.presence]),
    route && facts(...routeFacts(route, wording)),
    driver.positionAt && element("p", { class: "soft" }, `Position of ${wording.time(driver.positionAt)}`),
  );
}

function aboutStop(id, market, wording) {
  const stop = market.stops.get(id);
  if (!stop) return null;
  const { route } = stop;
  const driver = market.drivers.get(route.driverId);
  return card(
    `${STOP[stop.kind]}, stop ${stop.place + 1} of ${route.stops.length}`,
    plural(stop.deliveryCount, "delivery", "deliveries"),
    badge(capital(STOP_STATE[stop.state]), STOP_TONE[stop.state]),
    facts(["Planned for", `${wording.time(stop.plannedArrival)}${behind(stop, market.clock)}`],
      ["Driver", driver?.name ?? "none yet"], ...routeFacts(route, wording).slice(0, 2)),
  );
}

function behind(stop, clock) {
  const late = clock.now() - Date.parse(stop.plannedArrival);
  if (isOver(stop) || stop.state === "ARRIVED" || late < LATE_MS) return "";
  return `, ${Math.round(late / 60_000)} min ago`;
}

function routeFacts(route, wording) {
  const next = nextStop(route);
  const done = route.stops.filter(isOver).length;
  return [
    ["Route", `${ROUTE_STATE[route.state]}, ${done} of ${plural(route.stops.length, "stop")} done`],
    route.guaranteeMinor === null ? null : ["Guaranteed", wording.money(route.guaranteeMinor)],
    next && ["Next", `${STOP[next.kind].toLowerCase()}, planned for ${wording.time(next.plannedArrival)}`],
  ].filter(Boolean);
}

function aboutWaiting(id, market, wording) {
  const delivery = market.waiting.find((one) => one.id === id);
  if (!delivery) return null;
  const left = Math.round((Date.parse(delivery.dropoffClosesAt) - market.clock.now()) / 60_000);
  const closes = wording.time(delivery.dropoffClosesAt);
  return card(
    "Waits for a route",
    null,
    badge(whyItWaits(delivery.unassignedReason), "wait"),
    facts(["Window closes", left >= 0 ? `${closes}, in ${plural(left, "minute")}` : `${closes}, over`]),
  );
}

function aboutBlock(id, market, wording) {
  const block = market.blocks.find((one) => one.id === id);
  if (!block) return null;
  return card(block.areaName, null, badge("Block of a zone", "ink-soft"),
    facts([blockTimes(block, { wording, clock: market.clock }), blockStands(block, market.clock)]));
}

function aboutHub(id, market, wording) {
  const hub = market.hubs.find((one) => one.id === id);
  if (!hub) return null;
  const blocks = market.blocksAt(id);
  return card(hub.name, hub.address, badge("Hub", "ink-soft"), blocks.length > 0 ? facts(...blocks.map((block) => (
    [blockTimes(block, { wording, clock: market.clock }), blockStands(block, market.clock)]))) : null);
}

function card(title, subtitle, ...parts) {
  const below = subtitle && element("p", { class: "soft" }, subtitle);
  return element("article", { class: "card", tabindex: -1 }, element("h3", {}, title), below, ...parts);
}

const badge = (text, tone) => element("p", { class: `badge tone-${tone ?? "quiet"}` }, text);

const facts = (...rows) =>
  element("dl", {}, ...rows.flatMap(([what, value]) => [element("dt", {}, what), element("dd", {}, value)]));
