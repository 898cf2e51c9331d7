/** A batch on its way: each delivery's state, when it is promised and expected, and the recipient's own link. */

import { byId, element, write } from "/static/dom.js";
import { capital, plain, plural } from "/static/wording.js";

const EVERY_MS = 5_000;
const TONES = {
  DELIVERED: "good", CANCELLED: "quiet", EXPIRED: "bad", FAILED: "bad", ATTEMPTED: "bad", RETURNING: "wait", RETURNED: "wait",
  CREATED: "wait", SCHEDULED: "wait", OFFERING: "wait",
};
const OVER = new Set(["DELIVERED", "RETURNED", "CANCELLED", "EXPIRED", "FAILED"]);
let timer = null;

/** Lists the shipper's batches and follows one: this one, or the latest; for what has ended, `claims` may be opened. */
export async function follow(api, wording, claims, batchId = null) {
  const { batches } = await api.ask("batches", { first: 20 });
  const found = batches.edges.map(({ node }) => node);
  const select = byId("batch");
  select.replaceChildren(...found.map(({ id, createdAt, deliveryCount }) => element("option", { value: id },
    `${wording.day(createdAt)} ${wording.time(createdAt)}, ${plural(deliveryCount, "delivery", "deliveries")}`)));
  select.hidden = found.length === 0;
  write(byId("follow-note"), found.length === 0 ? "What you post appears here." : "");
  if (found.length === 0) return;
  select.value = batchId ?? found[0].id;
  select.onchange = () => look(api, wording, claims);
  await look(api, wording, claims);
}

/** Shows the chosen batch now, and again while something of it is under way. */
async function look(api, wording, claims) {
  clearTimeout(timer);
  const { batch } = await api.ask("batch", { id: byId("batch").value });
  const left = batch.deliveries.filter(({ state }) => !OVER.has(state)).length;
  claims.know(batch.deliveries);
  byId("followed").hidden = false;
  write(byId("follow-note"), left === 0 ? "Everything is through." : `${plural(left, "delivery", "deliveries")} under way.`);
  byId("deliveries").replaceChildren(...[...batch.deliveries].sort(byReference).map((one) => element("tr", {},
    element("td", {}, one.externalId),
    element("td", {}, element("span", { class: `badge tone-${TONES[one.state] ?? "move"}` }, capital(plain(one.state)))),
    element("td", {}, span(one.dropoffWindow, wording)),
    element("td", {}, one.plannedWindow ? span(one.plannedWindow, wording) : "–"),
    element("td", {}, one.trackingUrl ? element("a", { href: new URL(one.trackingUrl).pathname }, "Tracking page") : "–"),
    element("td", {}, claims.canOpen(one)
      ? element("button", { type: "button", class: "link", onclick: () => claims.begin(one) }, "Open a claim") : null))));
  if (left > 0) wait(api, wording, claims);
}

/** Looks again in a while; a page that nobody looks at waits on. */
function wait(api, wording, claims) {
  const again = () => wait(api, wording, claims);
  timer = setTimeout(() => (document.hidden ? again() : look(api, wording, claims).catch(again)), EVERY_MS);
}

const byReference = (a, b) => a.externalId.localeCompare(b.externalId, "en", { numeric: true });

const span = ({ opensAt, closesAt }, wording) => `${wording.day(opensAt)} ${wording.time(opensAt)} to ${wording.time(closesAt)}`;
