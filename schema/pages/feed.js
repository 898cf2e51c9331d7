/** The feed: what happened, newest first, as many rows as one can read, stopped whenever the reader wants. */

import { element, write } from "/static/dom.js";
import { plural } from "/static/wording.js";
import { sentenceFor } from "/static/words.js";

const MOST_ROWS = 200;
/** An event joins a sentence that is among the latest few; further down nobody would notice. */
const JOINS_AMONG = 8;

export class Feed {
  /** `onPick` hears what of the map a row is about, the closest first, when it is picked. */
  constructor({ list, empty, pause, note }, { market, wording, onPick }) {
    Object.assign(this, { list, empty, pause, note, context: { market, wording }, onPick });
    this.rows = [];
    this.kept = [];
    this.isPaused = false;
    pause.addEventListener("click", () => this.setPaused(!this.isPaused));
  }

  take(event) {
    const sentence = sentenceFor(event);
    if (!sentence) return;
    if (this.isPaused) this.keep(event);
    else this.tell(event, sentence);
  }

  keep(event) {
    this.kept.push(event);
    if (this.kept.length > MOST_ROWS) this.kept.shift();
    write(this.note, `Paused, ${plural(this.kept.length, "new event")}`);
  }

  setPaused(isPaused) {
    this.isPaused = isPaused;
    this.pause.setAttribute("aria-pressed", String(isPaused));
    write(this.pause, isPaused ? "Resume" : "Pause");
    write(this.note, isPaused ? "Paused" : "Newest first");
    if (isPaused) return;
    for (const event of this.kept.splice(0)) this.tell(event, sentenceFor(event));
  }

  /** The cursor from which a reloaded page can tell all of this again; null for an empty feed. */
  get beginning() {
    return this.rows.at(-1)?.cursor ?? null;
  }

  tell(event, sentence) {
    const row = this.rows.slice(0, JOINS_AMONG).find(({ key }) => key === sentence.key);
    if (row) this.join(row, event, sentence);
    else this.add(event, sentence);
  }

  join(row, event, sentence) {
    row.number += 1;
    if (sentence.yields) return;
    write(row.text, sentence.say(event, row.number, this.context));
  }

  add(event, sentence) {
    this.empty.hidden = true;
    const { wording } = this.context;
    const text = element("span", { class: "told" }, sentence.say(event, 1, this.context));
    const time = element("time", { datetime: event.occurredAt }, wording.time(event.occurredAt));
    const mark = element("span", { class: `mark tone-${sentence.tone}`, "aria-hidden": "true" });
    const { targets } = sentence;
    const pick = (click) => this.onPick(targets, click.currentTarget);
    const body = targets.length > 0
      ? element("button", { type: "button", class: "row", onclick: pick }, mark, text, time)
      : element("div", { class: "row" }, mark, text, time);
    const row = { key: sentence.key, cursor: event.cursor, number: 1, text, node: element("li", {}, body) };
    this.list.prepend(row.node);
    this.rows.unshift(row);
    if (this.rows.length > MOST_ROWS) this.rows.pop().node.remove();
  }
}
