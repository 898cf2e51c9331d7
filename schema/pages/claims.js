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
  stands: (kind, state, amount) => `${kind}: the claim ${state}${amount ? `, ${amount}` : ""}.`,
  ask: "Something wrong with it?",
  hint: "Say what is wrong and show it. Whoever sent the parcel, the driver and operations read it, too.",
  kind: "What is wrong",
  amount: (currency) => `What you ask for, in ${currency}`,
  text: "In your words",
  pictures: "Pictures, at most 10",
  begin: "Open a claim",
  more: "Show more for it",
  open: "Send the claim",
  add: "Send this, too",
  takeBack: "Take the claim back",
  sent: "Your claim was sent.",
  added: "That was added to your claim.",
  takenBack: "Your claim was taken back.",
  badPicture: "Pictures are JPEG, PNG or WebP, at most 10 of them and 10 MB each.",
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
  stands: (kind, state, amount) => `${kind}: el reclamo ${state}${amount ? `, ${amount}` : ""}.`,
  ask: "¿Algo anda mal?",
  hint: "Di qué anda mal y muéstralo. También lo leen quien envió el paquete, el repartidor y operaciones.",
  kind: "Qué anda mal",
  amount: (currency) => `Lo que pides, en ${currency}`,
  text: "Con tus palabras",
  pictures: "Fotos, como máximo 10",
  begin: "Abrir un reclamo",
  more: "Mostrar más",
  open: "Enviar el reclamo",
  add: "Enviar esto también",
  takeBack: "Retirar el reclamo",
  sent: "Tu reclamo fue enviado.",
  added: "Se agregó a tu reclamo.",
  takenBack: "Tu reclamo fue retirado.",
  badPicture: "Las fotos son JPEG, PNG o WebP, como máximo 10 y de 10 MB cada una.",
};

export const CLAIM_WORDS = { en: EN, es: ES };
export const isOpen = ({ state }) => state === "OPEN" || state === "NEEDS_EVIDENCE";

/** What a claim is about and how it stands, in one sentence. */
export function standsAs({ kind, state, acceptedMinor }, { words, money }) {
  return words.stands(words.kinds[kind], words.states[state], acceptedMinor === null ? "" : money(acceptedMinor));
}

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
