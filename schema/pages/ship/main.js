/** The page of small shippers: a file becomes a quote, a quote a batch, and the batch is followed to its invoice. */

import { Api } from "/static/api.js";
import { byId, element, write } from "/static/dom.js";
import { showAgreed } from "/static/ship/agreed.js";
import { Claims } from "/static/ship/claims.js";
import { MOST_BYTES, MOST_ROWS, readCsv, writeCsv } from "/static/ship/csv.js";
import { follow } from "/static/ship/follow.js";
import { showInvoices } from "/static/ship/invoices.js";
import { toldOf } from "/static/ship/quoted.js";
import { Recurring } from "/static/ship/recurring.js";
import { repeatForm, repeatable } from "/static/ship/repeat.js";
import { COLUMNS, SAMPLE, readRows } from "/static/ship/rows.js";
import { save } from "/static/save.js";
import { marketWording, plural } from "/static/wording.js";

const KEPT_AS = "doorstep.ship";
/** The key, in this tab only. */
const session = {
  accessToken: sessionStorage.getItem(KEPT_AS),
  refreshToken: null,
  open(key) {
    session.accessToken = key;
    sessionStorage.setItem(KEPT_AS, key);
  },
  close() {
    sessionStorage.removeItem(KEPT_AS);
    location.reload();
  },
};
const api = new Api(session, { client: "portal", onSignedOut: () => session.close() });
let desk = null;

byId("leave").addEventListener("click", () => session.close());
byId("key-form").addEventListener("submit", (submit) => {
  submit.preventDefault();
  session.accessToken = byId("key").value.trim();
  open();
});
if (session.accessToken) await open();
else byId("sign-in").hidden = false;

/** Opens the desk of whoever the key belongs to. */
async function open() {
  try {
    const { me } = await api.send("me", {}, session.accessToken);
    if (me?.kind !== "shipper") throw new Error("This is no key of a shipper.");
    session.open(session.accessToken);
    write(byId("shipper"), `${me.name}${me.isTest ? ", test key" : ""}`);
    byId("sign-in").hidden = true;
    byId("leave").hidden = false;
    await openDesk();
  } catch (failure) {
    byId("sign-in").hidden = false;
    write(byId("sign-in-problem"), failure.message);
  }
}

async function openDesk() {
  const { rateCards } = await api.ask("rate_cards");
  const cards = [...new Map(rateCards.map((card) => [card.marketId, card])).values()];
  if (cards.length === 0) throw new Error("You have no rate card yet; ask operations for one.");
  byId("market").replaceChildren(...cards.map(({ marketId, currency }, i) => (
    element("option", { value: marketId }, `Market ${i + 1}, ${currency}`))));
  byId("market-field").hidden = cards.length < 2;
  byId("market").addEventListener("change", () => enter(cards));
  await enter(cards);
  byId("desk").hidden = false;
  byId("file").addEventListener("change", () => take(byId("file").files[0]));
  byId("sample").addEventListener("click", () => save("sample.csv", "text/csv", writeCsv([COLUMNS, SAMPLE])));
  byId("quote").addEventListener("click", () => quote());
  byId("post").addEventListener("click", () => post());
  byId("drop").addEventListener("click", () => drop());
  byId("repeat").addEventListener("click", () => beginToRepeat());
}

async function enter(cards) {
  const { marketId, currency } = cards.find((card) => card.marketId === byId("market").value);
  const { hubs } = await api.ask("hubs", { marketId });
  const timeZone = hubs[0]?.timeZone ?? "UTC";
  const wording = marketWording({ currency, timeZone });
  const claims = new Claims(api, { currency, timeZone });
  const recurring = new Recurring(api);
  desk = { marketId, hubs, wording, claims, recurring, rows: [], quoteId: null, repeatable: null };
  drop();
  await Promise.all([claims.read(), recurring.read()]);
  recurring.draw();
  await Promise.all([follow(api, wording, claims), showInvoices(api), showAgreed(api, desk)]);
  claims.draw(); // what deliveries are called is known by now
}

/** Shows the rows of a file with what is wrong with each; nothing leaves this page yet. */
async function take(file) {
  if (!file) return;
  write(byId("file-problem"), "");
  try {
    if (file.size > MOST_BYTES) throw new Error("The file is larger than 1 MB; post it in parts.");
    const records = readCsv(await file.text());
    if (records.length < 2) throw new Error("The file has no rows.");
    if (records.length > MOST_ROWS + 1) throw new Error(`A file has at most ${MOST_ROWS} rows; post it in parts.`);
    desk.rows = readRows(records, desk.hubs);
    desk.quoteId = null;
    offerToRepeat(null);
    show();
  } catch (failure) {
    drop();
    write(byId("file-problem"), failure.message);
  }
}

