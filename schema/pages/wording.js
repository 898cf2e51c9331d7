/** How the market's money, times and codes are written for people. */

const NUMBER = new Intl.NumberFormat("en");

export const count = (value) => NUMBER.format(value);

export const plural = (value, one, many = `${one}s`) => `${count(value)} ${value === 1 ? one : many}`;

/** RECIPIENT_UNAVAILABLE becomes "recipient unavailable". */
export const plain = (code) => (code ?? "").toLowerCase().replaceAll("_", " ");

export const capital = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** Money and times of one market: minor units of its currency, and its own time zone whatever the reader's is. */
export function marketWording({ currency, timeZone }) {
  const money = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "narrowSymbol" });
  const minorPerMajor = 10 ** money.resolvedOptions().maximumFractionDigits;
  const minutes = new Intl.DateTimeFormat("en", { timeZone, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  const seconds = new Intl.DateTimeFormat("en", {
    timeZone, hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23",
  });
  const day = new Intl.DateTimeFormat("en", { timeZone, weekday: "short", day: "numeric", month: "short" });
  const calendar = new Intl.DateTimeFormat("en", { timeZone: "UTC", day: "numeric", month: "short" });
  const date = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return {
    money: (minor) => money.format(minor / minorPerMajor),
    /** Money as people type it: how large its least step is, and how many minor units a number is. */
    leastStep: 1 / minorPerMajor,
    toMajor: (minor) => minor / minorPerMajor,
    toMinor: (major) => Math.round(Number(major) * minorPerMajor),
    time: (moment) => minutes.format(new Date(moment)),
    timeWithSeconds: (moment) => seconds.format(new Date(moment)),
    day: (moment) => day.format(new Date(moment)),
    date: (moment) => date.format(new Date(moment)), // 2026-03-02, the local day
    calendarDay: (written) => calendar.format(new Date(written)),
  };
}

export const UNASSIGNED = {
  HELD: "Held back for a person to look at",
  NOBODY_ACCEPTED: "No driver took it; it goes out again soon",
  NO_CAPACITY: "No vehicle has room for it",
  NO_DRIVER: "No driver is free",
  NO_SKILL: "No driver has the skill it asks for",
  PAUSED: "Its part of the city is paused",
  OUT_OF_REACH: "Too far from every driver",
  WINDOW: "Nobody can be there within its window",
};

export const whyItWaits = (reason) => UNASSIGNED[reason] ?? "Waits to be planned";

export const PRESENCE = {
  AVAILABLE: "available",
  OFFERED: "has an offer",
  ENGAGED: "on a route",
  PAUSED: "paused",
};

export const CONTRACT = {
  DEDICATED: "dedicated",
  CONTRACTED: "contracted",
  CROWDSOURCED: "crowdsourced",
};

export const STOP = { PICKUP: "Pickup", DROPOFF: "Drop-off", RETURN: "Return" };

export const STOP_STATE = {
  PENDING: "planned",
  EN_ROUTE: "driver on the way",
  ARRIVED: "driver is there",
  COMPLETED: "done",
  FAILED: "failed",
  SKIPPED: "skipped",
  CANCELLED: "called off",
};

export const ROUTE_STATE = {
  PLANNED: "looks for a driver",
  OFFERING: "on offer",
  ASSIGNED: "has a driver",
  STARTED: "under way",
};
