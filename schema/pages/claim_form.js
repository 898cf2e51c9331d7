/** The form by which somebody opens a claim or shows more for one, and the sending of its pictures. */

import { element } from "/static/dom.js";

const TYPES = ["image/jpeg", "image/png", "image/webp"];
const MOST_PICTURES = 10;
const LARGEST_PICTURE = 10_485_760;
const LONGEST_TEXT = 1000;

/** What cannot be sent, in the reader's words. */
export class BadPicture extends Error {}

/**
 * A form that hands `{ kind, askedMinor, text, pictures }` to `send`; without `isOpening` kind and amount stand already.
 * `digits` is how many decimals the currency has.
 */
export function claimForm({ words, currency, digits, isOpening, send }) {
  const field = (id, label, control) => [element("label", { for: id }, label), control];
  const kind = element("select", { id: "claim-kind" },
    ...Object.entries(words.kinds).map(([value, text]) => element("option", { value }, text)));
  const amount = element("input", {
    id: "claim-amount", type: "number", inputmode: "decimal", required: true, min: 10 ** -digits, step: 10 ** -digits,
  });
  const text = element("textarea", { id: "claim-text", rows: 3, maxlength: LONGEST_TEXT, required: true });
  const pictures = element("input", { id: "claim-pictures", type: "file", multiple: true, accept: TYPES.join(",") });
  const button = element("button", { type: "submit", class: "loud" }, isOpening ? words.open : words.add);
  const form = element("form", { class: "claim-form" },
    ...(isOpening ? [...field("claim-kind", words.kind, kind), ...field("claim-amount", words.amount(currency), amount)] : []),
    ...field("claim-text", words.text, text), ...field("claim-pictures", words.pictures, pictures), button);
  form.addEventListener("submit", async (submission) => {
    submission.preventDefault();
    button.disabled = true;
    const askedMinor = Math.round(Number(amount.value) * 10 ** digits);
    await send({ kind: kind.value, askedMinor, text: text.value, pictures: [...pictures.files] });
    button.disabled = false;
  });
  return form;
}

/** Sends pictures, each to the address that `announce({ contentType, sizeBytes })` gives; resolves with their ids. */
export async function sendPictures(pictures, announce, words) {
  const isGood = ({ type, size }) => TYPES.includes(type) && size <= LARGEST_PICTURE;
  if (pictures.length > MOST_PICTURES || !pictures.every(isGood)) throw new BadPicture(words.badPicture);
  const ids = [];
  for (const picture of pictures) {
    const { proofId, url } = await announce({ contentType: picture.type, sizeBytes: picture.size });
    const answer = await fetch(new URL(url, location.href).pathname, {
      method: "PUT", body: picture, headers: { "content-type": picture.type },
    });
    if (!answer.ok) throw new BadPicture(words.badPicture);
    ids.push(proofId);
  }
  return ids;
}
