/** Invoices: each to be saved as CSV, or shown as a page that prints. */

import { byId, element, write } from "/static/dom.js";
import { writeCsv } from "/static/ship/csv.js";
import { save } from "/static/save.js";
import { capital, marketWording, plain } from "/static/wording.js";

export async function showInvoices(api) {
  const { invoices } = await api.ask("invoices", { first: 20 });
  const found = invoices.edges.map(({ node }) => node);
  write(byId("invoices-note"), found.length === 0 ? "There is no invoice yet." : "");
  byId("invoices").replaceChildren(...found.map(row));
}

const nameOf = ({ number, id }) => number ?? id;
const wordingOf = ({ currency }) => marketWording({ currency, timeZone: "UTC" });

function row(invoice) {
  const wording = wordingOf(invoice);
  return element("li", {},
    element("span", { class: "told" }, `${nameOf(invoice)}, ${wording.money(invoice.totalMinor)}, `,
      element("span", { class: "soft" }, plain(invoice.state))),
    element("button", { type: "button", class: "quiet", onclick: () => saveAsCsv(invoice) }, "CSV"),
    element("button", { type: "button", class: "quiet", onclick: () => show(invoice) }, "Show and print"));
}

function saveAsCsv(invoice) {
  const head = ["kind", "service_level", "label", "quantity", "amount_minor", "currency"];
  const lines = invoice.lines.map(({ kind, serviceLevel, label, quantity, amountMinor }) => (
    [kind, serviceLevel, label, quantity, amountMinor, invoice.currency]));
  save(`invoice-${nameOf(invoice)}.csv`, "text/csv", writeCsv([head, ...lines]));
}

function show(invoice) {
  const wording = wordingOf(invoice);
  const day = (moment) => (moment ? `${wording.day(moment)} ${new Date(moment).getUTCFullYear()}` : "–");
  const close = () => {
    byId("paper").hidden = true;
    byId("desk").hidden = false;
  };
  const lines = invoice.lines.map(({ kind, label, quantity, amountMinor }) => element("tr", {},
    element("td", {}, label ?? capital(plain(kind))), element("td", { class: "number" }, quantity),
    element("td", { class: "number" }, wording.money(amountMinor))));
  byId("paper").replaceChildren(
    element("h1", { id: "paper-title", tabindex: -1 }, `Invoice ${nameOf(invoice)}`),
    element("dl", {}, ...[["State", capital(plain(invoice.state))], ["From", day(invoice.periodStart)], ["To", day(invoice.periodEnd)],
      ["Issued", day(invoice.issuedAt)], ["Due", day(invoice.dueAt)], ["Paid", day(invoice.paidAt)]]
      .flatMap(([what, value]) => [element("dt", {}, what), element("dd", {}, value)])),
    element("table", {},
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "For"),
        element("th", { scope: "col", class: "number" }, "Quantity"), element("th", { scope: "col", class: "number" }, "Amount"))),
      element("tbody", {}, ...lines),
      element("tfoot", {}, element("tr", {}, element("th", { scope: "row", colspan: 2 }, "Total"),
        element("td", { class: "number" }, wording.money(invoice.totalMinor))))),
    element("div", { class: "choices" },
      element("button", { type: "button", class: "loud", onclick: () => print() }, "Print"),
      element("button", { type: "button", class: "quiet", onclick: close }, "Back")));
  byId("desk").hidden = true;
  byId("paper").hidden = false;
  byId("paper-title").focus();
}
