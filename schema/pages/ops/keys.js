/** The keyboard of the console: one letter for each thing that can be done, and a list of all of them. */

import { byId, element } from "/static/dom.js";

const MOVES = [
  ["j", "Next in the queue"], ["k", "One back"], ["u", "Undo the last action"], ["g", "Show it on the map"],
  ["v", "Figures over days"], ["?", "These keys"], ["Escape", "Close what is open"],
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
    ...MOVES.map(([key, label]) => [key, label, "move"]),
    ...actions.table.map((action) => [action.key, can.has(action) ? doing(action) : pale(action), null]),
  ];
  byId("keys-list").replaceChildren(...rows.flatMap(([key, shown, kind]) => [
    element("dt", {}, element("kbd", {}, key)), element("dd", { class: kind }, shown),
  ]));
  byId("keys").showModal();
}

/** What can be done now can be done from the list as well: there are screens without keys. */
function doing({ label, run }) {
  const choose = () => {
    byId("keys").close();
    run();
  };
  return element("button", { type: "button", class: "link", onclick: choose }, label);
}

const pale = ({ label }) => element("span", { class: "soft" }, label);

const isWriting = (target) => target.closest?.("input, textarea, select, [contenteditable]");

const isAsking = () => document.querySelector("dialog[open], #drawing:not([hidden])") !== null;
