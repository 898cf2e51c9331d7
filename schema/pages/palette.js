/** The colours of the canvases: those of look.css, read again when the reader's colour scheme changes. */

const NAMES = [
  "ink", "ink-soft", "surface", "line", "ground", "good", "wait", "move", "stay", "bad", "quiet", "on-tone",
  "road-minor", "road-main", "road-big", "road-casing", "road-afar", "road-minor-afar", "road-name",
];

class Palette extends EventTarget {
  constructor() {
    super();
    this.read();
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
      this.read();
      this.dispatchEvent(new Event("change"));
    });
  }

  read() {
    const style = getComputedStyle(document.documentElement);
    for (const name of NAMES) this[name] = style.getPropertyValue(`--${name}`).trim();
  }
}

export const palette = new Palette();

/** What presence, stop and route states look like: the same tone everywhere. */
export const PRESENCE_TONE = { AVAILABLE: "good", OFFERED: "wait", ENGAGED: "move", PAUSED: "quiet" };

export const STOP_TONE = {
  PENDING: "ink-soft",
  EN_ROUTE: "move",
  ARRIVED: "stay",
  COMPLETED: "good",
  FAILED: "bad",
  SKIPPED: "quiet",
  CANCELLED: "quiet",
};
