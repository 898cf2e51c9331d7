/** The recipient's tip: amounts to choose from, what became of the last one, and the way to the provider's page. */

import { byId, element, write } from "/static/dom.js";

const KEPT_AS = "doorstep.tip";
const LOOK_AGAIN_MS = 800;
const PATIENCE_MS = 30_000;
const OPEN = ["WANTED", "WAITING"];

/** Whether the reader has just come back from the payment provider: "paid", "back", or null. */
export const cameBack = () => new URLSearchParams(location.search).get("tip");

/**
 * The provider leads back to an address without a token, the same for everybody. This tab remembers which delivery it
 * had come from, so that nobody else learns the link.
 */
export function returnFromPayment() {
  const path = readKept();
  if (path === null) {
    byId("back").hidden = false;
    return;
  }
  location.replace(`${path}?tip=${cameBack() === "paid" ? "paid" : "back"}`);
}

export class Tip {
  constructor(page) {
    this.page = page;
    byId("tip-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.give();
    });
    byId("tip-own").addEventListener("input", () => {
      for (const choice of document.querySelectorAll("[name=tip]")) choice.checked = false;
    });
    byId("tip-amounts").addEventListener("change", () => (byId("tip-own").value = ""));
    byId("tip-link").addEventListener("click", keepPath);
  }

  show({ tips, actions }) {
    this.tips = tips;
    const canTip = actions.includes("TIP");
    const last = tips?.given[0];
    byId("tip-section").hidden = !canTip && !last;
    if (byId("tip-section").hidden) return;
    byId("tip-form").hidden = !canTip || last?.state === "WANTED";
    this.amounts(tips);
    write(byId("tip-state"), last ? this.stateOf(last) : "");
    const isPayable = last?.state === "WAITING" && cameBack() !== "paid";
    byId("tip-pay").hidden = !isPayable;
    if (isPayable) byId("tip-link").href = last.url;
    if (last?.state === "WAITING" && cameBack() === "paid") this.lookAgain();
  }

  /** Drawn anew only when the amounts have changed, so that a choice stays. */
  amounts({ suggestedMinor, smallestMinor, leftMinor }) {
    const { words } = this.page;
    write(byId("tip-hint"), words.tipHint(this.money(smallestMinor), this.money(leftMinor)));
    const drawn = [this.page.language, ...suggestedMinor].join();
    if (byId("tip-amounts").dataset.drawn === drawn) return;
    byId("tip-amounts").dataset.drawn = drawn;
    byId("tip-amounts").replaceChildren(...suggestedMinor.map((minor) =>
      element("label", {}, element("input", { type: "radio", name: "tip", value: minor }),
        element("span", {}, this.money(minor)))));
  }

  stateOf({ state, amountMinor }) {
    const { words } = this.page;
    const amount = this.money(amountMinor);
    if (state === "WAITING" && cameBack() === "paid") return words.tipChecking(amount);
    if (state === "WAITING" && cameBack() === "back") return words.tipBack(amount);
    return {
      WANTED: words.tipWanted(amount),
      WAITING: words.tipWaiting(amount),
      PAID: words.tipPaid(amount),
      EXPIRED: words.tipExpired,
      REFUSED: words.tipRefused,
    }[state];
  }

  money(minor) {
    const { currency, digits } = this.tips;
    const format = new Intl.NumberFormat(this.page.language, {
      style: "currency", currency, minimumFractionDigits: digits, maximumFractionDigits: digits,
    });
    return format.format(minor / 10 ** digits);
  }

  /** The chosen amount in minor units, or null while there is none that can be given. */
  chosen() {
    const own = byId("tip-own").value.trim().replace(",", ".");
    const { digits, smallestMinor, leftMinor } = this.tips;
    const picked = document.querySelector("[name=tip]:checked")?.value;
    const minor = own ? Math.round(Number(own) * 10 ** digits) : Number(picked);
    return minor >= smallestMinor && minor <= leftMinor ? minor : null;
  }

  async give() {
    const { page } = this;
    const amountMinor = this.chosen();
    if (amountMinor === null) {
      page.say(page.words.chooseTip);
      return;
    }
    const button = byId("tip-form").querySelector("[type=submit]");
    button.disabled = true;
    try {
      const variables = { amountMinor, currency: this.tips.currency, language: page.language.toUpperCase() };
      page.show((await page.client.change("give_tip", variables)).delivery);
      await this.goToPay(amountMinor);
    } catch (failure) {
      page.sayFailure(failure);
    }
    button.disabled = false;
  }

  /** The provider's page takes a second or two to be made; as soon as it is there, the reader goes there. */
  async goToPay(amountMinor) {
    const until = Date.now() + PATIENCE_MS;
    while (Date.now() < until) {
      const tip = this.tips.given.find((one) => one.amountMinor === amountMinor);
      if (tip?.url) {
        keepPath();
        location.assign(tip.url);
        return;
      }
      if (!OPEN.includes(tip?.state)) return;
      await new Promise((resolve) => setTimeout(resolve, LOOK_AGAIN_MS));
      await this.page.look();
    }
  }

  /** News of a payment comes within seconds; a reader who waits for it need not wait for the next look. */
  lookAgain() {
    this.waitsUntil ??= Date.now() + PATIENCE_MS;
    clearTimeout(this.timer);
    if (Date.now() < this.waitsUntil) this.timer = setTimeout(() => this.page.look(), 2 * LOOK_AGAIN_MS);
  }
}

function keepPath() {
  try {
    sessionStorage.setItem(KEPT_AS, location.pathname);
  } catch {
    // then the page of the way back says to open the link again
  }
}

function readKept() {
  try {
    return sessionStorage.getItem(KEPT_AS);
  } catch {
    return null;
  }
}
