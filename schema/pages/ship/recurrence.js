/** Rules of recurrence in words, and the simple ones that this page makes; days are those of the market's calendar. */

import { plural } from "/static/wording.js";

export const DAYS = [
  ["MO", "Monday"], ["TU", "Tuesday"], ["WE", "Wednesday"], ["TH", "Thursday"], ["FR", "Friday"], ["SA", "Saturday"],
  ["SU", "Sunday"],
];
export const WEEKDAYS = ["MO", "TU", "WE", "TH", "FR"];

const NAMES = new Map(DAYS);
const EVERY = { DAILY: "day", WEEKLY: "week", MONTHLY: "month", YEARLY: "year" };
const TOLD = new Set(["FREQ", "INTERVAL", "BYDAY", "BYMONTHDAY", "COUNT", "UNTIL", "WKST"]);
const DAY = new Intl.DateTimeFormat("en", { timeZone: "UTC", weekday: "short", day: "numeric", month: "short" });
const LIST = new Intl.ListFormat("en-GB");

/** A calendar day such as 2026-03-02, for people. */
export const dayInWords = (day) => DAY.format(new Date(day));

/** The rule of every week on these days. */
export const weeklyOn = (days) => `FREQ=WEEKLY;BYDAY=${DAYS.map(([code]) => code).filter((one) => days.includes(one))}`;

/** The code of a calendar day's weekday. */
export const weekdayOf = (day) => DAYS[(new Date(day).getUTCDay() + 6) % 7][0];

/** So many days later: of a day such as 2026-03-02, or of a local time such as 2026-03-02T15:00. */
export function daysLater(local, days) {
  const [day, ...time] = local.split("T");
  const later = new Date(Date.parse(day) + days * 86_400_000).toISOString().slice(0, 10);
  return [later, ...time].join("T");
}

/** A rule as people say it; one that cannot be said shortly is shown as it is written. */
export function ruleInWords(rule, startsAt) {
  const written = rule.toUpperCase().replace(/^RRULE:/, "").split(";");
  const parts = Object.fromEntries(written.map((part) => part.split("=")));
  if (Object.keys(parts).some((name) => !TOLD.has(name)) || /\d/.test(parts.BYDAY ?? "")) return `By the rule ${rule}`;
  const end = [
    parts.COUNT && `${plural(Number(parts.COUNT), "time")} in all`,
    parts.UNTIL && `until ${dayInWords(parts.UNTIL.replace(/^(\d{4})(\d\d)(\d\d).*/, "$1-$2-$3"))}`,
  ].filter(Boolean);
  return [daysInWords(parts, startsAt), ...end].join(", ");
}

function daysInWords({ FREQ: freq, INTERVAL: interval = "1", BYDAY: written, BYMONTHDAY: dates }, startsAt) {
  const often = interval === "1" ? `Every ${EVERY[freq]}` : `Every ${interval} ${EVERY[freq]}s`;
  const days = written?.split(",") ?? (freq === "WEEKLY" ? [weekdayOf(startsAt.slice(0, 10))] : []);
  if (days.length > 0) {
    const isWorkweek = days.length === WEEKDAYS.length && WEEKDAYS.every((day) => days.includes(day));
    const names = isWorkweek ? "Monday to Friday" : LIST.format(days.map((day) => NAMES.get(day)));
    if (freq === "MONTHLY" || freq === "YEARLY") return `${often} on each ${names}`;
    return interval === "1" ? `Every ${isWorkweek ? "weekday, " : ""}${names}` : `${often} on ${names}`;
  }
  if (freq === "DAILY") return often;
  const on = dates?.split(",") ?? [String(Number(startsAt.slice(8, 10)))];
  if (freq === "YEARLY") return `${often} on ${dates ? `day ${LIST.format(on)}` : "the day of its start"}`;
  return `${often} on ${LIST.format(on.map((one) => (one === "-1" ? "its last day" : `day ${one}`)))}`;
}
