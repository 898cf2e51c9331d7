/** Tabs of the panel; on a phone they are the handle of a drawer as well. */

const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export class Tabs {
  constructor(list, { drawer, handle }) {
    this.tabs = [...list.querySelectorAll("[role=tab]")];
    this.drawer = drawer;
    this.handle = handle;
    for (const tab of this.tabs) {
      tab.addEventListener("click", () => {
        this.select(tab);
        this.openDrawer(true);
      });
    }
    list.addEventListener("keydown", (press) => this.move(press));
    handle.addEventListener("click", () => this.openDrawer(drawer.dataset.drawer !== "open"));
  }

  select(chosen) {
    for (const tab of this.tabs) {
      const isChosen = tab === chosen;
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      document.getElementById(tab.getAttribute("aria-controls")).hidden = !isChosen;
    }
  }

  move(press) {
    const last = this.tabs.length - 1;
    const now = this.tabs.indexOf(document.activeElement);
    const next = { Home: 0, End: last }[press.key] ?? (now + (STEPS[press.key] ?? 0) + last + 1) % (last + 1);
    if (now < 0 || next === now) return;
    press.preventDefault();
    this.select(this.tabs[next]);
    this.tabs[next].focus();
  }

  openDrawer(isOpen) {
    this.drawer.dataset.drawer = isOpen ? "open" : "closed";
    this.handle.setAttribute("aria-expanded", String(isOpen));
  }
}
