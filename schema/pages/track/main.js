/** The page of one delivery: reads it, hears of changes, and says what the recipient wishes. */

import { byId, write } from "/static/dom.js";
import { Claim } from "/static/track/claim.js";
import { Bell, Client } from "/static/track/client.js";
import { DoorMap } from "/static/track/map.js";
import { Points } from "/static/track/points.js";
import { BrowserPush } from "/static/track/push.js";
import { Tip, returnFromPayment } from "/static/track/tip.js";
import { OVER, View, fillForms } from "/static/track/view.js";
import { LANGUAGES, WORDS } from "/static/track/words.js";

const KEPT_AS = "doorstep.language";
const PATH = "/t/";
const BACK_FROM_PAYMENT = "back";
/** A driver who is near moves on the map this often; otherwise only what is rung for is read. */
const NEAR_EVERY_MS = 8_000;
const LOOK_EVERY_MS = 60_000;
const SAID_FOR_MS = 8_000;
const ON_MAP = ["CONFIRMED", "DRIVER_FOUND", "ON_THE_WAY", "NEXT", "AT_THE_DOOR"];

class TrackingPage {
  constructor() {
    this.client = new Client(decodeURIComponent(location.pathname.slice(PATH.length)));
    this.speak(chosenLanguage());
    for (const button of document.querySelectorAll("[data-language]")) {
      button.addEventListener("click", () => this.choose(button.dataset.language));
    }
    this.push = new BrowserPush(this.client);
    this.tip = new Tip(this);
    this.claim = new Claim(this);
    this.points = new Points(this);
    this.listenToForms();
    document.addEventListener("visibilitychange", () => !document.hidden && this.look());
  }

  async start() {
    if (this.client.token === BACK_FROM_PAYMENT) {
      returnFromPayment();
      return;
    }
    await this.look();
    if (this.hasEnded) return;
    new Bell(this.client, () => this.look()).connect();
    this.push.start();
  }

  /** Puts the page's own words in a language; the delivery's come with the next look. */
  speak(language) {
    this.language = language;
    this.words = WORDS[language];
    document.documentElement.lang = language;
    document.title = this.words.title;
    for (const node of document.querySelectorAll("[data-word]")) write(node, this.words[node.dataset.word]);
    for (const node of document.querySelectorAll("[data-label]")) {
      node.setAttribute("aria-label", this.words[node.dataset.label]);
    }
    for (const button of document.querySelectorAll("[data-language]")) {
      button.setAttribute("aria-pressed", String(button.dataset.language === language));
    }
    fillForms(language, this.words);
    byId("pictures").replaceChildren(); // their descriptions are words as well
    this.view = new View(language, this.words);
  }

  choose(language) {
    keepLanguage(language);
    this.speak(language);
    this.look();
  }

  /** Reads the delivery; calls in between are one, and one more after it. */
  async look() {
    if (this.hasEnded || this.client.token === BACK_FROM_PAYMENT) return;
    if (this.isLooking) {
      this.looksAgain = true;
      return;
    }
    this.isLooking = true;
    try {
      this.show(await this.client.ask("tracked_delivery", { language: this.language.toUpperCase() }));
    } catch (failure) {
      this.failed(failure);
    }
    this.isLooking = false;
    clearTimeout(this.timer);
    if (this.looksAgain) {
      this.looksAgain = false;
      this.look();
      return;
    }
    if (!this.hasEnded) this.timer = setTimeout(() => this.lookIfSeen(), this.delivery?.position ? NEAR_EVERY_MS : LOOK_EVERY_MS);
  }

  lookIfSeen() {
    if (!document.hidden) this.look();
  }

  show(delivery) {
    this.delivery = delivery;
    byId("trouble").hidden = true;
    this.view.show(delivery);
    this.push.show(this.words, OVER.includes(delivery.status));
    this.tip.show(delivery);
    this.claim.show(delivery);
    this.points.show(delivery);
    this.showMap(delivery);
  }

  showMap(delivery) {
    const isShown = ON_MAP.includes(delivery.status) || delivery.position !== null;
    byId("map-section").hidden = !isShown;
    if (!isShown) return;
    this.map ??= new DoorMap(this.words);
    this.map.show(delivery, delivery.position, this.words, this.view.far);
  }

