/** The shipper's claims: how each stands with its file; to open one, to show more for it, or to take it back. */

import { claimForm, sendPictures } from "/static/claim_form.js";
import { CLAIM_WORDS, claimFile, isOpen, standsAs } from "/static/claims.js";
import { byId, element, write } from "/static/dom.js";
import { marketWording } from "/static/wording.js";

const { en: WORDS } = CLAIM_WORDS;
/** A delivery in one of these states can have a claim; whether this one can is the server's to say. */
const CLAIMABLE = new Set(["DELIVERED", "RETURNED", "FAILED"]);

export class Claims {
  constructor(api, { currency, timeZone }) {
    Object.assign(this, { api, currency, timeZone });
    this.references = new Map();
    this.claims = [];
  }

  /** Whether a delivery of the followed batch is offered to be claimed for. */
  canOpen({ id, state }) {
    return CLAIMABLE.has(state) && !this.claims.some(({ deliveryId, state: now }) => deliveryId === id && now !== "WITHDRAWN");
  }

  async read() {
    this.claims = (await this.api.ask("claims")).claims;
  }

  draw() {
    write(byId("claims-note"), this.claims.length === 0
      ? "There is no claim. Where something came damaged or not at all, open one beside the delivery above." : "");
    byId("claims").replaceChildren(...this.claims.map((claim) => this.row(claim)));
  }

  row(claim) {
    const wording = marketWording({ currency: claim.currency, timeZone: this.timeZone });
    const say = { words: WORDS, money: wording.money, moment: (at) => `${wording.day(at)} ${wording.time(at)}` };
    const place = element("div");
    const more = () => place.replaceChildren(this.form({ isOpening: false, wording, claimId: claim.id }));
    return element("li", {}, element("details", {},
      element("summary", {}, `${this.nameOf(claim.deliveryId)}. ${standsAs(claim, say)} ${wording.money(claim.askedMinor)} asked.`),
      claimFile(claim, say), place,
      isOpen(claim) ? element("div", { class: "choices" },
        element("button", { type: "button", class: "quiet", onclick: more }, WORDS.more),
        element("button", { type: "button", class: "quiet", onclick: () => this.takeBack(claim) }, WORDS.takeBack)) : null));
  }

  nameOf(deliveryId) {
    return this.references.get(deliveryId) ?? "An earlier delivery";
  }

  /** Remembers what the shipper calls its deliveries. */
  know(deliveries) {
    for (const { id, externalId } of deliveries) this.references.set(id, externalId);
  }

  /** Shows the form to open a claim for one delivery. */
  begin({ id, externalId }) {
    const wording = marketWording({ currency: this.currency, timeZone: this.timeZone });
    byId("claim-new").replaceChildren(element("h3", { id: "claim-new-title", tabindex: -1 }, `A claim for ${externalId}`),
      this.form({ isOpening: true, wording, deliveryId: id }));
    byId("claim-new-title").focus();
  }

  form({ isOpening, wording, deliveryId, claimId }) {
    const digits = Math.round(-Math.log10(wording.leastStep));
    const announce = async (picture) => {
      const { createClaimUpload: upload } = await this.api.ask("create_claim_upload", {
        ...picture, deliveryId: deliveryId ?? this.claims.find(({ id }) => id === claimId).deliveryId });
      if (upload.code) throw new Error(upload.message);
      return upload;
    };
    const send = ({ kind, askedMinor, text, pictures }) => this.change(async () => {
      const proofIds = await sendPictures(pictures, announce, WORDS);
      if (isOpening) await this.api.act("open_claim", { deliveryId, kind, askedMinor, text, proofIds });
      else await this.api.act("add_claim_evidence", { claimId, text, proofIds });
      byId("claim-new").replaceChildren();
    }, isOpening ? WORDS.sent : WORDS.added);
    return claimForm({ words: WORDS, currency: this.currency, digits, isOpening, send });
  }

  takeBack({ id }) {
    return this.change(() => this.api.act("withdraw_claim", { claimId: id }), WORDS.takenBack);
  }

  async change(work, said) {
    write(byId("claims-said"), "");
    try {
      await work();
      await this.read();
      this.draw();
      write(byId("claims-said"), said);
    } catch (failure) {
      write(byId("claims-said"), failure.message);
    }
  }
}
