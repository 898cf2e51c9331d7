/** Speaks to the public API with the token of the link, which never leaves the authorization header. */

const PATIENCE_MS = 15_000;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;
const PING_EVERY_MS = 20_000;
const KEY_BYTES = 16;

/** An answer that is no success: `code` is the marketplace's own, or NETWORK where nothing was answered. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }

  /** Whether the link itself is no good, so that asking again is of no use. */
  get isFinal() {
    return this.code === "LINK_ENDED" || this.code === "UNAUTHENTICATED" || this.code === "NOT_FOUND";
  }
}

export class Client {
  constructor(token) {
    this.token = token;
    this.documents = new Map();
  }

  /** The value of the one root field of a ready-made operation; a Problem is thrown like any other refusal. */
  async ask(name, variables = {}) {
    const query = await this.document(name);
    const response = await request("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables }),
    });
    const answer = await response.json().catch(() => null);
    const error = answer?.errors?.[0];
    if (error) throw new Refused(error.extensions?.code ?? "INTERNAL", error.message);
    if (!answer?.data) throw new Refused("INTERNAL", `the server answered ${response.status}`);
    const [value] = Object.values(answer.data);
    if (value?.code) throw new Refused(value.code, value.message);
    return value;
  }

  /** A change, with a key of its own, so that a lost answer can be asked for again. */
  change(name, variables) {
    return this.ask(name, { ...variables, idempotencyKey: freshKey() });
  }

  document(name) {
    if (!this.documents.has(name)) {
      const text = request(`/static/documents/recipient/${name}.graphql`).then((response) => {
        if (!response.ok) throw new Refused("NETWORK", `the operation ${name} could not be read`);
        return response.text();
      });
      text.catch(() => this.documents.delete(name));
      this.documents.set(name, text);
    }
    return this.documents.get(name);
  }
}

/** Hears that something happened to the delivery; what, the page reads for itself, so nothing is lost in between. */
export class Bell {
  constructor(client, onRing) {
    this.client = client;
    this.onRing = onRing;
    this.tries = 0;
  }

  async connect() {
    const query = await this.client.document("delivery_events").catch(() => null);
    if (query === null) return this.wait();
    const address = new URL("/graphql", location.href);
    address.protocol = address.protocol.replace("http", "ws");
    const socket = new WebSocket(address, "graphql-transport-ws");
    const say = (message) => socket.readyState === WebSocket.OPEN && socket.send(JSON.stringify(message));
    const heartbeat = setInterval(() => say({ type: "ping" }), PING_EVERY_MS);
    socket.addEventListener("open", () => {
      say({ type: "connection_init", payload: { authorization: `Bearer ${this.client.token}` } });
    });
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      if (message.type === "connection_ack") this.listen(query, say, () => socket.close());
      if (message.type === "ping") say({ type: "pong" });
      if (message.type === "next") this.onRing();
      if (message.type === "error" || message.type === "complete") socket.close();
    });
    socket.addEventListener("close", () => {
      clearInterval(heartbeat);
      this.wait();
    });
    return undefined;
  }

  /** Listens from a place in the stream that is older than what is read next, so nothing falls between the two. */
  async listen(query, say, giveUp) {
    try {
      const after = await this.client.ask("event_cursor");
      this.tries = 0;
      say({ type: "subscribe", id: "delivery", payload: { query, variables: { after } } });
      this.onRing(); // whatever happened while nobody listened
    } catch {
      giveUp();
    }
  }

  wait() {
    const pause = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.tries);
    this.tries += 1;
    setTimeout(() => this.connect(), pause * (0.5 + Math.random() / 2));
  }
}

function freshKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(KEY_BYTES));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function request(path, options = {}) {
  try {
    return await fetch(path, { ...options, cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Refused("NETWORK", "the server does not answer");
  }
}
