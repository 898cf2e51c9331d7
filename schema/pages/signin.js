/** Signing in: an e-mail address, the code that was sent there, and the market where there are several. */

import { byId, element, write } from "/static/dom.js";
import { plural } from "/static/wording.js";

/** Resolves when the session is open and knows its market. */
export class SignIn {
  constructor(session, api) {
    this.session = session;
    this.api = api;
    this.place = byId("sign-in");
    this.behind = byId("map") ?? byId("inbox");
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
    if (this.session.isOpen) this.attempt(byId("choose-market"), () => this.offerMarkets());
    else this.step("ask-code");
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
    byId(shown).querySelector("input, select").focus();
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
    await this.offerMarkets();
  }

  /** Shows the markets that this operator may open; a single one is opened at once. */
  async offerMarkets() {
    const { markets } = await this.api.ask("markets");
    if (markets.length === 0) throw new Error("There is no market yet.");
    if (markets.length === 1) {
      this.openMarket(markets[0].id);
      return;
    }
    const options = markets.map((market) => element("option", { value: market.id }, glance(market)));
    byId("market-id").replaceChildren(...options);
    this.step("choose-market");
  }

  async chooseMarket() {
    this.openMarket(byId("market-id").value);
  }

  openMarket(id) {
    this.session.chooseMarket(id);
    this.done();
  }
}

function glance({ name, routesDriven, waiting }) {
  return `${name}: ${plural(routesDriven, "route")} driven, ${plural(waiting, "delivery waits", "deliveries wait")}`;
}