function show() {
  const { rows, wording, quoteId } = desk;
  const good = rows.filter(({ problem }) => !problem);
  const bad = rows.length - good.length;
  byId("rows-part").hidden = false;
  byId("told-head").hidden = quoteId === null;
  byId("rows").replaceChildren(...rows.map(({ number, reference, row, price, told, problem }) => element("tr",
    { class: problem ? "bad" : null },
    element("td", {}, number), element("td", {}, reference), element("td", {}, row.address),
    element("td", {}, `${row.opens.replace("T", " ")} to ${row.closes.slice(11)}`),
    element("td", { class: "number" }, price === undefined ? "" : wording.money(price)),
    quoteId && element("td", { class: "told" }, told?.length
      ? element("ul", {}, ...told.map((sentence) => element("li", {}, sentence))) : null),
    element("td", {}, problem ?? ""))));
  byId("quote").hidden = quoteId !== null || good.length === 0;
  byId("post").hidden = quoteId === null || good.length === 0;
  const total = good.reduce((sum, { price }) => sum + (price ?? 0), 0);
  write(byId("post"), bad > 0 ? `Post only the ${plural(good.length, "good row")}` : `Post ${plural(good.length, "row")}`);
  write(byId("rows-note"), [
    `${plural(rows.length, "row")}, ${bad === 0 ? "nothing wrong with them" : `${bad} with something wrong`}.`,
    quoteId && `All good rows together: ${wording.money(total)}, for 15 minutes.`,
    bad > 0 && "Nothing is posted before you say so: mend the file, or go on with the good rows.",
  ].filter(Boolean).join(" "));
}

async function quote() {
  await waiting(byId("quote"), async () => {
    const deliveries = desk.rows.filter(({ delivery }) => delivery).map(({ delivery }) => delivery);
    const quoted = await api.act("quote_batch", { marketId: desk.marketId, deliveries });
    const priced = new Map(quoted.rows.map((row) => [row.externalId, row]));
    const problems = new Map(quoted.problems.map(({ externalId, message, field }) => [externalId, [field, message].filter(Boolean).join(": ")]));
    for (const row of desk.rows) {
      const found = priced.get(row.reference);
      row.price = found?.priceMinor;
      row.told = found ? toldOf(found, desk) : [];
      row.problem ??= problems.get(row.reference) ?? null;
    }
    desk.quoteId = quoted.id;
    const good = desk.rows.filter(({ problem }) => !problem).map(({ delivery }) => delivery);
    offerToRepeat(good.length === 0 ? null
      : repeatable({ name: byId("file").files[0].name.replace(/\.csv$/i, ""), deliveries: good }));
    show();
  });
}

async function post() {
  await waiting(byId("post"), async () => {
    const { batchId, rows } = await api.act("post_batch", { quoteId: desk.quoteId });
    const refused = rows.filter(({ problem }) => problem);
    const names = new Set(refused.map(({ externalId }) => externalId));
    const { name, deliveries } = desk.repeatable;
    const posted = deliveries.filter(({ externalId }) => !names.has(externalId));
    drop();
    if (posted.length > 0) offerToRepeat(repeatable({ name, deliveries: posted }));
    write(byId("file-problem"), refused.length > 0 ? `Not posted: ${[...names].join(", ")}.` : "");
    await follow(api, desk.wording, desk.claims, batchId);
  });
}

/** Forgets the file. */
function drop() {
  desk.rows = [];
  desk.quoteId = null;
  byId("file").value = "";
  byId("rows-part").hidden = true;
  offerToRepeat(null);
}

/** Offers to repeat what was just quoted or posted; null is nothing. */
function offerToRepeat(deliveries) {
  desk.repeatable = deliveries;
  byId("repeat-offer").hidden = deliveries === null;
  byId("repeat-new").replaceChildren();
  write(byId("repeat"), deliveries === null ? ""
    : `Repeat ${plural(deliveries.deliveries.length, "delivery", "deliveries")} on other days`);
}

function beginToRepeat() {
  const { marketId, wording, recurring } = desk;
  byId("repeat-new").replaceChildren(repeatForm(desk.repeatable, {
    wording,
    preview: async (terms) => (await api.ask("preview_recurrence", { marketId, ...terms })).previewRecurrence,
    send: async (template) => {
      const { recurringBatch } = await api.act("create_recurring_batch", { marketId, template });
      offerToRepeat(null);
      await recurring.change(recurringBatch, async () => {}, "is set up.");
    },
    close: () => {
      byId("repeat-new").replaceChildren();
      byId("repeat").focus();
    },
  }));
  byId("repeat-title").focus();
}

async function waiting(button, work) {
  button.disabled = true;
  write(byId("file-problem"), "");
  try {
    await work();
  } catch (failure) {
    write(byId("file-problem"), failure.message);
  } finally {
    button.disabled = false;
  }
}
