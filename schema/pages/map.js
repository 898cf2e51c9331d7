/** The map: the city's streets below, the market above, and a card about whatever one points at. */

import { details } from "/static/details.js";
import { element, prefersStillness } from "/static/dom.js";
import { legend } from "/static/legend.js";
import { StreetNames } from "/static/names.js";
import { Scene } from "/static/scene.js";
import { Streets } from "/static/streets.js";

const { L } = globalThis;

const REACH_PX = 16;
const TOUCH_REACH_PX = 26;
const CLOSE_LOOK_ZOOM = 15;

/** The map of a city before anybody has signed in: streets and nothing else. */
export class CityMap {
  constructor(container) {
    const isStill = prefersStillness();
    this.map = L.map(container, {
      zoomControl: false,
      attributionControl: false,
      zoomAnimation: !isStill,
      fadeAnimation: !isStill,
      inertia: !isStill,
      minZoom: 10,
      maxZoom: 18,
      zoomSnap: 0.5,
      wheelPxPerZoomLevel: 90,
    }).setView([0, 0], 3);
    this.addPane("names", 410);
    this.addPane("market", 450);
    this.streets = new Streets().addTo(this.map);
    new StreetNames(this.streets).addTo(this.map);
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(container);
  }

  addPane(name, level) {
    this.map.createPane(name).style.zIndex = level;
  }

  /** Draws the streets; without a market the whole city comes into view. */
  async showCity() {
    await this.streets.load("main");
    if (!this.isPlaced && this.streets.bounds) this.map.fitBounds(this.streets.bounds, { animate: false });
    this.streets.loadWhatIsSeen();
  }

  /** Puts a market on the map; `wording` writes its money and times. */
  showMarket(market, wording) {
    this.market = market;
    this.wording = wording;
    this.scene = new Scene(market, wording).addTo(this.map);
    this.scene.on("painted", this.follow, this);
    for (const part of ["drivers", "routes", "waiting", "blocks"]) market.addEventListener(part, () => this.refreshCard());
    this.addControls();
    this.map.on("click", ({ latlng: { lat, lng }, containerPoint, originalEvent }) => (
      this.onClick ? this.onClick({ lat, lon: lng }) : this.point(containerPoint, originalEvent)));
    this.map.on("mousemove", ({ containerPoint }) => this.hover(containerPoint));
    this.map.on("popupclose", ({ popup }) => popup === this.card && this.forget());
    document.addEventListener("keydown", (press) => press.key === "Escape" && this.card?.close());
    this.showMiddle();
  }

  addControls() {
    L.control.zoom({ position: "topright" }).addTo(this.map);
    this.addControl("topright", () => this.fitButton());
    L.control.scale({ position: "bottomright", imperial: false }).addTo(this.map);
    this.addControl("bottomright", () => this.credit());
    this.addControl("bottomleft", () => legend());
  }

  addControl(position, build) {
    const control = L.control({ position });
    control.onAdd = () => {
      const node = build();
      L.DomEvent.disableClickPropagation(node);
      L.DomEvent.disableScrollPropagation(node);
      return node;
    };
    control.addTo(this.map);
  }

  fitButton() {
    const label = "Show the whole market";
    const icon = element("span", { class: "fit-icon", "aria-hidden": "true" });
    const button = element("button", { type: "button", title: label, "aria-label": label }, icon);
    button.addEventListener("click", () => this.showAll());
    return element("div", { class: "leaflet-bar fit" }, button);
  }

  credit() {
    const { attribution, isGenerated } = this.market.market.city;
    const text = isGenerated ? `Generated grid, no real streets. ${attribution}` : attribution;
    return element("p", { class: "credit" }, text);
  }

  /** Brings hubs, drivers, stops and what waits into view. */
  showAll() {
    const { hubs, drivers, stops, waiting } = this.market;
    this.fit([...hubs, ...stops.values(), ...waiting, ...[...drivers.values()].map(({ place }) => place)]);
  }

  /** The first look: where drivers and hubs are, which is closer than the furthest drop-off. */
  showMiddle() {
    const { hubs, drivers } = this.market;
    this.fit([...hubs, ...[...drivers.values()].map(({ place }) => place)], { animate: false });
  }

  /** Brings places into view, or the city while there are none. */
  fit(places, { animate = !prefersStillness() } = {}) {
    const { south, west, north, east } = this.market.market.city;
    const corners = places.length > 0 ? places.map(({ lat, lon }) => [lat, lon]) : [[south, west], [north, east]];
    this.isPlaced = true;
    this.map.fitBounds(L.latLngBounds(corners).pad(0.04), { animate, maxZoom: 16 });
  }

  point(containerPoint, { pointerType }) {
    const found = this.scene.under(containerPoint, pointerType === "touch" ? TOUCH_REACH_PX : REACH_PX);
    if (found) this.open(found);
    else this.card?.close();
    this.onPoint?.();
  }

  /** Goes to the first of some things that is on the map and opens its card; the focus stays where it is. */
  show(targets) {
    const target = targets.find((one) => this.scene.placeOf(one));
    if (target) this.open(target, { isFar: true });
  }

  /** Where something on the map is; null when it is on it no more. */
  pointOf(target) {
    return target ? this.scene.placeOf(target) : null;
  }

  /** The middle of what is seen. */
  get middle() {
    const { lat, lng } = this.map.getCenter();
    return { lat, lon: lng };
  }

  hover(containerPoint) {
    const isOver = this.scene.under(containerPoint, REACH_PX) !== null;
    this.map.getContainer().classList.toggle("is-over", isOver);
  }

  /** Goes to the first of some things that is on the map and opens its card; closing that leads back to `button`. */
  lookAt(targets, button) {
    const target = targets.find((one) => this.scene.placeOf(one));
    const content = target && this.open(target, { isFar: true });
    content?.focus({ preventScroll: true });
    this.cameFrom = content && button;
  }

  /** Opens the card about something, `{ type, id }`; with `isFar` the map goes there first. */
  open(target, { isFar = false } = {}) {
    const place = this.scene.placeOf(target);
    const content = details(target, this.market, this.wording);
    if (!place || !content) return null;
    this.card?.close();
    if (isFar) {
      const zoom = Math.max(this.map.getZoom(), CLOSE_LOOK_ZOOM);
      this.map.setView([place.lat, place.lon], zoom, { animate: !prefersStillness() });
    }
    this.target = target;
    this.scene.choose(target);
    this.card = L.popup({ maxWidth: 280, minWidth: 190, offset: [0, -8], autoPanPadding: [24, 24], autoClose: false })
      .setLatLng([place.lat, place.lon])
      .setContent(content)
      .openOn(this.map);
    this.card.options.autoPan = false; // the map moved once to show the card; from now on it is the reader's
    return content;
  }

  /** Writes the open card anew; closes it when what it is about is gone. */
  refreshCard() {
    if (!this.target) return;
    const content = details(this.target, this.market, this.wording);
    if (!content) {
      this.card.close();
      return;
    }
    const shown = this.card.getContent();
    if (!shown.isEqualNode(content)) shown.replaceChildren(...content.childNodes);
  }

  /** The card goes along with a driver who drives. */
  follow() {
    const place = this.target && this.scene.placeOf(this.target);
    if (place) this.card?.setLatLng([place.lat, place.lon]); // while the card opens, the map may move already
  }

  forget() {
    const hadFocus = this.card.getElement()?.contains(document.activeElement);
    if (hadFocus) this.cameFrom?.focus();
    this.cameFrom = null;
    this.card = null;
    this.target = null;
    this.scene.choose(null);
  }
}
