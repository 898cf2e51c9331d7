/** The figures of a market over days: small charts, the same as a table, and as a file; opened by a key. */

import { byId, element, write } from "/static/dom.js";
import { dayChart, daysBetween, nameBars } from "/static/ops/charts.js";
import { CHARTS, knownParts } from "/static/ops/kpi_figures.js";
import { save } from "/static/save.js";
import { count, plural } from "/static/wording.js";

const DAY_MS = 86_400_000;
const USUAL_DAYS = "14";
/** Hubs or shippers beyond so many are in the table and the file only; the busiest are drawn. */
const MOST_BARS = 12;
const MOST_TABLE_ROWS = 200;
const NAMELESS = { HUB: "From no hub", SHIPPER: "No shipper" };
const HEADS = { DAY: "Day", HUB: "Hub", SHIPPER: "Shipper" };

export class KpiPanel {
  constructor({ api, market, wording }) {
    Object.assign(this, { api, market, wording });
    this.dialog = byId("figures-over-days");
    byId("charts-open").addEventListener("click", () => this.open());
    byId("charts-shut").addEventListener("click", () => this.dialog.close());
    // Who opened it by a key had the focus nowhere; from its button keys mean something again at once.
    this.dialog.addEventListener("close", () => byId("charts-open").focus());
    byId("charts-file").addEventListener("click", () => this.download());
    byId("charts-span").addEventListener("change", () => this.chooseSpan());
    for (const id of ["charts-from", "charts-to"]) {
      byId(id).addEventListener("change", () => {
        byId("charts-span").value = "own";
        this.read();
      });
    }
    byId("charts-by").addEventListener("change", () => this.read());
  }

  /** Shows the figures; the first time those of the last two weeks. */
  open() {
    this.dialog.showModal();
    if (!byId("charts-to").value) byId("charts-span").value = USUAL_DAYS;
    if (byId("charts-span").value === "own") this.read();
    else this.chooseSpan();
  }

  chooseSpan() {
    const days = Number(byId("charts-span").value);
    if (!days) return;
    const today = this.wording.date(this.market.clock.now());
    byId("charts-to").value = today;
    byId("charts-from").value = new Date(Date.parse(today) - (days - 1) * DAY_MS).toISOString().slice(0, 10);
    this.read();
  }

  get asked() {
    return { from: byId("charts-from").value, to: byId("charts-to").value, groupBy: byId("charts-by").value };
  }

  async read() {
    const { from, to, groupBy } = this.asked;
    if (!from || !to) return;
    const asked = JSON.stringify(this.asked);
    write(byId("charts-note"), "One moment.");
    try {
      const span = { marketId: this.market.marketId, from, to };
      const answers = await Promise.all([groupBy, "MARKET"].map((group) => this.api.ask("kpis", { ...span, groupBy: group })));
      if (asked !== JSON.stringify(this.asked)) return; // something else was chosen meanwhile
      this.show(answers[0].kpis, answers[1].kpis[0] ?? null);
    } catch (failure) {
      this.show([], null);
      write(byId("charts-note"), failure.message);
    }
  }

  show(rows, whole) {
    const isEmpty = rows.length === 0 || whole === null;
    byId("charts-table-part").hidden = isEmpty;
    byId("charts-file").disabled = isEmpty;
    byId("charts-grid").hidden = isEmpty;
    if (isEmpty) {
      write(byId("charts-note"), "Nothing was counted in these days. Days are counted within minutes of what happens in them.");
      byId("charts-grid").replaceChildren();
      return;
    }
    const named = this.named(rows);
    const { groupBy } = this.asked;
    const rest = groupBy === "DAY" ? 0 : Math.max(0, rows.length - MOST_BARS);
    const beyond = rest > 0 ? `; the ${MOST_BARS} with most deliveries are drawn, ${count(rest)} more are in the table` : "";
    write(byId("charts-note"), `${plural(whole.delivered, "delivery", "deliveries")} handed over${beyond}.`);
    byId("charts-grid").replaceChildren(...CHARTS.map((chart) => this.card(chart, named, whole)));
    this.fillTable(named);
  }

