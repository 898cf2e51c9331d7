/** The market as this page knows it: read once, then read again in parts whenever something happened. */

import { MarketClock } from "/static/clock.js";

const DRIVERS_EVERY_MS = 2_000;
/** A burst of events leads to one reading; two readings start at least this far apart. */
const READINGS_APART_MS = 1_500;
/** While nothing is answered, the pauses between readings double up to this. */
const LONGEST_REST_MS = 15_000;
/** Without any event the figures are read this often: a day can end, a clock can drift. */
const IDLE_READING_MS = 30_000;
/** A burst is left to come in for this long, so that the reading that follows has all of it. */
const BURST_MS = 250;
/** The map shows blocks that begin this soon; the list has the whole week. */
const BLOCKS_AHEAD_MS = 24 * 3_600_000;

/** Tells "market", "drivers", "routes", "waiting", "hubs", "surges", "needs", "pauses", "blocks" when that part was read, "delay" when `isDelayed` changed. */
export class LiveMarket extends EventTarget {
  constructor(api, marketId) {
    super();
    this.api = api;
    this.marketId = marketId;
    this.clock = new MarketClock();
    this.market = null;
    this.hubs = [];
    this.drivers = new Map();
    this.names = new Map(); // of drivers who have gone offline, too: events still speak of them
    this.routes = new Map();
    this.stops = new Map();
    this.waiting = [];
    this.surges = [];
    this.needs = [];
    this.pauses = [];
    this.blocks = [];
    this.isDelayed = false;
    this.isReading = false;
    this.isStale = true;
    this.failures = 0;
    this.readAt = -Infinity;
  }

  /** Reads everything for the first time; throws when the market may not be read. */
  async open() {
    await Promise.all([
      this.readMarket(), this.readHubs(), this.readDrivers(), this.readRoutes(), this.readWaiting(), this.readSurges(),
      this.readNeeds(), this.readPauses(), this.readBlocks(),
    ]);
    this.isStale = false;
    this.readAt = performance.now();
  }

  start() {
    document.addEventListener("visibilitychange", this.look);
    this.driverTimer = setInterval(() => this.pollDrivers(), DRIVERS_EVERY_MS);
    this.idleTimer = setInterval(() => this.noteChange(), IDLE_READING_MS);
  }

  stop() {
    document.removeEventListener("visibilitychange", this.look);
    clearInterval(this.driverTimer);
    clearInterval(this.idleTimer);
    clearTimeout(this.readingTimer);
  }

  /** Something happened, so figures, routes and waiting deliveries are read again soon. */
  noteChange() {
    this.isStale = true;
    this.plan();
  }

  /** The server is there again, so what was missed is read without sitting out a long pause. */
  catchUp() {
    this.failures = 0;
    clearTimeout(this.readingTimer);
    this.readingTimer = null;
    this.noteChange();
  }

  /** A page that nobody looks at reads nothing; it catches up when it is looked at. */
  look = () => {
    if (document.hidden) return;
    this.pollDrivers();
    if (this.isStale) this.plan();
  };

  plan() {
    if (this.readingTimer || this.isReading || document.hidden) return;
    const apart = Math.min(LONGEST_REST_MS, READINGS_APART_MS * 2 ** this.failures);
    const rest = this.readAt + apart - performance.now();
    this.readingTimer = setTimeout(() => this.readAgain(), Math.max(BURST_MS, rest));
  }

  async readAgain() {
    this.readingTimer = null;
    this.isReading = true;
    this.isStale = false;
    this.readAt = performance.now();
    const parts = [
      this.readMarket(), this.readRoutes(), this.readWaiting(), this.readSurges(), this.readNeeds(), this.readPauses(),
      this.readBlocks(),
    ];
    const outcomes = await Promise.allSettled(parts);
    this.isReading = false;
    const isComplete = outcomes.every(({ status }) => status === "fulfilled");
    this.failures = isComplete ? 0 : this.failures + 1;
    this.setDelayed(!isComplete);
    if (!isComplete || this.isStale) this.noteChange();
  }

  async pollDrivers() {
    if (document.hidden || this.isPolling || this.failures > 0) return;
    this.isPolling = true;
    try {
      await this.readDrivers();
    } catch {
      this.noteChange(); // reading the rest tells whether anything is answered at all
    } finally {
      this.isPolling = false;
    }
  }

  async readMarket() {
    const askedAt = performance.now();
    const { market } = await this.api.ask("market", { id: this.marketId });
    const onTheWayMs = (performance.now() - askedAt) / 2;
    this.market = market;
    this.clock.set(Date.parse(market.marketTime) + onTheWayMs * market.timeFactor, market.timeFactor);
    this.tell("market");
  }

  async readHubs() {
    this.hubs = (await this.api.ask("hubs", { marketId: this.marketId })).hubs;
    this.tell("hubs");
  }

  async readDrivers() {
    const { liveDrivers } = await this.api.ask("live_drivers", { marketId: this.marketId });
    this.drivers = new Map(liveDrivers.map((driver) => [driver.id, driver]));
    for (const { id, name } of liveDrivers) this.names.set(id, name);
    this.tell("drivers");
  }

  async readRoutes() {
    const { liveRoutes } = await this.api.ask("live_routes", { marketId: this.marketId });
    this.routes = new Map(liveRoutes.map((route) => [route.id, route]));
    this.stops = new Map(liveRoutes.flatMap((route) => route.stops.map((stop) => [stop.id, { ...stop, route }])));
    this.tell("routes");
  }

  async readWaiting() {
    this.waiting = (await this.api.ask("waiting_deliveries", { marketId: this.marketId })).waitingDeliveries;
    this.tell("waiting");
  }

  async readSurges() {
    this.surges = (await this.api.ask("surge", { marketId: this.marketId })).surge.cells;
    this.tell("surges");
  }

  async readNeeds() {
    this.needs = (await this.api.ask("needs_attention", { marketId: this.marketId })).needsAttention;
    this.tell("needs");
  }

  async readPauses() {
    this.pauses = (await this.api.ask("zone_pauses", { marketId: this.marketId })).zonePauses;
    this.tell("pauses");
  }

  /** Blocks under way and those of the week ahead; whichever was called off concerns nobody any more. */
  async readBlocks() {
    const { blocks } = await this.api.ask("blocks", { marketId: this.marketId });
    this.blocks = blocks.filter(({ state }) => state !== "CANCELLED");
    this.tell("blocks");
  }

  /** The blocks of a hub that are under way or begin soon, the first to open first. */
  blocksAt(hubId) {
    return this.blocksSoon.filter((block) => block.hubId === hubId);
  }

  /** The blocks of zones, which are at no hub. */
  get blocksOfZones() {
    return this.blocksSoon.filter(({ hubId }) => hubId === null);
  }

  get blocksSoon() {
    const soon = this.clock.now() + BLOCKS_AHEAD_MS;
    return this.blocks.filter(({ opensAt }) => Date.parse(opensAt) < soon);
  }

  setDelayed(isDelayed) {
    if (this.isDelayed === isDelayed) return;
    this.isDelayed = isDelayed;
    this.tell("delay");
  }

  tell(part) {
    this.dispatchEvent(new Event(part));
  }
}

const OVER = new Set(["COMPLETED", "FAILED", "SKIPPED", "CANCELLED"]);

export const isOver = (stop) => OVER.has(stop.state);

/** The stop that the driver of a route is at, goes to or will go to next; undefined when none is left. */
export function nextStop({ stops }) {
  return stops.find(({ state }) => state === "EN_ROUTE" || state === "ARRIVED") ?? stops.find((stop) => !isOver(stop));
}
