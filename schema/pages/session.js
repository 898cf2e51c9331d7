/** Who is signed in: a market and its tokens, kept in this tab only and never put into an address. */

const KEPT_AS = "doorstep.session";

export class Session {
  constructor(storage = sessionStorage) {
    this.storage = storage;
    this.parts = read(storage);
  }

  /** Takes `#market=mkt_…&token=…` out of the address bar; says whether there was any. */
  takeFragment() {
    const fragment = new URLSearchParams(location.hash.slice(1));
    const accessToken = fragment.get("token");
    if (!accessToken) return false;
    history.replaceState(null, "", location.pathname);
    this.parts = { marketId: fragment.get("market"), accessToken, refreshToken: null };
    this.keep();
    return true;
  }

  get isOpen() {
    return Boolean(this.parts.accessToken);
  }

  get marketId() {
    return this.parts.marketId ?? null;
  }

  get accessToken() {
    return this.parts.accessToken ?? null;
  }

  get refreshToken() {
    return this.parts.refreshToken ?? null;
  }

  openWith({ accessToken, refreshToken }) {
    this.parts = { ...this.parts, accessToken, refreshToken };
    this.keep();
  }

  chooseMarket(marketId) {
    this.parts = { ...this.parts, marketId, feedFrom: null };
    this.keep();
  }

  /** Where in the market's stream this tab's feed begins, so that a reload does not empty it. */
  get feedFrom() {
    return this.parts.feedFrom ?? null;
  }

  beginFeedAt(cursor) {
    this.parts = { ...this.parts, feedFrom: cursor };
    this.keep();
  }

  close() {
    this.parts = {};
    this.storage.removeItem(KEPT_AS);
  }

  keep() {
    this.storage.setItem(KEPT_AS, JSON.stringify(this.parts));
  }
}

function read(storage) {
  try {
    return JSON.parse(storage.getItem(KEPT_AS)) ?? {};
  } catch {
    return {}; // what somebody else wrote there is no session
  }
}