  /** The rows with what each is called; days in order, hubs and shippers the busiest first. */
  named(rows) {
    const { groupBy } = this.asked;
    if (groupBy === "DAY") return rows.map((row) => ({ name: this.wording.calendarDay(row.day), row }));
    return [...rows].sort((a, b) => b.delivered - a.delivered).map((row) => ({ name: row.name ?? NAMELESS[groupBy], row }));
  }

  writerOf({ isMoney, write: own }) {
    return isMoney ? (minor) => this.wording.money(minor) : own;
  }

  card(chart, named, whole) {
    const write = this.writerOf(chart);
    const rows = named.map(({ row }) => row);
    const parts = knownParts(chart, rows);
    const head = chart.head(whole);
    return element("section", { class: "kpi" },
      element("h3", {}, chart.title),
      element("p", { class: "head" }, element("b", {}, head === null ? "–" : write(head)),
        head === null ? null : ` ${chart.headLabel}`),
      element("p", { class: "soft" }, chart.note),
      parts.length > 0 ? this.drawing(chart, { named, rows, parts, write }) : element("p", { class: "none" }, this.whyNone(chart)),
      parts.length > 1 ? this.key(parts, whole, write) : null);
  }

  whyNone({ isWhole }) {
    return isWhole && this.asked.groupBy !== "DAY" ? "It belongs to the market as a whole: see it by day."
      : "Nothing of it was counted in these days.";
  }

  drawing({ title, isStacked, most, mark }, { named, rows, parts, write }) {
    const { from, to, groupBy } = this.asked;
    if (groupBy !== "DAY") return nameBars({ rows: named.slice(0, MOST_BARS), parts, isStacked, most, write });
    const days = daysBetween(from, to, this.wording.calendarDay);
    const label = `${title}, ${parts.map((part) => spoken(part, rows, write)).join("; ")}. The table below has every day.`;
    return dayChart({ days, rows: new Map(rows.map((row) => [row.day, row])), parts, isStacked, most, mark, write, label });
  }

  /** What each colour means, with its figure of the whole span. */
  key(parts, whole, write) {
    return element("ul", { class: "key" }, ...parts.map(({ label, tone, isDashed, value }) => element("li",
      { class: `tone-${tone}${isDashed ? " is-dashed" : ""}` }, `${label} `,
      element("b", {}, value(whole) === null ? "–" : write(value(whole))))));
  }

  fillTable(named) {
    const { groupBy } = this.asked;
    const columns = CHARTS.flatMap((chart) => knownParts(chart, named.map(({ row }) => row)).map(({ label, value }) => (
      { head: chart.parts.length > 1 ? `${chart.title}: ${label}` : chart.title, write: this.writerOf(chart), value })));
    byId("charts-head").replaceChildren(element("th", { scope: "col" }, HEADS[groupBy]),
      ...columns.map(({ head }) => element("th", { scope: "col", class: "number" }, head)));
    byId("charts-rows").replaceChildren(...named.slice(0, MOST_TABLE_ROWS).map(({ name, row }) => element("tr", {},
      element("th", { scope: "row" }, name),
      ...columns.map(({ write, value }) => element("td", { class: "number" }, value(row) === null ? "–" : write(value(row)))))));
    write(byId("charts-rows-note"), named.length > MOST_TABLE_ROWS ? `The first ${MOST_TABLE_ROWS}; the file has all.` : "");
  }

  async download() {
    const { from, to, groupBy } = this.asked;
    try {
      const query = new URLSearchParams({ from, to, groupBy });
      const table = await this.api.file(`/figures/${this.market.marketId}.csv?${query}`);
      save(`figures-${from}-${to}-by-${groupBy.toLowerCase()}.csv`, "text/csv", table);
    } catch (failure) {
      write(byId("charts-note"), failure.message);
    }
  }
}

/** One part of a chart in words: its least, its most, and its last. */
function spoken({ label, value }, rows, write) {
  const values = rows.map(value).filter((one) => one !== null);
  return `${label} from ${write(Math.min(...values))} to ${write(Math.max(...values))}, last ${write(values.at(-1))}`;
}
