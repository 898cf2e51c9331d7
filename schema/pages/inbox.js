/** The inbox of development: what people of a market were told, by which way and why, newest first. */

import { Api, isPassing } from "/static/api.js";
import { byId, element, write } from "/static/dom.js";
import { Session } from "/static/session.js";
import { SignIn } from "/static/signin.js";
import { capital, marketWording, plain, plural } from "/static/wording.js";

const READ_EVERY_MS = 2_500;
const AT_ONCE = 50;
const MOST_ROWS = 200;
const NO_ACCESS = "This session has ended. Sign in again.";
const STATES = { SENT: "sent", READY: "leaving", WAITING: "waits", FAILED: "not sent yet", DROPPED: "not sent: past" };
const TONES = { SENT: "good", READY: "move", WAITING: "wait", FAILED: "bad", DROPPED: "quiet" };
const WAYS = { SMS: "SMS", EMAIL: "e-mail", PUSH: "push", OPERATORS: "operations" };
/** A tracking page in a text: its path, on whichever host this page was opened. */
const LINK = /\S+(\/t\/trk_[\w-]+)/;

const session = new Session();
const api = new Api(session, { onSignedOut: signOutHere });
const rows = new Map();

session.takeFragment();
byId("audiences").addEventListener("change", filter);
if (!session.isOpen || !session.marketId) await new SignIn(session, api).open();
let wording = null;
await readOn();

/** Reads what is new, again and again while somebody looks. */
async function readOn() {
  for (;;) {
    if (!document.hidden) await readOnce();
    await new Promise((resume) => setTimeout(resume, READ_EVERY_MS));
  }
}

async function readOnce() {
  try {
    wording ??= await openMarket();
    const { alertLog } = await api.ask("alert_log", { marketId: session.marketId, first: AT_ONCE });
    show(alertLog.edges.map(({ node }) => node));
    showState("live", "Live");
  } catch (failure) {
    if (!isPassing(failure)) signOutHere(failure.code === "UNAUTHENTICATED" ? NO_ACCESS : failure.message);
    showState("waiting", "Reconnecting");
  }
}

async function openMarket() {
  const { market } = await api.ask("market", { id: session.marketId });
  write(byId("market-name"), `Inbox of ${market.name}`);
  document.title = `${market.name}, inbox, Doorstep`;
  return marketWording(market);
}

/** Puts new messages on top; one that has left meanwhile, or was dropped, is written anew where it stands. */
function show(messages) {
  for (const message of messages.toReversed()) {
    const known = rows.get(message.id);
    if (known?.state === message.state) continue;
    const node = rowOf(message);
    rows.set(message.id, { state: message.state, audience: message.audience, node });
    if (known) known.node.replaceWith(node);
    else byId("messages").prepend(node);
  }
  for (const id of [...rows.keys()].slice(0, Math.max(0, rows.size - MOST_ROWS))) {
    rows.get(id).node.remove();
    rows.delete(id);
  }
  filter();
}

function rowOf(message) {
  const why = message.cause ? plain(message.cause) : "pay";
  const about = message.externalId ? `${why}, delivery ${message.externalId}` : why;
  return element(
    "li",
    { class: "message" },
    element("p", { class: "to" },
      element("b", {}, capital(message.audience)),
      ` by ${WAYS[message.channel]}`,
      element("span", { class: `state tone-${TONES[message.state]}` }, stateOf(message)),
      element("time", { datetime: message.createdAt }, wording.time(message.sentAt ?? message.createdAt)),
    ),
    element("p", { class: "text" }, ...withLink(message.text)),
    element("p", { class: "soft" }, `Why: ${about}`),
  );
}

function stateOf({ state, notBefore }) {
  return state === "WAITING" ? `waits until ${wording.time(notBefore)}` : STATES[state];
}

function withLink(text) {
  const found = LINK.exec(text);
  if (!found) return [text];
  const link = element("a", { href: found[1], target: "_blank", rel: "noopener" }, found[0]);
  return [text.slice(0, found.index), link, text.slice(found.index + found[0].length)];
}

function filter() {
  const wanted = byId("audiences").querySelector(":checked").value;
  let shown = 0;
  for (const { audience, node } of rows.values()) {
    node.hidden = wanted !== "" && audience !== wanted;
    shown += node.hidden ? 0 : 1;
  }
  write(byId("tally"), shown ? plural(shown, "message") : "Messages appear here as they leave.");
}

function showState(state, text) {
  byId("connection").dataset.state = state;
  write(byId("connection-text"), text);
}

/** Forgets the session and begins anew, so that nothing of the market stays on the screen. */
function signOutHere(why = NO_ACCESS) {
  session.close();
  sessionStorage.setItem("doorstep.notice", why);
  location.reload();
}