  failed(failure) {
    if (failure.isFinal) {
      this.hasEnded = true;
      byId("delivery").hidden = true;
      byId("trouble").hidden = true;
      byId("ended").hidden = false;
      return;
    }
    write(byId("trouble"), this.words.noConnection);
    byId("trouble").hidden = false;
  }

  listenToForms() {
    for (const id of ["instructions-form", "place-form"]) {
      byId(id).addEventListener("input", (typing) => {
        typing.currentTarget.dataset.touched = "true";
      });
    }
    const inWords = (variables) => variables && { ...variables, language: this.language.toUpperCase() };
    this.onSubmit("instructions-form", "leave_instructions", () => inWords({ text: byId("instructions").value }), "saved");
    this.onSubmit("place-form", "choose_safe_place", () => inWords({ place: byId("place").value || null }), "saved");
    this.onSubmit("swap-form", "answer_substitution", () => inWords(this.chosenSwap()), "saved", "chooseSwap");
    this.onSubmit("rate-form", "rate_delivery", () => inWords(chosenRating()), "thanks", "chooseStars");
    this.onSubmit("window-form", "book_window", () => this.chosenWindow(), "windowBooked", "chooseWindow");
    byId("day-form").addEventListener("submit", (submission) => {
      submission.preventDefault();
      this.showWindows();
    });
  }

  /** Asks which windows of the chosen day can be kept. */
  async showWindows() {
    const day = byId("day").value;
    try {
      const { windows } = await this.client.ask("delivery_windows", { day });
      this.windows = windows.map((one) => ({ ...one, day }));
      this.view.windows(this.windows);
      this.say(windows.length > 0 ? this.words.someWindows(windows.length) : this.words.noWindows);
    } catch (failure) {
      this.sayFailure(failure);
    }
  }

  chosenSwap() {
    const chosen = document.querySelector("[name=swap]:checked");
    return chosen && { sku: this.view.asked.sku, isAccepted: chosen.value === "yes" };
  }

  chosenWindow() {
    const chosen = document.querySelector("[name=window]:checked");
    if (!chosen) return null;
    const { day, window, differenceMinor } = this.windows[Number(chosen.value)];
    return { day, ...window, differenceAtMostMinor: differenceMinor };
  }

  /** Sends a form as an operation; `read` gives its variables, or null while something is missing. */
  onSubmit(id, operation, read, done, missing) {
    byId(id).addEventListener("submit", async (submission) => {
      submission.preventDefault();
      const form = submission.currentTarget;
      const variables = read();
      if (variables === null) {
        this.say(this.words[missing]);
        return;
      }
      const button = form.querySelector("[type=submit]");
      button.disabled = true;
      try {
        const changed = await this.client.change(operation, variables);
        delete form.dataset.touched;
        if (changed.delivery) this.show(changed.delivery);
        else await this.look();
        this.say(this.words[done]);
      } catch (failure) {
        this.sayFailure(failure);
      }
      button.disabled = false;
    });
  }

  sayFailure(failure) {
    this.say(failure.code === "NETWORK" ? this.words.noConnection : failure.message);
  }

  /** Says something once; said again it is read out again. */
  say(text) {
    byId("said").textContent = "";
    clearTimeout(this.saying);
    this.saying = setTimeout(() => {
      write(byId("said"), text);
      this.saying = setTimeout(() => write(byId("said"), ""), SAID_FOR_MS);
    }, 50);
  }
}

function chosenRating() {
  const stars = document.querySelector("[name=stars]:checked");
  const reasons = [...document.querySelectorAll("[name=reason]:checked")].map(({ value }) => value);
  return stars && { stars: Number(stars.value), reasons };
}

/** What the reader chose here before, else what the server read from the browser's languages. */
function chosenLanguage() {
  const kept = readKept();
  if (LANGUAGES.includes(kept)) return kept;
  const asked = document.documentElement.lang;
  return LANGUAGES.includes(asked) ? asked : LANGUAGES[0];
}

function readKept() {
  try {
    return localStorage.getItem(KEPT_AS);
  } catch {
    return null; // a browser may keep nothing for anybody
  }
}

function keepLanguage(language) {
  try {
    localStorage.setItem(KEPT_AS, language);
  } catch {
    // then it is chosen for this visit only
  }
}

new TrackingPage().start();
