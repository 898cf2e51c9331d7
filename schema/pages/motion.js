/** Where each driver is shown: on the way from the position before to the latest one, heading there. */

/** A little longer than positions are apart, so that nobody stops and starts. */
const GLIDE_MS = 2_200;
/** Further than this between two positions is no drive that could be watched: the driver just appears there. */
const LEAP_DEGREES = 0.08;
/** About five metres; less is a driver who stands and a receiver that trembles. */
const TREMBLE_DEGREES = 0.00005;

export class Motion {
  constructor({ isStill }) {
    this.isStill = isStill;
    this.glides = new Map();
    this.movesUntil = 0;
  }

  /** Takes the latest positions; drivers who are gone are forgotten. */
  update(drivers, now) {
    const known = this.glides;
    this.glides = new Map();
    for (const { id, place } of drivers) this.glides.set(id, this.glideTo(known.get(id), place, now));
  }

  glideTo(before, place, now) {
    if (!before) return { from: place, to: place, startedAt: now, heading: null };
    const from = between(before, now);
    const north = place.lat - from.lat;
    const east = (place.lon - from.lon) * Math.cos((place.lat * Math.PI) / 180);
    const isAway = Math.hypot(north, east) > TREMBLE_DEGREES;
    const isLeap = Math.hypot(north, east) > LEAP_DEGREES;
    if (isAway) this.movesUntil = now + GLIDE_MS;
    return {
      from: isLeap || this.isStill() ? place : from,
      to: place,
      startedAt: now,
      heading: isAway ? Math.atan2(east, north) : before.heading,
    };
  }

  /** Where a driver is shown at this moment, and heading where in radians from north; null for an unknown one. */
  at(id, now) {
    const glide = this.glides.get(id);
    return glide ? { ...between(glide, now), heading: glide.heading } : null;
  }

  isMoving(now) {
    return now < this.movesUntil && !this.isStill();
  }
}

function between({ from, to, startedAt }, now) {
  const share = Math.min(1, (now - startedAt) / GLIDE_MS);
  return { lat: from.lat + (to.lat - from.lat) * share, lon: from.lon + (to.lon - from.lon) * share };
}
