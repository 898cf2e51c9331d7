/** Sends ready-made operations by POST, and keeps the session alive while it does. */

const PATIENCE_MS = 15_000;

/** An answer that is no success: `code` is the marketplace's own, or NETWORK where nothing was answered. */
export class Refused extends Error {
  constructor(code, message) {
    super(message);
    this.code = code;
  }
}

export class Api {
  /** `client` names whose operations are sent, operations by itself. `onSignedOut` hears when the session has ended and cannot be renewed. */
  constructor(session, { onSignedOut, client = "" }) {
    this.session = session;
    this.onSignedOut = onSignedOut;
    this.folder = client ? `${client}/` : "";
    this.documents = new Map();
    this.renewal = null;
  }

  /** The data of one operation, such as `ask("live_drivers", { marketId })`. */
  ask(name, variables = {}) {
    return this.signedIn((token) => this.send(name, variables, token));
  }

  /** A file that only who is signed in may read, such as a table of figures, with every byte of it. */
  file(path) {
    return this.signedIn(async (token) => {
      const response = await request(path, { headers: { authorization: `Bearer ${token}` } });
      if (response.ok) return response.blob();
      const error = (await response.json().catch(() => null))?.errors?.[0];
      throw new Refused(error?.extensions?.code ?? "INTERNAL", error?.message ?? `the server answered ${response.status}`);
    });
  }

  /** Does something with the session's token; where that has ended, once more with a new one. */
  async signedIn(work) {
    const token = this.session.accessToken;
    try {
      return await work(token);
    } catch (failure) {
      if (failure.code !== "UNAUTHENTICATED") throw failure;
      const isRenewed = token !== this.session.accessToken || (await this.renew());
      if (isRenewed) return work(this.session.accessToken);
      this.onSignedOut();
      throw failure;
    }
  }

  /** The one result of a change by whoever is signed in; not answered, it is sent once more under the same key. */
  async act(name, variables) {
    const keyed = { ...variables, idempotencyKey: freshKey() };
    const data = await this.ask(name, keyed).catch((failure) => {
      if (failure.code !== "NETWORK") throw failure;
      return this.ask(name, keyed);
    });
    const [result] = Object.values(data);
    if (result.code) throw new Refused(result.code, result.message);
    return result;
  }

  /** The one result of a mutation that needs no session; a Problem is thrown. */
  async change(name, variables) {
    const [result] = Object.values(await this.send(name, variables, null));
    if (result.code) throw new Refused(result.code, result.message);
    return result;
  }

  /** New tokens for this session: true when there are some. However many ask at once, it is done once. */
  renew() {
    this.renewal ??= this.renewOnce().finally(() => {
      this.renewal = null;
    });
    return this.renewal;
  }

  async renewOnce() {
    const { refreshToken } = this.session;
    if (!refreshToken) return false;
    try {
      this.session.openWith(await this.change("refresh_session", { refreshToken }));
      return true;
    } catch (failure) {
      if (isPassing(failure)) throw failure;
      return false;
    }
  }

  async send(name, variables, token) {
    const query = await this.document(name);
    const response = await request("/graphql", {
      method: "POST",
      headers: { "content-type": "application/json", ...(token && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    });
    const answer = await response.json().catch(() => null);
    const error = answer?.errors?.[0];
    if (error) throw new Refused(error.extensions?.code ?? "INTERNAL", error.message);
    if (!answer?.data) throw new Refused("INTERNAL", `the server answered ${response.status}`);
    return answer.data;
  }

  /** The text of a ready-made operation; the server knows these texts and has them checked already. */
  document(name) {
    if (!this.documents.has(name)) {
      const text = request(`/static/documents/${this.folder}${name}.graphql`).then((response) => {
        if (!response.ok) throw new Refused("NETWORK", `the operation ${name} could not be read`);
        return response.text();
      });
      text.catch(() => this.documents.delete(name));
      this.documents.set(name, text);
    }
    return this.documents.get(name);
  }
}

/** Whether the same request may well succeed a little later. */
export function isPassing(failure) {
  return ["NETWORK", "INTERNAL", "UNAVAILABLE", "OVERLOADED", "RATE_LIMITED"].includes(failure.code);
}

const freshKey = () => Array.from(crypto.getRandomValues(new Uint8Array(16)), (one) => one.toString(16).padStart(2, "0")).join("");

async function request(path, options = {}) {
  try {
    return await fetch(path, { ...options, cache: "no-cache", signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch {
    throw new Refused("NETWORK", "the server does not answer; check that it runs and try again");
  }
}
