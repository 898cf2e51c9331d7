/** What is posted again and again: its rule, its next days, what became of the last ones, and how it is steered. */

import { byId, element, write } from "/static/dom.js";
import { dayInWords, ruleInWords } from "/static/ship/recurrence.js";
import { capital, marketWording, plain, plural } from "/static/wording.js";

const SHOWN = 20;
const NEXT_SHOWN = 5;
const TONES = { ACTIVE: "good", PAUSED: "wait", ENDED: "quiet", POSTED: "good", SKIPPED: "quiet", REFUSED: "bad" };
const SKIPPED = {
  BY_SHIPPER: "you left it out",
  CLOSED_DAY: "its hub was closed",
  MISSED: "its time had passed",
  PAUSED: "it was paused",
  NOBODY_LEFT: "none of its rows is left",
};

export class Recurring {
  constructor(api) {
    Object.assign(this, { api, asksToEnd: null, batches: [], hasMore: false });
  }

  async read() {
    const { recurringBatches } = await this.api.ask("recurring_batches", { first: SHOWN });
    this.batches = recurringBatches.edges.map(({ node }) => node);
    this.hasMore = recurringBatches.pageInfo.hasNextPage;
  }

  draw() {
    const note = this.hasMore ? `The newest ${SHOWN} are shown.` : "";
    write(byId("recurring-note"), this.batches.length > 0 ? note
      : "Nothing is posted by itself. Quote a file above, and you can have it repeated.");
    byId("recurring").replaceChildren(...this.batches.map((batch) => this.row(batch)));
  }

  row(batch) {
    const wording = marketWording({ currency: "USD", timeZone: batch.timeZone }); // only its times are read here
    const next = batch.nextOccurrences.slice(0, NEXT_SHOWN).map((one) => element("li", {}, nextDay(one, wording)));
    const runs = batch.lastRuns.map(lastDay);
    const ahead = batch.state === "PAUSED" ? "Next days, if it is resumed" : "Next days";
    const refused = batch.refusals > 0 ? ` Refused on ${plural(batch.refusals, "day")} in a row.` : "";
    return element("li", {},
      element("h3", { id: `recurring-${batch.id}`, tabindex: -1 }, `${batch.name} `, badge(batch.state)),
      element("p", {}, `${ruleInWords(batch.rule, batch.startsAt)}. `
        + `${plural(batch.deliveryCount, "delivery", "deliveries")} each day.${refused}`),
      element("div", { class: "days" }, listed(ahead, next), listed("Last days", runs)),
      batch.state === "ENDED" ? null : element("div", { class: "choices" }, ...this.buttons(batch)));
  }

  buttons(batch) {
    const { id: recurringBatchId, name } = batch;
    const step = (text, verb, said, more = {}) => button(text, name, () => (
      this.change(batch, () => this.api.act(verb, { recurringBatchId, ...more }), said)));
    const ask = (isAsked) => () => {
      this.asksToEnd = isAsked ? recurringBatchId : null;
      this.draw();
      byId(`recurring-${recurringBatchId}`).focus();
      write(byId("recurring-said"), isAsked ? `End ${name} for good? What was posted goes its way.` : "");
    };
    if (this.asksToEnd === recurringBatchId) {
      return [step("End for good", "end_recurring_batch", "has ended."), button("Keep it", name, ask(false))];
    }
    const next = batch.nextOccurrences.find(({ fallsOn }) => fallsOn !== null);
    return [
      batch.state === "ACTIVE" ? step("Pause", "pause_recurring_batch", "is paused.")
        : step("Resume", "resume_recurring_batch", "goes on."),
      next && step(`Skip ${dayInWords(next.day)}`, "skip_occurrence", `leaves out ${dayInWords(next.day)}.`,
        { day: next.day }),
      button("End", name, ask(true)),
    ].filter(Boolean);
  }

  /** Takes a step and shows how the batch stands then; the reader stays where it is told of. */
  async change({ id, name }, work, said) {
    this.asksToEnd = null;
    let told = `${name} ${said}`;
    try {
      await work();
      await this.read();
    } catch (failure) {
      told = failure.message;
    }
    this.draw();
    byId(`recurring-${id}`)?.focus();
    write(byId("recurring-said"), told);
  }
}

/** A day to come in words: when it is posted, and where it moves. */
export function nextDay({ day, fallsOn, postsAt }, wording) {
  if (fallsOn === null) return `${dayInWords(day)}: left out, its hub is closed`;
  const moved = fallsOn === day ? "" : `, moved to ${dayInWords(fallsOn)}`;
  return `${dayInWords(day)}${moved}, posted ${wording.day(postsAt)} at ${wording.time(postsAt)}`;
}

function lastDay({ day, fallsOn, outcome, reason, message, postedCount, problems }) {
  const moved = fallsOn === day ? "" : `, moved to ${dayInWords(fallsOn)}`;
  const why = {
    POSTED: plural(postedCount, "delivery", "deliveries"),
    SKIPPED: SKIPPED[reason] ?? plain(reason),
    REFUSED: message ?? plain(reason),
  }[outcome];
  return element("li", {}, `${dayInWords(day)}${moved} `, badge(outcome), ` ${why}`,
    problems.length > 0 ? element("ul", { class: "soft" }, ...problems.map(({ externalId, message: said }) => (
      element("li", {}, `Not posted: ${externalId}, ${said}`)))) : null);
}

const listed = (title, rows) => (rows.length === 0 ? null
  : element("div", {}, element("h4", {}, title), element("ul", {}, ...rows)));

const badge = (state) => element("span", { class: `badge tone-${TONES[state] ?? "move"}` }, capital(plain(state)));

/** A button whose name tells a screen reader which batch it is for. */
const button = (text, name, onclick) => element("button", { type: "button", class: "quiet", onclick },
  text, element("span", { class: "unseen" }, `: ${name}`));
