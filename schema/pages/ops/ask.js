/** A question before something is done: a few fields in a dialog that the keyboard alone can answer. */

import { byId, element, write } from "/static/dom.js";

/**
 * Asks `{ title, note, detail, fields, verb }` and resolves with the answers by name; null when nothing is to be done.
 * A field is `{ name, label, type, value, options, maxLength }`, its type text, area, number or choice; with
 * `shownFor: [other, values]` it is asked only while the other field has one of these values. `detail` is an element.
 */
export function ask({ title, note = "", detail = null, fields, verb }) {
  const dialog = byId("ask");
  const form = byId("ask-form");
  write(byId("ask-title"), title);
  write(byId("ask-note"), note);
  write(byId("ask-send"), verb);
  byId("ask-detail").replaceChildren(...[detail].filter(Boolean));
  byId("ask-fields").replaceChildren(...fields.map(built));
  const arrange = () => fields.forEach((field) => arrangeOne(form, field));
  form.onchange = arrange;
  arrange();
  const cameFrom = document.activeElement;
  return new Promise((resolve) => {
    const answer = () => Object.fromEntries(fields.map(({ name }) => [name, form.elements[name].value.trim()]));
    form.onsubmit = (submit) => {
      submit.preventDefault();
      dialog.returnValue = "sent";
      dialog.close("sent");
    };
    byId("ask-leave").onclick = () => dialog.close("left");
    dialog.onclose = () => {
      cameFrom?.focus();
      resolve(dialog.returnValue === "sent" ? answer() : null);
    };
    dialog.returnValue = "left";
    dialog.showModal();
    (form.querySelector("select, input, textarea") ?? byId("ask-send")).focus();
  });
}

/** A field that is not asked now needs no answer. */
function arrangeOne(form, { name, shownFor, isOptional = false }) {
  if (!shownFor) return;
  const [other, values] = shownFor;
  const control = form.elements[name];
  const isShown = values.includes(form.elements[other].value);
  control.closest(".field").hidden = !isShown;
  control.required = isShown && !isOptional;
}

function built({ name, label, type = "text", value = "", options = [], maxLength = 200, min, max, step, isOptional = false }) {
  const id = `ask-${name}`;
  return element("div", { class: "field" }, element("label", { for: id }, label), control());

  function control() {
    const common = { id, name, required: !isOptional };
    if (type === "choice") {
      return element("select", common, ...options.map(([key, text]) => (
        element("option", { value: key, selected: key === value }, text))));
    }
    if (type === "area") return element("textarea", { ...common, maxlength: maxLength, rows: 3 }, value);
    const limits = type === "number" ? { min, max, step, inputmode: "decimal" } : { maxlength: maxLength };
    return element("input", { ...common, type, value, ...limits });
  }
}
