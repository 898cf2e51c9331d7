/** The keyboard of the console: one letter for each thing that can be done, and a list of all of them. */

import { byId, element } from "/static/dom.js";

const MOVES = [
  ["j", "Next in the queue"], ["k", "One back"], ["u", "Undo the last action"], ["g", "Show it on the map"],
  ["?", "These keys"], ["Escape", "Close what is open"],
];

/** Listens for keys while nobody writes; `moves` are what they do by name, `actions` knows the letters. */
export function listenForKeys({ actions, moves }) {
  document.addEventListener("keydown", (press) => {
    if (press.ctrlKey || press.metaKey || press.altKey || isWriting(press.target) || isAsking()) return;
    const done = moves[press.key] ? (moves[press.key](), true) : actions.press(press.key);
    if (done) press.preventDefault();
  });
  byId("keys-shut").addEventListener("click", () => byId("keys").close());
}

/** Shows every key; those that can do nothing now are pale. */
export function showKeys(actions) {
  const can = new Set(actions.for(actions.subject(), { withGlobal: true }));
  const rows = [
    ...MOVES.map(([key, label]) => [key, label, true]),
    ...actions.table.map((action) => [action.key, action.label, can.has(action)]),
  ];
  byId("keys-list").replaceChildren(...rows.flatMap(([key, label, isPossible]) => [
    element("dt", {}, element("kbd", {}, key)), element("dd", { class: isPossible ? "" : "soft" }, label),
  ]));
  byId("keys").showModal();
}

const isWriting = (target) => target.closest?.("input, textarea, select, [contenteditable]");

const isAsking = () => document.querySelector("dialog[open]") !== null;
