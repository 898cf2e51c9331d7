/** Drivers, waiting deliveries and blocks as lists: the way to everything on the map without a pointer. */

import { blockStands, blockTimes, openPlaces } from "/static/blocks.js";
import { element, write } from "/static/dom.js";
import { symbol } from "/static/legend.js";
import { isOver } from "/static/market.js";
import { palette } from "/static/palette.js";
import { drawBlock, drawDriver, drawWaiting } from "/static/symbols.js";
import { CONTRACT, PRESENCE, count, plain, whyItWaits } from "/static/wording.js";

/** More rows than this help nobody; the map shows all of them. */
const MOST_ROWS = 200;

/** A list whose rows stay the same elements while what they say changes, so that focus and scrolling stay too. */
class LiveList {
  constructor({ list, empty, tally }, onPick) {
    Object.assign(this, { list, empty, tally, onPick });
    this.rows = new Map();
    palette.addEventListener("change", () => this.rows.forEach(({ icon }) => icon.paint()));
  }

  /** Shows `{ target, title, note, draw }` in this order; what shares its target with others has a `key` of its own. */
  show(things) {
    write(this.tally, count(things.length));
    this.empty.hidden = things.length > 0;
    const before = this.rows;
    this.rows = new Map();
    things.slice(0, MOST_ROWS).forEach((thing, i) => {
      const key = thing.key ?? thing.target.id;
      const row = before.get(key) ?? this.build(thing);
      before.delete(key);
      this.rows.set(key, row);
      write(row.title, thing.title);
      write(row.note, thing.note);
      row.icon.paint(thing.draw);
      if (this.list.children[i] !== row.node) this.list.insertBefore(row.node, this.list.children[i] ?? null);
    });
    for (const { node } of before.values()) node.remove();
  }

  build({ target, draw }) {
    const icon = symbol(draw, 34);
    const title = element("span", { class: "title" });
    const note = element("span", { class: "note" });
    const pick = () => this.onPick([target], button);
    const button = element("button", { type: "button", class: "row", onclick: pick }, icon,
      element("span", { class: "told" }, title, note));
    return { node: element("li", {}, button), icon, title, note };
  }
}

export class DriverList extends LiveList {
  update(market) {
    const byName = (a, b) => a.name.localeCompare(b.name) || a.id.localeCompare(b.id);
    this.show([...market.drivers.values()].sort(byName).map((driver) => ({
      target: { type: "driver", id: driver.id },
      title: driver.name,
      note: [CONTRACT[driver.contractKind], PRESENCE[driver.presence] ?? plain(driver.presence),
        progress(market.routes.get(driver.routeId))].filter(Boolean).join(", "),
      draw: (pen) => drawDriver(pen, 0, 0, { kind: driver.contractKind, presence: driver.presence }),
    })));
  }
}

export class WaitingList extends LiveList {
  update(market, wording) {
    this.show(market.waiting.map((delivery) => ({
      target: { type: "waiting", id: delivery.id },
      title: whyItWaits(delivery.unassignedReason),
      note: `Window closes ${wording.time(delivery.dropoffClosesAt)}`,
      draw: (pen) => drawWaiting(pen, 0, 0),
    })));
  }
}

export class BlockList extends LiveList {
  update(market, wording) {
    this.show(market.blocks.map((block) => ({
      key: block.id,
      target: block.hubId ? { type: "hub", id: block.hubId } : { type: "block", id: block.id },
      title: `${block.areaName}, ${blockTimes(block, { wording, clock: market.clock })}`,
      note: blockStands(block, market.clock),
      draw: (pen) => drawBlock(pen, 0, 0, { tone: openPlaces(block) > 0 ? "wait" : "good" }),
    })));
  }
}

const progress = (route) => route && `${route.stops.filter(isOver).length} of ${route.stops.length} stops`;
