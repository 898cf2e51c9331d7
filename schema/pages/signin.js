/** Signing in: an e-mail address, the code that was sent there, and the market where there are several. */

import { byId, write } from "/static/dom.js";

/** Resolves when the session is open and knows its market. */
export class SignIn {
  constructor(session, api) {
    this.session = session;
    this.api = api;
    this.place = byId("sign-in");
    this.behind = byId("map");
    this.problem = byId("sign-in-problem");
    for (const [id, send] of Object.entries({
      "ask-code": () => this.askCode(),
      "send-code": () => this.sendCode(),
      "choose-market": () => this.chooseMarket(),
    })) {
      byId(id).addEventListener("submit", (submit) => {
        submit.preventDefault();
        this.attempt(byId(id), send);
      });
    }
    byId("other-address").addEventListener("click", () => this.step("ask-code"));
  }

  /** Shows the form until somebody has signed in; `why` says what happened before. */
  open(why = "") {
    this.place.hidden = false;
    this.behind.inert = true;
    write(this.problem, why);
    this.step(this.session.isOpen ? "choose-market" : "ask-code");
    return new Promise((resolve) => {
      this.done = () => {
        this.place.hidden = true;
        this.behind.inert = false;
        resolve();
      };
    });
  }

  step(shown) {
    for (const id of ["ask-code", "send-code", "choose-market"]) byId(id).hidden = id !== shown;
    byId(shown).querySelector("input").focus();
  }

  async attempt(form, send) {
    const button = form.querySelector("[type=submit]");
    button.disabled = true;
    write(this.problem, "");
    try {
      await send();
    } catch (failure) {
      write(this.problem, failure.message);
    } finally {
      button.disabled = false;
    }
  }

  async askCode() {
    this.address = byId("address").value.trim();
    await this.api.change("request_sign_in_code", { address: this.address });
    write(byId("sent-to"), this.address);
    byId("code").value = "";
    this.step("send-code");
  }

  async sendCode() {
    const code = byId("code").value.trim();
    this.session.openWith(await this.api.change("sign_in", { address: this.address, code }));
    const { me } = await this.api.ask("me");
    if (me.marketId) this.session.chooseMarket(me.marketId);
    if (this.session.marketId) this.done();
    else this.step("choose-market");
  }

  async chooseMarket() {
    this.session.chooseMarket(byId("market-id").value.trim());
    this.done();
  }
}
