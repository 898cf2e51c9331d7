/** A small map: the streets, the door, and the driver while the recipient may see where that is. */

import { byId, prefersStillness, write } from "/static/dom.js";
import { Streets } from "/static/streets.js";

const { L } = globalThis;

const CLOSEST_ZOOM = 16;
/** An area in which the driver is, after the door: the middle of an H3 cell of about 0.7 km². */
const AREA_RADIUS_M = 550;
const HOME = "M4 11.5 12 4l8 7.5V20h-5.5v-5h-5v5H4z";
const DRIVER = "M5 11l1.6-4.4A2 2 0 0 1 8.5 5.3h7a2 2 0 0 1 1.9 1.3L19 11a2 2 0 0 1 1.5 2v4.5H18V19h-2.5v-1.5h-7V19H6v-1.5"
  + "H3.5V13A2 2 0 0 1 5 11z";

const drawn = (path) =>
  `<svg aria-hidden="true" viewBox="0 0 24 24" width="20" height="20"><path d="${path}"/></svg>`;

export class DoorMap {
  constructor(words) {
    const isStill = prefersStillness();
    this.container = byId("map");
    this.map = L.map(this.container, {
      attributionControl: false,
      zoomControl: false,
      scrollWheelZoom: false,
      zoomAnimation: !isStill,
      fadeAnimation: !isStill,
      inertia: !isStill,
      minZoom: 11,
      maxZoom: 18,
    });
    // The area's circle says nothing to ears: the words beside the map do.
    this.map.getPane("overlayPane").setAttribute("aria-hidden", "true");
    this.streets = new Streets().addTo(this.map);
    this.streets.load("main").then(() => write(byId("credit"), this.streets.attribution ?? ""));
    this.zoom = L.control.zoom({ zoomInTitle: words.zoomIn, zoomOutTitle: words.zoomOut }).addTo(this.map);
    new ResizeObserver(() => this.map.invalidateSize({ animate: false })).observe(this.container);
  }

  /** Puts door and driver on the map; it moves only when one of them is out of sight. */
  show(door, driver, words, far) {
    this.container.setAttribute("aria-label", words.mapLabel(far));
    this.door = this.put(this.door, door, "pin-home", HOME);
    const exact = driver && !driver.isBlurred ? driver : null;
    if (exact) this.driver = this.put(this.driver, exact, "pin-driver", DRIVER);
    else this.driver = this.driver?.remove() && null;
    this.area?.remove();
    this.area = driver?.isBlurred
      ? L.circle([driver.lat, driver.lon], { radius: AREA_RADIUS_M, className: "driver-area", interactive: false }).addTo(this.map)
      : null;
    const places = [door, driver].filter(Boolean).map(({ lat, lon }) => [lat, lon]);
    const bounds = L.latLngBounds(places);
    const isSeen = this.hasView && this.map.getBounds().pad(-0.08).contains(bounds);
    if (isSeen && Boolean(driver) === this.hadDriver) return;
    this.map.fitBounds(bounds.pad(0.35), { animate: this.hasView && !prefersStillness(), maxZoom: CLOSEST_ZOOM });
    this.hasView = true;
    this.hadDriver = Boolean(driver);
    this.streets.loadWhatIsSeen();
  }

  put(marker, { lat, lon }, name, path) {
    if (marker) return marker.setLatLng([lat, lon]);
    const icon = L.divIcon({ className: `pin-mark ${name}`, html: drawn(path), iconSize: [36, 36] });
    // Neither is a control: what they show stands in words beside the map.
    return L.marker([lat, lon], { icon, interactive: false, keyboard: false }).addTo(this.map);
  }
}

/** Metres between two places, as the crow flies. */
export function metresBetween(one, other) {
  return L.latLng(one.lat, one.lon).distanceTo(L.latLng(other.lat, other.lon));
}
