/** What an operator can do: each action asks what it needs, sends one mutation, and tells how to take it back. */

import { ask } from "/static/ops/ask.js";
import { decideClaim } from "/static/ops/claims.js";
import { about } from "/static/ops/needs.js";
import { Zones } from "/static/ops/zones.js";
import { CONTRACT, plural } from "/static/wording.js";

const MINUTE_MS = 60_000;
const ABOARD = new Set(["COMPLETED"]);

export class Actions {
  /**
   * `subject()` is what is chosen: `{ need, route, driver, point }`, each of them null where there is none; `draw(use)`
   * has an area drawn on the map and hands its corners to `use`.
   */
  constructor({ api, market, wording, toasts, subject, draw, onDone }) {
    Object.assign(this, { api, market, wording, toasts, subject, draw, onDone });
    const zones = new Zones(this);
    this.table = [
      { key: "a", label: "Assign", can: ({ need }) => need?.kind === "UNASSIGNED", run: () => this.assign() },
      { key: "r", label: "Reassign the route", can: ({ route }) => isDriven(route), run: () => this.reassign() },
      { key: "x", label: "Unassign the route", can: ({ route }) => isDriven(route), run: () => this.unassign() },
      { key: "m", label: "Message the driver", can: ({ driver }) => driver, run: () => this.message() },
      { key: "b", label: "Send it back", can: ({ need }) => need?.kind === "FAILED_ATTEMPT", run: () => this.sendBack() },
      { key: "l", label: "Place the address", can: ({ need }) => need?.kind === "ADDRESS", run: () => this.place() },
      { key: "d", label: "Decide", can: ({ need }) => need && this.deciders[need.kind], run: () => this.decide() },
      { key: "c", label: "Cancel the change of hands", can: ({ need }) => need?.kind === "REASSIGNMENT",
        run: () => this.cancelReassignment() },
      { key: "s", label: "Set surge", can: ({ point }) => point, run: () => zones.setSurge() },
      { key: "p", label: "Pause the zone", can: ({ point }) => point, run: () => zones.pause() },
      { key: "z", label: "Draw an area", can: () => true, isGlobal: true, run: () => zones.drawn() },
      { key: "f", label: "Freeze all surge", can: () => true, isGlobal: true, run: () => zones.freeze() },
      { key: "o", label: "End a pause", can: () => market.pauses.length > 0, isGlobal: true, run: () => zones.resume() },
    ];
    this.deciders = {
      CLAIM: () => decideClaim(this),
      SUSPENSION: () => this.decideSuspension(),
      HELD_STATEMENT: () => this.release(),
      DEAD_JOB: () => this.replay(),
    };
  }

  /** What can be done about a subject; without `withGlobal` only what is about it. */
  for(subject, { withGlobal = false } = {}) {
    return this.table.filter(({ can, isGlobal }) => (withGlobal || !isGlobal) && can(subject));
  }

  /** Runs the action of a key, if what is chosen allows it; says whether there was one. */
  press(key) {
    const found = this.for(this.subject(), { withGlobal: true }).find((action) => action.key === key);
    found?.run();
    return Boolean(found);
  }

  /** Sends one mutation; a refusal is told, and what was done is told with its way back. */
  async send(name, variables, text, undo = null) {
    try {
      const done = await this.api.act(name, { marketId: this.market.marketId, ...variables });
      this.toasts.tell(text, { undo: undo && (() => undo(done)) });
      this.onDone();
      return done;
    } catch (failure) {
      this.toasts.tell(failure.message, { tone: "bad" });
      return null;
    }
  }

  until(minutes) {
    return new Date(this.market.clock.now() + Number(minutes) * MINUTE_MS).toISOString();
  }

  drivers(isWanted) {
    const free = [...this.market.drivers.values()].filter((driver) => !driver.routeId && isWanted(driver));
    return free.sort((a, b) => a.name.localeCompare(b.name)).map(({ id, name, contractKind }) => (
      [id, `${name}, ${CONTRACT[contractKind]}`]));
  }

  async assign() {
    const { need } = this.subject();
    const options = this.drivers(() => true);
    if (options.length === 0) {
      this.toasts.tell("No driver is free. Set surge, so that more of them come.", { tone: "wait" });
      return;
    }
    const answer = await ask({
      title: `Assign ${about(need)}`, verb: "Assign", note: "A dedicated driver has it at once. Others are asked, and may say no.",
      fields: [{ name: "driverId", label: "Driver", type: "choice", options }],
    });
    if (!answer) return;
    const name = this.market.names.get(answer.driverId);
    if (this.market.drivers.get(answer.driverId)?.contractKind !== "DEDICATED") {
      await this.send("offer_delivery", { deliveryId: need.deliveryId, ...answer }, `${name} is asked`);
      return;
    }
    await this.send("assign_delivery", { deliveryId: need.deliveryId, ...answer }, `${name} has it`, ({ routeId }) => (
      this.send("unassign_route", { routeId }, "It is planned again")));
  }

