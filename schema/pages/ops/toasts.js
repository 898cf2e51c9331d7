/** What was done, told for a while, with a way back where there is one. */

import { element } from "/static/dom.js";

const SHOWN_MS = 12_000;

export class Toasts {
  constructor(place) {
    this.place = place;
    this.last = null;
  }

  /** Tells something; `undo`, if given, takes it back. */
  tell(text, { tone = "good", undo = null } = {}) {
    const close = () => {
      toast.remove();
      if (this.last === entry) this.last = null;
    };
    const entry = { undo: undo && (() => { close(); undo(); }) };
    const toast = element("div", { class: `toast tone-${tone}` }, element("p", {}, text),
      undo && element("button", { type: "button", class: "quiet", "aria-keyshortcuts": "u", onclick: () => entry.undo() },
        element("kbd", { "aria-hidden": "true" }, "u"), " Undo"),
      element("button", { type: "button", class: "quiet shut", "aria-label": "Dismiss", onclick: close }, "×"));
    this.place.append(toast);
    if (undo) this.last = entry;
    setTimeout(close, SHOWN_MS);
  }

  /** Takes the latest back that can be. */
  undoLast() {
    this.last?.undo();
  }
}
