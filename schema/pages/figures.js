/** The headline figures, built once and written where they change. */

import { element, write } from "/static/dom.js";
import { count, plural } from "/static/wording.js";

const OFFERS = [
  ["Accepted", "offersAccepted", "move"],
  ["Declined", "offersDeclined", "quiet"],
  ["Expired", "offersExpired", "wait"],
];

export class Figures {
  constructor(place) {
    this.values = new Map();
    place.replaceChildren(
      this.figure("delivered", "Delivered", "hero"),
      this.figure("onTime", "On time", "hero"),
      this.figure("waiting", "Waiting", "third"),
      this.figure("offering", "On offer", "third"),
      this.figure("onTheWay", "On the way", "third"),
      this.offers(),
      this.figure("drivers", "Drivers available"),
      this.figure("engaged", "Drivers engaged"),
      this.figure("earned", "Earned"),
      this.figure("paid", "Paid"),
    );
  }

  /** One figure: its name, its number, and a line that explains the number. */
  figure(key, label, size = "half") {
    const value = element("dd", { class: "value" }, "–");
    const note = element("dd", { class: "note" });
    this.values.set(key, { value, note });
    return element("div", { class: `figure ${size}` }, element("dt", {}, label), value, note);
  }

  /** The offers: how many, and what became of them as a bar that the numbers below it explain. */
  offers() {
    const figure = this.figure("offers", "Offers sent", "wide");
    this.bar = element("div", { class: "bar", "aria-hidden": "true" });
    this.shares = OFFERS.map(([label, key, tone]) => {
      const part = element("span", { class: `tone-${tone}` });
      const number = element("b", {}, "0");
      this.bar.append(part);
      return { key, part, number, item: element("li", { class: `tone-${tone}` }, number, ` ${label.toLowerCase()}`) };
    });
    this.rest = element("b", {}, "0");
    const items = [...this.shares.map(({ item }) => item), element("li", {}, this.rest, " open or withdrawn")];
    figure.querySelector(".note").replaceChildren(this.bar, element("ul", {}, ...items));
    return figure;
  }

  update(headline, wording) {
    const { posted, delivered, onTime, attempted, returned, failed } = headline;
    const share = delivered > 0 ? `${Math.round((100 * onTime) / delivered)}%` : "–";
    const troubles = [
      attempted && plural(attempted, "failed attempt"), returned && `${count(returned)} returned`,
      failed && `${count(failed)} failed`,
    ].filter(Boolean);
    this.write("delivered", count(delivered), `of ${count(posted)} posted`);
    this.write("onTime", share, troubles.join(", ") || `${count(onTime)} of ${count(delivered)}`);
    this.write("waiting", count(headline.waiting), "for a route");
    this.write("offering", count(headline.offering), plural(headline.routesOffered, "route"));
    this.write("onTheWay", count(headline.onTheWay), `+ ${count(headline.assigned)} to pick up`);
    this.write("drivers", count(headline.driversAvailable), "can be asked now");
    this.write("engaged", count(headline.driversEngaged), `${plural(headline.routesDriven, "route")} driven now`);
    this.write("earned", wording.money(headline.earnedMinor), plural(headline.routesCompleted, "route") + " completed");
    this.write("paid", wording.money(headline.paidMinor), "paid out to drivers");
    this.writeOffers(headline);
  }

  write(key, value, note) {
    const figure = this.values.get(key);
    write(figure.value, value);
    write(figure.note, note);
  }

  writeOffers(headline) {
    write(this.values.get("offers").value, count(headline.offersSent));
    for (const { key, part, number } of this.shares) {
      write(number, count(headline[key]));
      part.style.flexGrow = headline[key];
    }
    const answered = this.shares.reduce((sum, { key }) => sum + headline[key], 0);
    const rest = Math.max(0, headline.offersSent - answered);
    write(this.rest, count(rest));
    this.bar.style.setProperty("--rest", rest);
  }
}
