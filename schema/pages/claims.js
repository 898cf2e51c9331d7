/** The file of a damage claim, as all sides read it: who said, asked, showed and decided what; in English and Spanish. */

import { element } from "/static/dom.js";

const EN = {
  title: "Claim",
  kinds: { DAMAGED: "Came damaged", MISSING: "Did not come", WRONG_ITEM: "Is something else" },
  states: {
    OPEN: "is being looked at", NEEDS_EVIDENCE: "waits for more to be shown", ACCEPTED: "was accepted",
    REJECTED: "was rejected", WITHDRAWN: "was taken back",
  },
  by: { shipper: "Shipper", recipient: "Recipient", driver: "Driver", operator: "Operations" },
  steps: {
    OPENED: "opened it", EVIDENCE: "added", ANSWER: "answered", ASKED: "asks for more", ACCEPTED: "accepted it",
    REJECTED: "rejected it", WITHDRAWN: "took it back",
  },
  picture: (number) => `Picture ${number}`,
};
const ES = {
  title: "Reclamo",
  kinds: { DAMAGED: "Llegó dañado", MISSING: "No llegó", WRONG_ITEM: "Es otra cosa" },
  states: {
    OPEN: "se está revisando", NEEDS_EVIDENCE: "espera que se muestre más", ACCEPTED: "fue aceptado",
    REJECTED: "fue rechazado", WITHDRAWN: "fue retirado",
  },
  by: { shipper: "Remitente", recipient: "Destinatario", driver: "Repartidor", operator: "Operaciones" },
  steps: {
    OPENED: "lo abrió", EVIDENCE: "agregó", ANSWER: "respondió", ASKED: "pide más", ACCEPTED: "lo aceptó",
    REJECTED: "lo rechazó", WITHDRAWN: "lo retiró",
  },
  picture: (number) => `Foto ${number}`,
};

export const CLAIM_WORDS = { en: EN, es: ES };
export const isOpen = ({ state }) => state === "OPEN" || state === "NEEDS_EVIDENCE";

/** The steps of a claim, oldest first; `say` are `{ words, money(minor), moment(time) }`. */
export function claimFile({ entries }, say) {
  return element("ol", { class: "claim-file" }, ...entries.map((entry) => step(entry, say)));
}

function step({ kind, by, text, pictures, amountMinor, madeAt }, { words, money, moment }) {
  const amount = amountMinor === null ? "" : `, ${money(amountMinor)}`;
  return element("li", {},
    element("p", { class: "said-by" }, element("b", {}, words.by[by] ?? by), ` ${words.steps[kind]}${amount} `,
      element("time", { datetime: madeAt, class: "soft" }, moment(madeAt))),
    text ? element("p", { class: "words" }, text) : null,
    pictures.length > 0 ? element("p", { class: "evidence" }, ...pictures.map((src, i) => (
      element("a", { href: src, target: "_blank", rel: "noreferrer" },
        element("img", { src, alt: words.picture(i + 1), loading: "lazy" }))))) : null);
}
