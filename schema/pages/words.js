/** Events in plain words. Several of one kind at one moment make one sentence; some events are left to the map. */

import { plain, plural } from "/static/wording.js";

const driverOf = (event, { market }) => market.names.get(event.driverId) ?? "A driver";
const money = (event, { wording }) => wording.money(event.amountMinor);
const paid = (event, context) => (event.amountMinor === null ? "" : ` for ${money(event, context)}`);
const because = (event) => (event.reason ? `: ${plain(event.reason)}` : "");
const PUNCTUALITY = { true: " on time", false: " late" };
const drivers = (number) => plural(number, "driver");

/**
 * Each entry makes a sentence of `(event, number, { market, wording })`; `number` counts the events that it speaks for.
 * `tone` colours the mark beside it. `about` names the field by which events of one moment belong together; without it
 * every event stands alone. Of two entries with the same `key` for one route, the one that `yields` is silent. `null`
 * says nothing: something else in the list, or the map, tells the same.
 */
export const WORDS = {
  BatchPosted: {
    tone: "quiet",
    say: (event) => `Batch posted: ${plural(event.deliveryCount ?? 0, "delivery", "deliveries")}`,
  },
  DeliveryPosted: null,
  DeliveryOffered: null,
  DeliveryUnplanned: {
    tone: "wait",
    about: "reason",
    say: (event, number) => {
      const what = plural(number, "delivery waits", "deliveries wait");
      return `${what} to be planned again${because(event)}`;
    },
  },
  WindowChanged: { tone: "quiet", say: () => "A delivery was promised for another window" },
  WindowBooked: { tone: "good", say: () => "A window was booked that the plan can keep" },
  WindowRevoked: { tone: "quiet", say: () => "A booked window was given back" },
  ExperienceGoalMissed: { tone: "wait", say: () => "Recipients of a shipper experience less than was promised" },
  HubOpeningSet: { tone: "quiet", say: () => "A hub has new hours, places or reach" },
  DeliveryAssigned: null,
  DeliveryMoved: null,
  DeliveryDelivered: {
    tone: "good",
    about: "driverId",
    say: (event, number, context) => {
      const what = number > 1 ? ` ${plural(number, "parcel")}` : "";
      return `${driverOf(event, context)} delivered${what}${PUNCTUALITY[event.isOnTime] ?? ""}`;
    },
  },
  DeliveryAttempted: {
    tone: "bad",
    say: (event, _number, context) => `${driverOf(event, context)} could not hand over${because(event)}`,
  },
  ColdChainBroken: {
    tone: "bad",
    say: (event) => `A parcel was out of the cold for ${Math.ceil(event.outOfColdS / 60)} minutes; too long`,
  },
  SubstituteProposed: { tone: "wait", say: () => "A recipient is asked whether something else will do" },
  SubstitutionSettled: { tone: "quiet", say: () => "It is settled what goes in place of something that was short" },
  PinLocked: { tone: "bad", say: () => "A PIN was wrong too often; the driver at this door needs help" },
  DeliveryReassigned: null,
  DeliveryBroughtBack: { tone: "wait", say: () => "A parcel is back at its pickup and waits for another try" },
  DeliveryRescheduled: { tone: "good", say: () => "Another window was chosen for a parcel" },
  DeliveryRequeued: { tone: "quiet", say: () => "A parcel waits to be planned again for its new window" },
  DeliveryPlaced: { tone: "quiet", say: () => "An address was found" },
  AddressDoubted: { tone: "bad", say: () => "An address was not found and has to be looked at" },
  DeliveryReturning: { tone: "wait", say: () => "A parcel goes back to where it came from" },
  DeliveryReturned: { tone: "quiet", say: () => "A parcel is back where it came from" },
  DeliveryCancelled: { tone: "quiet", say: (event) => `Delivery called off${because(event)}` },
  DeliveryExpired: { tone: "bad", say: () => "A delivery found no driver before its window closed" },
  DeliveryFailed: { tone: "bad", say: (event) => `Delivery failed${because(event)}` },

  ArrivalChanged: null,
  LateRiskRaised: {
    tone: "bad",
    say: (event) => `A delivery will probably be late (${event.latePercent} %)`,
  },

  InstructionsLeft: { tone: "quiet", say: () => "A recipient left word for the driver" },
  SafePlaceChosen: { tone: "quiet", say: () => "A recipient chose where a parcel may be left" },
  DeliveryRated: { tone: "quiet", say: () => "A recipient rated a delivery" },
  RecipientErased: { tone: "quiet", say: () => "A recipient was erased" },

  DriverWentOnline: {
    tone: "good",
    about: "name",
    say: (event, number, context) => `${number > 1 ? drivers(number) : driverOf(event, context)} came online`,
  },
  DriverWentOffline: {
    tone: "quiet",
    about: "name",
    say: (event, number, context) => `${number > 1 ? drivers(number) : driverOf(event, context)} went offline`,
  },
  PlanningDue: null,

  RoutePlanned: {
    tone: "quiet",
    say: (event) => `Route planned with ${plural(event.deliveryCount ?? 0, "delivery", "deliveries")}`,
  },
  OfferSent: {
    tone: "wait",
    about: "routeId",
    say: (event, number, context) => `Route offered to ${drivers(number)}${paid(event, context)}`,
  },
  OfferAccepted: {
    tone: "move",
    key: "taken",
    say: (event, _number, context) => `${driverOf(event, context)} accepted a route${paid(event, context)}`,
  },
  OfferDeclined: {
    tone: "quiet",
    say: (event, _number, context) => `${driverOf(event, context)} declined a route${because(event)}`,
  },
  OfferExpired: {
    tone: "quiet",
    about: "routeId",
    say: (_event, number) => `Offer not answered in time by ${drivers(number)}`,
  },
  OfferWithdrawn: null,
  WaveExhausted: null,

  RouteAssigned: {
    tone: "move",
    key: "taken",
    yields: true,
    say: (event, _number, context) => `Route assigned to ${driverOf(event, context)}${paid(event, context)}`,
  },
  RouteStarted: { tone: "move", say: (event, _number, context) => `${driverOf(event, context)} set off` },
  RouteExtended: {
    tone: "wait",
    say: (event, _number, context) => `A stop was added to the route of ${driverOf(event, context)}`,
  },
  StopChanged: {
    tone: "stay",
    isSilent: ({ kind, state }) => !(kind === "PICKUP" && (state === "COMPLETED" || state === "FAILED")),
    say: (event, _number, context) => {
      const load = context.market.stops.get(event.stopId)?.deliveryCount;
      if (event.state === "FAILED") return `${driverOf(event, context)} could not pick up`;
      return `${driverOf(event, context)} picked up ${load ? plural(load, "parcel") : "at a stop"}`;
    },
  },
  ReassignmentOffered: {
    tone: "wait",
    say: (event, _number, context) => `${driverOf(event, context)} is asked to take a route over${paid(event, context)}`,
  },
  ReassignmentAgreed: {
    tone: "move",
    say: (event, _number, context) => `${driverOf(event, context)} takes a route over`,
  },
  ParcelsGiven: {
    tone: "stay",
    say: (event, _number, context) => `${driverOf(event, context)} has scanned what is handed over`,
  },
  RouteReassigned: {
    tone: "good",
    say: (event, _number, context) => `A route has passed to ${driverOf(event, context)}`,
  },
  ReassignmentEnded: { tone: "quiet", say: () => "A route stays with the driver who has it" },
  RouteCompleted: { tone: "good", say: (event, _number, context) => `${driverOf(event, context)} completed a route` },
  RouteDissolved: null,

  SurgeChanged: {
    tone: "wait",
    say: ({ surges }, _number, { wording }) => {
      const most = Math.max(...surges.map(({ driverBonusMinor }) => driverBonusMinor));
      const where = plural(surges.length, "cell");
      return most > 0 ? `A stop pays up to ${wording.money(most)} more: surge in ${where}` : `Surge has ended in ${where}`;
    },
  },

  ChargeChanged: null,
  RefundChanged: null,
  InvoiceChanged: null,
  PayStatementIssued: {
    tone: "good",
    say: (event, _number, context) => `${driverOf(event, context)} earned ${money(event, context)}`,
  },
  PayTruedUp: {
    tone: "good",
    isSilent: ({ amountMinor }) => !amountMinor,
    say: (event, _number, context) => `${driverOf(event, context)} was paid ${money(event, context)} up to the legal floor`,
  },
  DriverTipped: {
    tone: "good",
    say: (event, _number, context) => `${driverOf(event, context)} was tipped ${money(event, context)}`,
  },
  ClaimChanged: { tone: "quiet", say: () => "A damage claim has changed" },
  TipChanged: null,
  TipGiven: null,
  PayoutScheduled: null,
  PayoutTransferred: null,
  PayoutHeld: {
    tone: "bad",
    say: (event, _number, context) => `A payout to ${driverOf(event, context)} stands still${because(event)}`,
  },
  PayoutReleased: {
    tone: "good",
    say: (event, _number, context) => `A payout to ${driverOf(event, context)} goes on`,
  },
  PayoutRunWanted: { tone: "move", say: () => "Everybody who can be paid is being paid" },
  PayoutAccountReady: null,
  PayoutAccountStopped: {
    tone: "bad",
    say: (event, _number, context) => `${driverOf(event, context)} cannot be paid for the moment`,
  },
  PayoutAccountChanged: {
    tone: "wait",
    say: (event, _number, context) => `${driverOf(event, context)} changed where the pay goes; payouts wait 72 hours`,
  },
  DriverPayAdjusted: {
    tone: "stay",
    say: (event, _number, context) => `The pay of ${driverOf(event, context)} was adjusted`,
  },
  OperationWanted: null,
  OperationEnded: null,
  ProviderObjectChanged: null,
  PayoutPaid: {
    tone: "good",
    say: (event, _number, context) => `${driverOf(event, context)} was paid ${money(event, context)}`,
  },
  PayoutFailed: {
    tone: "bad",
    say: (event, _number, context) => `A payout to ${driverOf(event, context)} failed${because(event)}`,
  },
  PayoutReversed: {
    tone: "wait",
    say: (event, _number, context) => `A payout to ${driverOf(event, context)} was taken back`,
  },
  LedgerDiffers: {
    tone: "bad",
    say: () => "The ledger and the payment provider do not agree",
  },

  DriverMessaged: { tone: "quiet", say: (event, _number, context) => `Operations wrote to ${driverOf(event, context)}` },
  ZonePaused: {
    tone: "wait",
    say: () => "A zone is paused: nothing new begins there",
  },
  ZoneResumed: { tone: "good", say: () => "A paused zone goes on" },
  DriverApplied: { tone: "quiet", say: () => "Somebody wants to drive" },
  DriverApproved: { tone: "quiet", say: () => "An applicant was taken on" },
  DriverActivated: { tone: "good", say: () => "A new driver may go online" },
  DocumentChecked: { tone: "quiet", say: () => "A driver's paper was looked at" },
  VehicleChecked: { tone: "quiet", say: () => "A vehicle was looked at" },
  DocumentExpiring: { tone: "wait", say: () => "A driver's paper ends soon" },

  BlockPublished: { tone: "quiet", say: () => "A block was published" },
  BlockCancelled: { tone: "wait", say: () => "A block was cancelled" },
  BlockSignedUp: { tone: "good", say: (event, _number, context) => `${driverOf(event, context)} has a place in a block` },
  BlockPlaceFreed: { tone: "wait", say: () => "A place in a block is held for the next in line" },
  BlockLeft: { tone: "quiet", say: (event, _number, context) => `${driverOf(event, context)} left a block` },
  BlockCalledOff: null,
  BlockCheckedIn: { tone: "good", say: (event, _number, context) => `${driverOf(event, context)} is there for a block` },
  BlockMissed: { tone: "wait", say: (event, _number, context) => `${driverOf(event, context)} did not come to a block` },
  BlockKept: { tone: "good", say: (event, _number, context) => `${driverOf(event, context)} kept a block` },
  SuspensionProposed: { tone: "wait", say: () => "A suspension was proposed; a person decides" },
  SuspensionDismissed: { tone: "quiet", say: () => "A proposed suspension was dismissed" },
  SuspensionConfirmed: { tone: "wait", say: () => "A person suspended a driver, with notice" },
  SuspensionBegan: { tone: "wait", say: () => "A suspension is in force" },
  SuspensionAppealed: { tone: "wait", say: () => "A driver appealed; another person decides" },
  AppealDecided: { tone: "quiet", say: () => "An appeal was decided" },
  SuspensionEnded: { tone: "quiet", say: () => "A suspension has ended" },
  EvidenceCorrected: { tone: "quiet", say: () => "What a driver said against evidence was answered" },

  RecurringBatchChanged: { tone: "quiet", say: (event) => `A recurring batch is another now${because(event)}` },
  OccurrencePosted: { tone: "quiet", say: () => "A day of a recurring batch was posted" },
  OccurrenceSkipped: { tone: "quiet", say: (event) => `A day of a recurring batch was skipped${because(event)}` },
  OccurrenceRefused: { tone: "wait", say: (event) => `A day of a recurring batch was not taken${because(event)}` },
  WebhookDisabled: { tone: "wait", say: (event) => `A shipper's webhook gets nothing any more${because(event)}` },
};

/** What the feed shows for an event, with the key by which others join it; null for events that say nothing here. */
export function sentenceFor(event) {
  const words = event.name in WORDS ? WORDS[event.name] : unknown(event);
  if (words === null || words.isSilent?.(event)) return null;
  return { ...words, key: keyOf(event, words), targets: targetsOf(event) };
}

/** An event that is newer than this page is told by its name. */
const unknown = (event) => ({ tone: "quiet", say: () => event.name.replace(/(?<=[a-z])(?=[A-Z])/g, " ") });

function keyOf(event, { key, about }) {
  if (key) return `${key} ${event.routeId}`;
  return about ? `${event.name} ${event[about]} ${event.occurredAt} ${event.isOnTime}` : event.cursor;
}

/** What of the map the event is about, the closest first: a stop leaves the map sooner than its driver. */
function targetsOf({ stopId, driverId }) {
  return [stopId && { type: "stop", id: stopId }, driverId && { type: "driver", id: driverId }].filter(Boolean);
}
