/** The queue: rows that keep their place and focus while they change, one of them chosen, its actions below it. */

import { element, write } from "/static/dom.js";
import { needWords } from "/static/ops/needs.js";
import { count } from "/static/wording.js";

export class Queue {
  /** `actionsFor(need)` lists what can be done about one; `onChoose(need, button)` shows it on the map. */
  constructor({ list, empty, tally, note }, { market, wording, actionsFor, onChoose }) {
    Object.assign(this, { list, empty, tally, note, market, wording, actionsFor, onChoose });
    this.rows = new Map();
    this.needs = [];
    this.chosenId = null;
  }

  get chosen() {
    return this.needs.find((need) => keyOf(need) === this.chosenId) ?? null;
  }

  /** Shows these needs; the chosen one stays chosen while it is there, else the one in its place is. */
  show(needs) {
    const place = this.needs.findIndex((need) => keyOf(need) === this.chosenId);
    this.needs = needs;
    const total = new Map(needs.map(({ kind, ofKind }) => [kind, ofKind]));
    const all = [...total.values()].reduce((sum, one) => sum + one, 0);
    write(this.tally, count(all));
    write(this.note, all > needs.length ? `The most urgent ${count(needs.length)} of ${count(all)}` : "Most urgent first");
    this.empty.hidden = needs.length > 0;
    this.arrange();
    if (place >= 0 && !this.chosen) this.choose(this.needs[Math.min(place, needs.length - 1)] ?? null, { isQuiet: true });
  }

  arrange() {
    const before = this.rows;
    this.rows = new Map();
    this.needs.forEach((need, i) => {
      const key = keyOf(need);
      const row = before.get(key) ?? this.build(key);
      before.delete(key);
      this.rows.set(key, row);
      const words = needWords(need, { wording: this.wording, clock: this.market.clock });
      row.mark.className = `mark tone-${words.tone}`;
      write(row.title, words.title);
      write(row.noteLine, words.note);
      if (this.list.children[i] !== row.node) this.list.insertBefore(row.node, this.list.children[i] ?? null);
    });
    for (const { node } of before.values()) node.remove();
  }

  build(key) {
    const mark = element("span", { class: "mark", "aria-hidden": "true" });
    const title = element("span", { class: "title" });
    const noteLine = element("span", { class: "note" });
    const button = element("button", { type: "button", class: "row", "aria-expanded": "false" }, mark,
      element("span", { class: "told" }, title, noteLine));
    const actions = element("div", { class: "actions", role: "group", "aria-label": "What can be done", hidden: true });
    button.addEventListener("click", () => this.choose(this.needs.find((need) => keyOf(need) === key)));
    return { node: element("li", {}, button, actions), mark, title, noteLine, button, actions };
  }

  /** Opens the actions of one row and closes the others'. */
  choose(need, { isQuiet = false } = {}) {
    for (const { button, actions } of this.rows.values()) {
      button.setAttribute("aria-expanded", "false");
      actions.hidden = true;
    }
    this.chosenId = need ? keyOf(need) : null;
    if (!need) return;
    const { button, actions } = this.rows.get(this.chosenId);
    button.setAttribute("aria-expanded", "true");
    actions.replaceChildren(...this.actionsFor(need).map(({ key, label, run }) => element("button",
      { type: "button", class: "quiet", "aria-keyshortcuts": key, onclick: () => run() },
      element("kbd", { "aria-hidden": "true" }, key), ` ${label}`)));
    actions.hidden = actions.children.length === 0;
    if (isQuiet) return;
    button.focus({ preventScroll: true });
    button.parentElement.scrollIntoView({ block: "nearest" });
    this.onChoose(need, button);
  }

  /** One row on, or back. */
  step(by) {
    if (this.needs.length === 0) return;
    const now = this.needs.findIndex((need) => keyOf(need) === this.chosenId);
    const next = now < 0 ? (by > 0 ? 0 : this.needs.length - 1) : now + by;
    this.choose(this.needs[Math.max(0, Math.min(this.needs.length - 1, next))]);
  }
}

const keyOf = ({ kind, subjectId }) => `${kind} ${subjectId}`;
