/** The market's clock: set by each answer of the server, running at the market's pace in between. */

export class MarketClock {
  constructor() {
    this.factor = 1;
    this.origin = null;
  }

  /** It was `marketMs` in the market just now. */
  set(marketMs, factor) {
    this.factor = factor;
    this.origin = { market: marketMs, machine: performance.now() };
  }

  get isSet() {
    return this.origin !== null;
  }

  /** Market time now, as a number of milliseconds. */
  now() {
    const { market, machine } = this.origin;
    return market + (performance.now() - machine) * this.factor;
  }
}
