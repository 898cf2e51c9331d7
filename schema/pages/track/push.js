/** Lets this browser be told of the delivery while its page is closed, and says how that stands. */

import { byId, write } from "/static/dom.js";

const WORKER = "/static/track/worker.js";

export class BrowserPush {
  constructor(client) {
    this.client = client;
    this.state = null;
    byId("push-button").addEventListener("click", () => this.press());
  }

  /** Finds out how it stands; what the server has forgotten of this browser is told it again. */
  async start() {
    this.key = await this.client.ask("push_key").catch(() => null);
    if (!this.key) return;
    if (!canBeTold()) return this.become("unsupported");
    const subscription = await this.subscription().catch(() => null);
    if (!subscription || Notification.permission !== "granted") return this.become(this.unasked());
    return this.tell(subscription);
  }

  /** Puts the words of a language in place; `isOver` when there is nothing more to be told. */
  show(words, isOver) {
    this.words = words;
    this.isOver = isOver;
    byId("push-section").hidden = isOver || this.state === null;
    if (this.state === null) return;
    write(byId("push-state"), words.push[this.state]);
    const button = byId("push-button");
    button.hidden = this.state === "unsupported" || this.state === "denied";
    button.disabled = this.state === "busy";
    write(button, this.isTold ? words.pushStop : words.pushStart);
  }

  become(state) {
    this.state = state;
    if (state !== "busy") this.isTold = state === "on";
    if (this.words) this.show(this.words, this.isOver);
  }

  unasked() {
    return Notification.permission === "denied" ? "denied" : "off";
  }

  press() {
    return this.isTold ? this.stop() : this.allow();
  }

  async allow() {
    // First of all, while the browser still knows that somebody pressed a button.
    const permission = await Notification.requestPermission();
    if (permission !== "granted") return this.become(this.unasked());
    this.become("busy");
    try {
      const worker = await navigator.serviceWorker.register(WORKER, { scope: location.pathname });
      await isActive(worker);
      const asked = { userVisibleOnly: true, applicationServerKey: this.key };
      await this.tell(await worker.pushManager.subscribe(asked));
    } catch {
      this.become("failed");
    }
    return undefined;
  }

  /** Tells the server of this browser. */
  async tell(subscription) {
    const { endpoint, keys } = subscription.toJSON();
    try {
      await this.client.change("subscribe_browser", { endpoint, p256dh: keys.p256dh, auth: keys.auth });
      this.become("on");
    } catch (failure) {
      if (failure.code !== "NETWORK") await subscription.unsubscribe();
      this.become("failed");
    }
  }

  /** Ends it here first: what nobody listens for is ended by the push service too. */
  async stop() {
    this.become("busy");
    try {
      const subscription = await this.subscription();
      if (subscription) {
        await subscription.unsubscribe();
        await this.client.change("unsubscribe_browser", { endpoint: subscription.endpoint });
      }
      this.become("off");
    } catch {
      this.become("off");
    }
  }

  async subscription() {
    const worker = await navigator.serviceWorker.getRegistration(location.pathname);
    return worker?.scope === location.href.split(/[?#]/)[0] ? worker.pushManager.getSubscription() : null;
  }
}

function canBeTold() {
  return window.isSecureContext && "serviceWorker" in navigator && "PushManager" in window && "Notification" in window;
}

/** Waits until a worker that was just registered can be subscribed. */
function isActive(registration) {
  const worker = registration.installing ?? registration.waiting;
  if (!worker) return undefined;
  return new Promise((resolve, reject) => {
    worker.addEventListener("statechange", () => {
      if (worker.state === "activated") resolve();
      if (worker.state === "redundant") reject(new Error("the worker was replaced"));
    });
  });
}