  async reassign() {
    const { route, driver } = this.subject();
    const options = this.drivers(({ id }) => id !== driver?.id);
    if (options.length === 0) {
      this.toasts.tell("Nobody is free to take the route over.", { tone: "wait" });
      return;
    }
    const isAboard = route.stops.some(({ kind, state }) => kind === "PICKUP" && ABOARD.has(state));
    const places = this.meetingPlaces(route, driver);
    const left = route.stops.filter(({ state }) => !["COMPLETED", "FAILED", "SKIPPED", "CANCELLED"].includes(state)).length;
    const answer = await ask({
      title: `Reassign the route of ${driver?.name ?? "this driver"}`, verb: "Ask the driver",
      note: `${plural(left, "stop")} left. ${isAboard ? "Parcels are aboard: both drivers scan them where they meet."
        : "Nothing is aboard: a yes is enough."}`,
      fields: [
        { name: "toDriverId", label: "New driver", type: "choice", options },
        ...(isAboard ? [{ name: "place", label: "Where they meet", type: "choice",
          options: places.map(([key, text]) => [key, text]) }] : []),
        { name: "reason", label: "Why", maxLength: 300 },
      ],
    });
    if (!answer) return;
    const meetingPoint = places.find(([key]) => key === answer.place)?.[2] ?? null;
    const name = this.market.names.get(answer.toDriverId);
    const { toDriverId, reason } = answer;
    await this.send("reassign_route", { routeId: route.id, toDriverId, reason, meetingPoint },
      `${name} is asked to take the route over`, ({ reassignmentId }) => (
        this.send("cancel_reassignment", { reassignmentId }, "The route stays where it is")));
  }

  meetingPlaces(route, driver) {
    const at = driver?.place && ["driver", "Where the driver is now", driver.place];
    const next = route.stops.find(({ state }) => state === "EN_ROUTE" || state === "ARRIVED");
    const stop = next && ["stop", "At the next stop", { lat: next.lat, lon: next.lon }];
    const hubs = this.market.hubs.map(({ id, name, lat, lon }) => [id, `Hub ${name}`, { lat, lon }]);
    return [at, stop, ...hubs].filter(Boolean);
  }

  async unassign() {
    const { route, driver } = this.subject();
    const answer = await ask({
      title: `Take the route from ${driver?.name ?? "its driver"}`, verb: "Unassign", fields: [],
      note: "Its deliveries are planned again. The driver is paid what was promised. Not possible with parcels aboard.",
    });
    if (answer) await this.send("unassign_route", { routeId: route.id }, "The route is planned again");
  }

  async message() {
    const { driver } = this.subject();
    const answer = await ask({
      title: `Message ${driver.name}`, verb: "Send",
      fields: [{ name: "text", label: "Message", type: "area", maxLength: 480 }],
    });
    if (answer) await this.send("message_driver", { driverId: driver.id, ...answer }, `${driver.name} is told`);
  }

  async sendBack() {
    const { need } = this.subject();
    const answer = await ask({ title: `Send ${about(need)} back`, verb: "Send back", fields: [], note: "No further try is made." });
    if (answer) await this.send("return_delivery", { deliveryId: need.deliveryId }, `${about(need)} goes back`);
  }

  async place() {
    const { need } = this.subject();
    const { addressesToReview } = await this.api.ask("addresses_to_review", { marketId: this.market.marketId });
    const doubted = addressesToReview.find(({ deliveryId }) => deliveryId === need.deliveryId);
    if (!doubted) return;
    const answer = await ask({
      title: `Place ${about(need)}`, verb: "Place it", note: `Written as: ${doubted.address}`,
      fields: [
        { name: "found", label: "It means", type: "choice", options: [
          ...doubted.candidates.map(({ label, confidencePercent }, i) => [String(i), `${label} (${confidencePercent} %)`]),
          ["own", "Another place: write it below"]] },
        { name: "own", label: "Latitude, longitude", isOptional: true },
      ],
    });
    if (!answer) return;
    const [lat, lon] = answer.own.split(",").map(Number);
    const point = doubted.candidates[answer.found]?.point ?? { lat, lon };
    if (!Number.isFinite(point.lat) || !Number.isFinite(point.lon)) {
      this.toasts.tell("Write a place as latitude, longitude, such as -29.9045, -71.2489.", { tone: "bad" });
      return;
    }
    await this.send("resolve_address", { deliveryId: need.deliveryId, point }, `${about(need)} is placed`);
  }

  decide() {
    this.deciders[this.subject().need.kind]();
  }

  async decideSuspension() {
    const { need } = this.subject();
    const answer = await ask({
      title: `Suspension of ${need.driverName}`, verb: "Decide", note: `Proposed by the rule: ${need.reason}`,
      fields: [
        { name: "decision", label: "Decision", type: "choice", options: [["no", "Dismiss it"], ["yes", "Confirm it, with notice"]] },
        { name: "reason", label: "Why", maxLength: 500 },
      ],
    });
    if (!answer) return;
    const { decision, reason } = answer;
    await this.send("decide_suspension", { suspensionId: need.subjectId, isConfirmed: decision === "yes", isImmediate: false, reason },
      `The suspension of ${need.driverName} is decided`);
  }

  async release() {
    const { need } = this.subject();
    const answer = await ask({
      title: `Release the pay of ${need.driverName}`, verb: "Release", fields: [],
      note: `${this.wording.money(need.amountMinor)} go to the wallet, once, after you have looked at the flagged reports.`,
    });
    if (answer) await this.send("release_statement", { statementId: need.subjectId, marketId: undefined }, `${need.driverName} is paid`);
  }

  async replay() {
    const { need } = this.subject();
    const answer = await ask({ title: `Try again: ${need.reason}`, verb: "Try again", fields: [], note: "Its cause should be removed first." });
    if (answer) await this.send("replay_job", { jobId: need.subjectId }, "It is tried again");
  }

  async cancelReassignment() {
    const { need } = this.subject();
    await this.send("cancel_reassignment", { reassignmentId: need.subjectId }, "The route stays with the driver who has it");
  }
}

const isDriven = (route) => route && (route.state === "ASSIGNED" || route.state === "STARTED");
