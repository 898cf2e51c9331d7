/** The recipient's claim: how it stands and its file, and the form to open one, show more, or take it back. */

import { claimForm, sendPictures } from "/static/claim_form.js";
import { CLAIM_WORDS, claimFile, isOpen, standsAs } from "/static/claims.js";
import { byId, element, write } from "/static/dom.js";

/** Only what has ended can have a claim; before, nothing is asked. */
const ENDED = ["DELIVERED", "BACK", "FAILED"];

export class Claim {
  constructor(page) {
    this.page = page;
    this.claim = null;
    byId("claim-back").addEventListener("click", () => this.takeBack());
  }

  get words() {
    return CLAIM_WORDS[this.page.language];
  }

  /** Reads the claim with the delivery; what somebody types is theirs until it is sent. */
  async show(delivery) {
    this.delivery = delivery;
    if (!ENDED.includes(delivery.status)) return;
    try {
      [this.claim = null] = await this.page.client.ask("claims");
    } catch {
      return; // the page itself says that there is no connection, and looks again
    }
    this.draw();
  }

  draw() {
    const { claim, words, delivery } = this;
    const canOpen = delivery.actions.includes("CLAIM");
    byId("claim-section").hidden = !claim && !canOpen;
    write(byId("claim-title"), claim ? words.title : words.ask);
    const say = { words, money: (minor) => this.money(minor), moment: (at) => this.page.view.moment.format(new Date(at)) };
    write(byId("claim-state"), claim ? standsAs(claim, say) : words.hint);
    const isMine = claim?.entries[0]?.by === "recipient";
    byId("claim-back").hidden = !claim || !isOpen(claim) || !isMine;
    write(byId("claim-back"), words.takeBack);
    // The addresses of pictures are new with every reading, so only a new step is drawn anew.
    const drawn = [this.page.language, claim?.id, claim?.state, claim?.entries.length, canOpen].join();
    if (byId("claim-section").dataset.drawn === drawn) return;
    byId("claim-section").dataset.drawn = drawn;
    byId("claim-file").replaceChildren(...(claim ? [claimFile(claim, say)] : []));
    const form = canOpen || (claim && isOpen(claim)) ? this.form({ isOpening: canOpen }) : null;
    byId("claim-form").replaceChildren(...[form].filter(Boolean));
  }

  /** Folded, since hardly anybody needs it. */
  form({ isOpening }) {
    const { currency, digits } = this.delivery;
    const { words } = this;
    return element("details", {}, element("summary", {}, isOpening ? words.begin : words.more),
      claimForm({ words, currency, digits, isOpening, send: (said) => this.send(said, { isOpening }) }));
  }

  money(minor) {
    const { currency, digits } = this.delivery;
    const format = new Intl.NumberFormat(this.page.language, {
      style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    return format.format(minor / 10 ** digits);
  }

  async send({ kind, askedMinor, text, pictures }, { isOpening }) {
    const { client } = this.page;
    await this.change(async () => {
      const proofIds = await sendPictures(pictures, (picture) => client.ask("create_claim_upload", picture), this.words);
      if (isOpening) await client.change("open_claim", { kind, askedMinor, text, proofIds });
      else await client.change("add_claim_evidence", { claimId: this.claim.id, text, proofIds });
    }, isOpening ? this.words.sent : this.words.added);
  }

  async takeBack() {
    await this.change(() => this.page.client.change("withdraw_claim", { claimId: this.claim.id }), this.words.takenBack);
  }

  async change(work, said) {
    try {
      await work();
      await this.page.look();
      this.page.say(said);
    } catch (failure) {
      this.page.sayFailure(failure);
    }
  }
}
