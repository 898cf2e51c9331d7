/** What a quote says of one row besides its price: where it comes from, its rural day, and what it asks for. */

import { capital, plain, plural } from "/static/wording.js";

/** Sentences about a row of a quote, those first that cost something. */
export function toldOf({ parts, rural, requirements, outOfColdLimitS, palletPlaces }, { wording, hubs }) {
  const nameOf = (hubId) => hubs.find(({ id }) => id === hubId)?.name ?? "another hub";
  return [
    ...parts.map((part) => partOf(part, { wording, nameOf, isOne: parts.length === 1 })),
    rural && ruralOf(rural, wording),
    ...requirements.map((asked) => requirementOf(asked, wording)),
    outOfColdLimitS !== null && `At most ${lastsFor(outOfColdLimitS)} out of the cold.`,
    palletPlaces > 0 && `Takes ${plural(palletPlaces, "pallet place")}.`,
  ].filter(Boolean);
}

function partOf({ hubId, items, distanceM, priceMinor }, { wording, nameOf, isOne }) {
  const from = hubId === null ? "Picked up elsewhere" : `From ${nameOf(hubId)}`;
  const what = items.map(({ sku, quantity }) => `${quantity} × ${sku}`).join(", ");
  return `${[from, what, kilometres(distanceM), isOne ? "" : wording.money(priceMinor)].filter(Boolean).join(", ")}.`;
}

function ruralOf({ name, window: { opensAt, closesAt }, surchargeMinor }, { day, time, money }) {
  const hours = `${time(opensAt)} to ${time(closesAt)}`;
  return `${name} is served on ${day(opensAt)}, ${hours}: ${money(surchargeMinor)} of the price.`;
}

function requirementOf({ requirement, isOfSector, choosesDriver, serviceS, surchargeMinor }, wording) {
  const more = [
    isOfSector && "asked for by its sector",
    choosesDriver && "only drivers and vehicles with it",
    serviceS > 0 && `${lastsFor(serviceS)} more at the door`,
    surchargeMinor > 0 && `${wording.money(surchargeMinor)} of the price`,
  ].filter(Boolean);
  const name = capital(plain(requirement).replace("dropoff", "drop-off"));
  return more.length > 0 ? `${name}: ${more.join(", ")}.` : `${name}.`;
}

const kilometres = (metres) => `${(metres / 1_000).toFixed(1)} km`;

const lastsFor = (seconds) => (seconds < 120 ? plural(seconds, "second") : plural(Math.round(seconds / 60), "minute"));
