/** The queue of what needs a person, in words: what it is, whom it is about, and until when. */

import { UNASSIGNED, capital, plain, plural } from "/static/wording.js";

/** What `isPast` has nothing to do with the route that its driver is on now. */
export const KINDS = {
  COLD_CHAIN: { title: "Was too long out of the cold", tone: "bad" },
  DOCK_MISSED: { title: "Missed its slot at the dock", tone: "bad" },
  LATE_RISK: { title: "Will probably be late", tone: "bad" },
  UNASSIGNED: { title: "Has no driver", tone: "wait" },
  REASSIGNMENT: { title: "Route changes hands", tone: "move" },
  FAILED_ATTEMPT: { title: "Could not be handed over", tone: "bad" },
  ADDRESS: { title: "Address to place", tone: "wait" },
  CLAIM: { title: "Claim to decide", tone: "stay", isPast: true },
  SUSPENSION: { title: "Suspension to decide", tone: "stay" },
  HELD_STATEMENT: { title: "Pay is held", tone: "wait", isPast: true },
  DEAD_JOB: { title: "Work stands still", tone: "bad" },
  GOAL_MISSED: { title: "A shipper's goal is missed", tone: "wait" },
};

const HANDED = {
  OFFERED: "waits for an answer",
  AGREED: "agreed, the drivers meet",
  GIVEN: "parcels are scanned, the code is missing",
};
const WAITS = new Set(["COLD_CHAIN", "SUSPENSION", "HELD_STATEMENT", "DEAD_JOB", "GOAL_MISSED"]);

/** The two lines of a row: what it is, and the rest. */
export function needWords(need, { wording, clock }) {
  const { title, tone } = KINDS[need.kind] ?? { title: capital(plain(need.kind)), tone: "quiet" };
  return { title, tone, note: [whom(need), why(need, wording), when(need, wording, clock)].filter(Boolean).join(" · ") };
}

/** What a row is about, short enough for a sentence. */
export const about = (need) => need.externalId ?? need.driverName ?? plain(need.reason);

const whom = ({ externalId, driverName }) => [externalId, driverName].filter(Boolean).join(", ");

function why({ kind, reason, amountMinor }, wording) {
  if (kind === "UNASSIGNED") return UNASSIGNED[reason] ?? null;
  if (kind === "REASSIGNMENT") return HANDED[reason];
  if (kind === "COLD_CHAIN" || kind === "DOCK_MISSED") return reason;
  if (kind === "LATE_RISK") return `${reason} sure`;
  if (kind === "CLAIM") return `${plain(reason)}, ${wording.money(amountMinor)} asked`;
  return reason || amountMinor ? plain(reason) : null;
}

function when({ kind, dueAt }, wording, clock) {
  const minutes = Math.round((Date.parse(dueAt) - clock.now()) / 60_000);
  if (kind === "CLAIM" && minutes > 0) return `the driver can answer until ${wording.day(dueAt)} ${wording.time(dueAt)}`;
  if (WAITS.has(kind) || kind === "CLAIM") return `since ${wording.time(dueAt)}`;
  if (Math.abs(minutes) > 180) return `by ${wording.day(dueAt)} ${wording.time(dueAt)}`;
  return minutes >= 0 ? `in ${plural(minutes, "minute")}` : `${plural(-minutes, "minute")} too late`;
}
