/** What the figures of a market are shown as: each chart's parts, unit and words, for drawing, the table and ears alike. */

import { count } from "/static/wording.js";

const NUMBER = new Intl.NumberFormat("en", { maximumFractionDigits: 2 });
const ONE_DECIMAL = new Intl.NumberFormat("en", { maximumFractionDigits: 1 });
const percent = (value) => `${NUMBER.format(value)} %`;
const per = (name) => (row) => (row[name] === null || row.delivered === 0 ? null : row[name] / row.delivered);
const of = (name) => (row) => row[name];
const minutes = (row) => (row.meanFillS === null ? null : row.meanFillS / 60);

const COSTS = [
  ["driverMinor", "Drivers' pay", "move"], ["attemptMinor", "Failed attempts", "bad"], ["returnMinor", "Returns", "wait"],
  ["fuelMinor", "Fuel and electricity", "stay"], ["vehicleMinor", "Vehicles", "good"],
  ["transferMinor", "Between hubs", "ink-soft"], ["supportMinor", "Operators' work", "quiet"],
];

/**
 * The charts in order. `head` is the figure of the whole span, `isWhole` says that it belongs to the market alone, so
 * that rows of hubs and shippers have none. `most` is a fixed upper end, `mark` a line that figures are held against.
 */
export const CHARTS = [
  {
    title: "Deliveries", note: "What became of them", isStacked: true, write: count,
    parts: [
      { label: "Delivered", tone: "good", value: of("delivered") }, { label: "Failed", tone: "bad", value: of("failed") },
      { label: "Returned", tone: "wait", value: of("returned") }, { label: "Called off", tone: "quiet", value: of("cancelled") },
    ],
    head: of("delivered"), headLabel: "delivered",
  },
  {
    title: "Cost per delivery", note: "Pay as it was, the rest by published rates", isStacked: true, isMoney: true,
    parts: COSTS.map(([name, label, tone]) => ({ label, tone, value: per(name) })),
    head: (row) => row.costPerDeliveryMinor ?? sumOf(COSTS.map(([name]) => per(name)(row))), headLabel: "a delivery",
  },
  {
    title: "Kept promises", note: "In time, and at the first attempt", most: 100, write: percent,
    parts: [
      { label: "On time", tone: "move", value: of("onTimePercent") },
      { label: "First attempt", tone: "good", value: of("firstAttemptPercent"), isDashed: true },
    ],
    head: of("onTimePercent"), headLabel: "on time",
  },
  {
    title: "Arrivals as told", note: "Should be 80 %, the dotted line", most: 100, mark: 80,
    write: percent, parts: [{ label: "Within the spread", tone: "stay", value: of("etaCoveredPercent") }],
    head: of("etaCoveredPercent"), headLabel: "within the spread",
  },
  {
    title: "Density", note: "Stops visited for each kilometre", write: NUMBER.format,
    parts: [{ label: "Stops a kilometre", tone: "move", value: of("stopsPerKm") }],
    head: of("stopsPerKm"), headLabel: "stops a km",
  },
  {
    title: "Pace", note: "Stops visited for each hour on a route", write: NUMBER.format,
    parts: [{ label: "Stops an hour", tone: "move", value: of("stopsPerHour") }],
    head: of("stopsPerHour"), headLabel: "stops an hour",
  },
  {
    title: "Time to fill", note: "From the posting to the first driver", write: (value) => `${ONE_DECIMAL.format(value)} min`,
    parts: [{ label: "Minutes", tone: "wait", value: minutes }], head: minutes, headLabel: "on average",
  },
  {
    title: "Offers accepted", note: "Of those accepted, declined or expired", most: 100, write: percent,
    parts: [{ label: "Accepted", tone: "good", value: of("acceptancePercent") }],
    head: of("acceptancePercent"), headLabel: "accepted",
  },
  {
    title: "Empty kilometres", note: "Driven without a parcel aboard", most: 100, write: percent,
    parts: [{ label: "Empty", tone: "bad", value: of("emptyPercent") }], head: of("emptyPercent"), headLabel: "empty",
  },
  {
    title: "CO2 per delivery", note: "By published factors, or the market's grid", write: (value) => `${count(Math.round(value))} g`,
    parts: [{ label: "CO2", tone: "quiet", value: of("co2PerDeliveryG") }],
    head: of("co2PerDeliveryG"), headLabel: "a delivery",
  },
  {
    title: "Drivers at work", note: "Of their time online, that with a route", most: 100, write: percent, isWhole: true,
    parts: [{ label: "With a route", tone: "move", value: of("utilisationPercent") }],
    head: of("utilisationPercent"), headLabel: "with a route",
  },
  {
    title: "Fairness of offers", note: "0 is even for an hour online, 1 is all to one", most: 1,
    write: NUMBER.format, isWhole: true, parts: [{ label: "Gini", tone: "stay", value: of("offerGini") }],
    head: of("offerGini"), headLabel: "Gini",
  },
];

/** A chart's parts that something was counted of: without published rates some costs are known and some are not. */
export const knownParts = (chart, rows) => chart.parts.filter(({ value }) => rows.some((row) => value(row) !== null));

function sumOf(values) {
  const known = values.filter((value) => value !== null);
  return known.length > 0 ? known.reduce((sum, value) => sum + value, 0) : null;
}
