/** The operator's seat on the live map: the queue of what needs a person, and everything that can be done about it. */

import { byId } from "/static/dom.js";
import { Actions } from "/static/ops/actions.js";
import { Drawing } from "/static/ops/drawing.js";
import { listenForKeys, showKeys } from "/static/ops/keys.js";
import { KpiPanel } from "/static/ops/kpis.js";
import { KINDS } from "/static/ops/needs.js";
import { Queue } from "/static/ops/queue.js";
import { Toasts } from "/static/ops/toasts.js";

/** Puts the queue beside the map; `onPick(targets, button)` leads to a thing on the map. */
export function openConsole({ api, market, wording, cityMap, tabs, onPick }) {
  const toasts = new Toasts(byId("toasts"));
  const subject = () => subjectOf({ need: queue.chosen, market, cityMap });
  const drawing = new Drawing(cityMap);
  const draw = (use) => drawing.begin(use);
  const actions = new Actions({ api, market, wording, toasts, subject, draw, onDone: () => market.noteChange() });
  const parts = { list: byId("queue-list"), empty: byId("queue-empty"), tally: byId("queue-tally"), note: byId("queue-note") };
  const queue = new Queue(parts, {
    market,
    wording,
    actionsFor: (need) => actions.for(subjectOf({ need, market, cityMap: null })),
    onChoose: (need) => {
      const targets = targetsOf(need);
      if (targets.length > 0) cityMap.show(targets);
    },
  });
  cityMap.onPoint = () => queue.choose(null);
  const figures = new KpiPanel({ api, market, wording });
  const update = () => queue.show(market.needs);
  market.addEventListener("needs", update);
  update();
  listenForKeys({
    actions,
    moves: {
      j: () => step(1),
      k: () => step(-1),
      u: () => toasts.undoLast(),
      g: () => queue.chosen && onPick(targetsOf(queue.chosen), document.activeElement),
      v: () => figures.open(),
      "?": () => showKeys(actions),
    },
  });
  for (const id of ["keys-open", "actions-open"]) byId(id).addEventListener("click", () => showKeys(actions));

  function step(by) {
    tabs.select(byId("queue-tab"));
    tabs.openDrawer(true);
    queue.step(by);
  }
}

/** What an action is about: the row of the queue, else what the open card on the map is about, else the map's middle. */
function subjectOf({ need, market, cityMap }) {
  const target = need ? null : cityMap?.target;
  const stop = target?.type === "stop" ? market.stops.get(target.id) : null;
  const driver = market.drivers.get(need?.driverId ?? (target?.type === "driver" ? target.id : stop?.route.driverId)) ?? null;
  const current = KINDS[need?.kind]?.isPast ? null : driver?.routeId;
  const route = market.routes.get(need?.routeId ?? stop?.route.id ?? current) ?? null;
  const point = need?.point ?? driver?.place ?? cityMap?.pointOf(target) ?? cityMap?.middle ?? null;
  return { need, driver: driver ?? driverOf(route, market), route, point };
}

const driverOf = (route, market) => (route ? market.drivers.get(route.driverId) ?? null : null);

/** What of the map a row is about, the closest first. */
function targetsOf({ deliveryId, driverId, kind }) {
  const waiting = kind === "UNASSIGNED" && { type: "waiting", id: deliveryId };
  return [waiting, driverId && { type: "driver", id: driverId }].filter(Boolean);
}
