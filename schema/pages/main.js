/** The console of operations: signs in, reads the market, listens to its events, and shows all of it on a live map. */

import { Api, isPassing } from "/static/api.js";
import { byId, write } from "/static/dom.js";
import { Feed } from "/static/feed.js";
import { Figures } from "/static/figures.js";
import { BlockList, DriverList, WaitingList } from "/static/lists.js";
import { CityMap } from "/static/map.js";
import { LiveMarket } from "/static/market.js";
import { openConsole } from "/static/ops/console.js";
import { Session } from "/static/session.js";
import { SignIn } from "/static/signin.js";
import { EventSocket } from "/static/socket.js";
import { Tabs } from "/static/tabs.js";
import { count, marketWording } from "/static/wording.js";

const TICK_MS = 250;
const TRY_AGAIN_MS = 3_000;
const STATES = { connecting: "Connecting", live: "Live", waiting: "Reconnecting", delayed: "Figures are delayed" };
const NO_ACCESS = "This session has ended. Sign in again.";

const session = new Session();
const api = new Api(session, { onSignedOut: signOutHere });
const cityMap = new CityMap(byId("map"));
const tabs = new Tabs(byId("tabs"), { drawer: byId("panel"), handle: byId("handle") });

session.takeFragment();
addEventListener("hashchange", () => session.takeFragment() && location.reload());
byId("sign-out").addEventListener("click", signOut);
cityMap.showCity();
await signIn();
byId("panel").hidden = false;
byId("signed-in").hidden = false;
const market = await openMarket();
show(market);

async function signIn() {
  if (session.isOpen && session.marketId) return;
  const why = sessionStorage.getItem("doorstep.notice") ?? "";
  sessionStorage.removeItem("doorstep.notice");
  await new SignIn(session, api).open(why);
}

/** Reads the market for the first time, as often as it takes until the server answers. */
async function openMarket() {
  const opened = new LiveMarket(api, session.marketId);
  showState("connecting");
  for (;;) {
    try {
      await opened.open();
      return opened;
    } catch (failure) {
      if (!isPassing(failure)) signOutHere(failure.code === "UNAUTHENTICATED" ? NO_ACCESS : failure.message);
      showState("waiting");
      await new Promise((resume) => setTimeout(resume, TRY_AGAIN_MS));
    }
  }
}

function show(opened) {
  const wording = marketWording(opened.market);
  document.title = `${opened.market.name}, operations, Doorstep`;
  write(byId("market-name"), opened.market.name);
  cityMap.showMarket(opened, wording);
  showFigures(opened, wording);
  showLists(opened, wording);
  openConsole({ api, market: opened, wording, cityMap, tabs, onPick: pick });
  listen(opened, wording);
  setInterval(() => tick(opened, wording), TICK_MS);
  tick(opened, wording);
  opened.start();
}

/** Something was picked in a list: the drawer makes way and the map goes there. */
function pick(targets, button) {
  tabs.openDrawer(false);
  cityMap.lookAt(targets, button);
}

function showFigures(opened, wording) {
  const figures = new Figures(byId("figures"));
  const update = () => figures.update(opened.market.headline, wording);
  opened.addEventListener("market", update);
  update();
}

function showLists(opened, wording) {
  const parts = (name) => ({ list: byId(`${name}-list`), empty: byId(`${name}-empty`), tally: byId(`${name}-tally`) });
  const drivers = new DriverList(parts("drivers"), pick);
  const waiting = new WaitingList(parts("waiting"), pick);
  const blocks = new BlockList(parts("blocks"), pick);
  const updateBlocks = () => blocks.update(opened, wording);
  opened.addEventListener("blocks", updateBlocks);
  updateBlocks();
  const updateDrivers = () => drivers.update(opened);
  const updateWaiting = () => waiting.update(opened, wording);
  for (const part of ["drivers", "routes"]) opened.addEventListener(part, updateDrivers);
  opened.addEventListener("waiting", updateWaiting);
  updateDrivers();
  updateWaiting();
}

function listen(opened, wording) {
  const elements = { list: byId("feed"), empty: byId("feed-empty"), pause: byId("pause"), note: byId("feed-note") };
  const feed = new Feed(elements, { market: opened, wording, onPick: pick });
  let state = "connecting";
  const tell = () => showState(state === "live" && opened.isDelayed ? "delayed" : state);
  const socket = new EventSocket({
    session,
    api,
    after: session.feedFrom,
    onEvent: (event) => {
      feed.take(event);
      opened.noteChange();
    },
    onState: (now) => {
      state = now;
      tell();
    },
    onLive: () => opened.catchUp(),
    onSignedOut: () => signOutHere(),
  });
  opened.addEventListener("delay", tell);
  addEventListener("pagehide", () => session.isOpen && session.beginFeedAt(feed.beginning));
  socket.start();
}

function showState(state) {
  byId("connection").dataset.state = state;
  write(byId("connection-text"), STATES[state]);
}

function tick({ clock }, wording) {
  const now = clock.now();
  const isFast = clock.factor > 5;
  write(byId("clock"), isFast ? wording.time(now) : wording.timeWithSeconds(now));
  write(byId("day"), wording.day(now));
  byId("factor").hidden = clock.factor === 1;
  write(byId("factor"), `${count(clock.factor)} ×`);
}

async function signOut() {
  await api.ask("sign_out").catch(() => null); // leaving works without the server, too
  signOutHere("You have signed out.");
}

/** Forgets the session and begins anew, so that nothing of the market stays on the screen or in memory. */
function signOutHere(why = NO_ACCESS) {
  session.close();
  sessionStorage.setItem("doorstep.notice", why);
  location.reload();
}
