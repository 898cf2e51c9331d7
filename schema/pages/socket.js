/** The market's events over graphql-transport-ws: resumed after the last cursor, with growing pauses between tries. */

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 20_000;
const PING_EVERY_MS = 20_000;
/** A server that has said nothing for this long, not even to our pings, is gone. */
const SILENCE_MS = 45_000;
/** A connection that lasted this long was a good one: the next pause is short again. */
const SETTLED_MS = 10_000;
const FORBIDDEN = 4403;
/** A feed that knows of nothing yet begins with the latest events of the market. */
const BACKLOG = 60;

export class EventSocket {
  /**
   * `session` and `api` give and renew the credential; `after` is the cursor to begin at, null for the latest events.
   * `onEvent` hears each event once and in order, `onState` hears connecting, live and waiting, `onLive` that what was
   * missed is being told now, `onSignedOut` that the session has ended.
   */
  constructor({ session, api, after, onEvent, onState, onLive, onSignedOut }) {
    Object.assign(this, { session, api, onEvent, onState, onLive, onSignedOut });
    this.cursor = after;
    this.hasTold = false;
    this.isAgain = false;
    this.tries = 0;
    this.isStopped = true;
  }

  start() {
    this.isStopped = false;
    addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.connect();
  }

  stop() {
    this.isStopped = true;
    removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    clearTimeout(this.retry);
    clearInterval(this.heartbeat);
    this.socket?.close();
  }

  /** Tries at once when there is reason to hope, instead of sitting out a long pause. */
  hurry = () => {
    if (!this.retry || document.hidden) return;
    this.tries = 0;
    this.connect();
  };

  async connect() {
    clearTimeout(this.retry);
    this.retry = null;
    this.onState(this.isAgain ? "waiting" : "connecting");
    try {
      this.document ??= await this.api.document("market_events");
    } catch {
      return this.wait();
    }
    if (this.isStopped) return undefined;
    const address = new URL("/graphql", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, "graphql-transport-ws");
    this.socket = socket;
    socket.addEventListener("open", () => {
      this.say({ type: "connection_init", payload: { authorization: `Bearer ${this.session.accessToken}` } });
    });
    socket.addEventListener("message", (message) => this.socket === socket && this.hear(JSON.parse(message.data)));
    socket.addEventListener("close", (closing) => this.socket === socket && this.closed(closing.code));
    return undefined;
  }

  say(message) {
    if (this.socket.readyState === WebSocket.OPEN) this.socket.send(JSON.stringify(message));
  }

  hear(message) {
    this.heardAt = performance.now();
    if (message.type === "connection_ack") this.greeted();
    else if (message.type === "ping") this.say({ type: "pong" });
    else if (message.type === "next") this.take(message.payload.data?.marketEvents);
    else if (message.type === "error") this.refused(message.payload?.[0]?.extensions?.code);
    else if (message.type === "complete") this.socket.close();
  }

  greeted() {
    this.liveSince = performance.now();
    this.subscribe();
    this.onState("live");
    this.onLive();
    clearInterval(this.heartbeat);
    this.heartbeat = setInterval(() => this.beat(), PING_EVERY_MS);
  }

  subscribe() {
    const last = this.cursor === null && !this.hasTold ? BACKLOG : 0;
    const variables = { marketId: this.session.marketId, after: this.cursor, last };
    this.say({ type: "subscribe", id: "market", payload: { query: this.document, variables } });
  }

  take(event) {
    if (!event) return;
    this.cursor = event.cursor;
    this.hasTold = true;
    this.onEvent(event);
  }

  /** An old cursor is forgotten and the stream begins anew; any other refusal is a reason to connect again later. */
  refused(code) {
    if (code !== "CURSOR_EXPIRED" || this.cursor === null) return this.socket.close();
    this.cursor = null;
    this.subscribe();
    return this.onLive();
  }

  beat() {
    if (performance.now() - this.heardAt > SILENCE_MS) {
      this.closed(1006);
      return;
    }
    this.say({ type: "ping" });
  }

  async closed(code) {
    clearInterval(this.heartbeat);
    const socket = this.socket;
    this.socket = null;
    socket?.close();
    if (this.isStopped) return;
    if (this.liveSince && performance.now() - this.liveSince > SETTLED_MS) this.tries = 0;
    this.liveSince = null;
    if (code === FORBIDDEN && !(await this.renewed())) return;
    this.wait();
  }

  /** Whether there is a credential to try again with. */
  async renewed() {
    try {
      if (await this.api.renew()) return true;
    } catch {
      return true; // the server could not be asked; the session may well be good
    }
    if (!this.isStopped) this.onSignedOut();
    return false;
  }

  wait() {
    if (this.isStopped) return;
    this.isAgain = true;
    this.onState("waiting");
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.tries);
    this.tries += 1;
    // Many maps that lost the same server do not come back all at the same moment.
    this.retry = setTimeout(() => this.connect(), pause * (0.5 + Math.random() / 2));
  }
}
