/** What was just quoted becomes a recurring batch: a simple rule, a look at its next days, and then it is set up. */

import { element, write } from "/static/dom.js";
import { DAYS, WEEKDAYS, daysLater, weekdayOf, weeklyOn } from "/static/ship/recurrence.js";
import { nextDay } from "/static/ship/recurring.js";
import { plural } from "/static/wording.js";

const LONGEST_NAME = 80;
const MOST_HUBS = 20;
const RULES = { WEEKDAYS: "Every weekday", CHOSEN: "On chosen days", WEEKLY: "Once a week from the first day" };
const LEADS = { 7_200: "2 hours before", 43_200: "12 hours before", 86_400: "A day before" };
const CLOSED = { SKIP: "Leave the day out", MOVE: "Move it to the next open day", POST: "Post it all the same" };

/** Deliveries that are offered to be repeated: the day they are for, and when the first of them begins. */
export function repeatable({ name, deliveries }) {
  const [earliest] = deliveries.map(({ dropoffWindow }) => dropoffWindow.opens).sort();
  const [day, time] = earliest.split("T");
  const hubIds = [...new Set(deliveries.map(({ hubId }) => hubId))].slice(0, MOST_HUBS);
  return { name: name.slice(0, LONGEST_NAME), deliveries, day, time, hubIds };
}

/** The form: `send(template)` sets it up, `preview(terms)` resolves with the next days, `close()` puts it away. */
export function repeatForm({ name, deliveries, day, time, hubIds }, { wording, preview, send, close }) {
  const called = element("input", { id: "repeat-name", required: true, maxlength: LONGEST_NAME, value: name });
  const first = element("input", { id: "repeat-first", type: "date", required: true, value: daysLater(day, 1) });
  const rules = Object.entries(RULES)
    .map(([value, text]) => choice("radio", { name: "repeat-rule", value, checked: value === "WEEKDAYS" }, text));
  const days = element("fieldset", { id: "repeat-days", hidden: true }, element("legend", {}, "On these days"),
    ...DAYS.map(([value, text]) => choice("checkbox", { name: "repeat-day", value, checked: value === "MO" }, text)));
  const lead = select("repeat-lead", LEADS);
  const closed = select("repeat-closed", CLOSED);
  const shown = element("div", { id: "repeat-shown", role: "status", "aria-live": "polite" });
  const said = element("p", { class: "problem", role: "alert" });
  const button = element("button", { type: "submit", class: "loud", disabled: true }, "Set it up");
  const form = element("form", { class: "repeat-form" },
    ...labelled("repeat-name", "Name", called),
    element("fieldset", {}, element("legend", {}, "Repeat"), ...rules), days,
    ...labelled("repeat-first", "First day", first),
    ...labelled("repeat-lead", "Posted", lead), ...labelled("repeat-closed", "Where the hub is closed", closed),
    shown, said,
    element("div", { class: "choices" }, button,
      element("button", { type: "button", class: "quiet", onclick: close }, "Not now")));

  const picked = (name) => [...form.querySelectorAll(`[name=${name}]:checked`)].map(({ value }) => value);
  const terms = () => {
    const [kind] = picked("repeat-rule");
    const on = { WEEKDAYS, CHOSEN: picked("repeat-day"), WEEKLY: [weekdayOf(first.value)] }[kind];
    if (on.length === 0) throw new Error("Choose at least one day.");
    return {
      startsAt: `${first.value}T${time}`, rule: weeklyOn(on), leadS: Number(lead.value), onClosedDay: closed.value,
    };
  };
  let looks = 0;
  const look = async () => {
    looks += 1;
    const mine = looks;
    days.hidden = picked("repeat-rule")[0] !== "CHOSEN";
    button.disabled = true;
    write(said, "");
    try {
      if (!first.value) throw new Error("Choose the first day.");
      const found = await preview({ ...terms(), hubIds });
      if (mine !== looks) return; // something else was chosen meanwhile
      shown.replaceChildren(element("h4", {}, "Its next days would be"),
        element("ul", {}, ...found.map((one) => element("li", {}, nextDay(one, wording)))));
      button.disabled = found.length === 0;
    } catch (failure) {
      if (mine !== looks) return;
      shown.replaceChildren();
      write(said, failure.message);
    }
  };
  form.addEventListener("change", look);
  form.addEventListener("submit", async (submission) => {
    submission.preventDefault();
    button.disabled = true;
    try {
      await send({ name: called.value.trim(), ...terms(), deliveries: movedTo(first.value, day, deliveries) });
    } catch (failure) {
      write(said, failure.message);
      button.disabled = false;
    }
  });
  look();
  const title = `Repeat ${plural(deliveries.length, "delivery", "deliveries")}`;
  return element("section", { "aria-labelledby": "repeat-title" },
    element("h3", { id: "repeat-title", tabindex: -1 }, title), form);
}

/** The deliveries with their windows as they are on the first day. */
function movedTo(first, day, deliveries) {
  const days = Math.round((Date.parse(first) - Date.parse(day)) / 86_400_000);
  const moved = ({ opens, closes }) => ({ opens: daysLater(opens, days), closes: daysLater(closes, days) });
  return deliveries.map(({ pickupWindow, dropoffWindow, ...delivery }) => ({
    ...delivery, pickupWindow: moved(pickupWindow), dropoffWindow: moved(dropoffWindow),
  }));
}

const labelled = (id, text, control) => [element("label", { for: id }, text), control];

const select = (id, texts) => element("select", { id },
  ...Object.entries(texts).map(([value, text]) => element("option", { value }, text)));

const choice = (type, attributes, text) => element("label", { class: "choice" },
  element("input", { type, ...attributes }), text);
