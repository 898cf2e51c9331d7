/** Rows of a file as deliveries: what each column means, and what is wrong with a row before the server is asked. */

export const COLUMNS = [
  "reference", "hub", "address", "lat", "lon", "name", "phone", "opens", "closes", "weight_g", "length_mm", "width_mm",
  "height_mm", "requirements", "instructions", "service_level",
];
export const SAMPLE = [
  "order-1001", "Centro", "Avenida del Mar 1200", "-29.9100", "-71.2700", "Luz Pizarro", "+56911111111",
  "2026-03-02T15:00", "2026-03-02T19:00", "1200", "300", "200", "150", "PHOTO_AT_DROPOFF", "Ring twice", "STANDARD",
];
const NEEDED = ["reference", "address", "opens", "closes", "weight_g"];
const LOCAL = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d$/;

/** The rows of a file: `{ number, reference, delivery, problem }`; throws when it is no table of deliveries. */
export function readRows([head, ...records], hubs) {
  const names = (head ?? []).map((name) => name.toLowerCase().replaceAll(" ", "_"));
  const missing = NEEDED.filter((name) => !names.includes(name));
  if (missing.length > 0) throw new Error(`The first line names the columns; missing: ${missing.join(", ")}.`);
  const seen = new Set();
  return records.map((record, i) => {
    const row = Object.fromEntries(names.map((name, place) => [name, record[place] ?? ""]));
    const problem = problemOf(row, { hubs, seen });
    seen.add(row.reference);
    return { number: i + 2, reference: row.reference, row, problem, delivery: problem ? null : deliveryOf(row, hubs) };
  });
}

function problemOf(row, { hubs, seen }) {
  const empty = NEEDED.find((name) => row[name] === "");
  if (empty) return `${empty} is empty`;
  if (seen.has(row.reference)) return "this reference is in the file twice";
  if (!LOCAL.test(row.opens) || !LOCAL.test(row.closes)) return "opens and closes are written like 2026-03-02T15:00";
  if (row.closes <= row.opens) return "the window closes before it opens";
  if (!hubOf(row, hubs)) return row.hub ? `there is no hub called ${row.hub}` : "name the hub that it leaves from";
  if ((row.lat ?? "") === "" !== ((row.lon ?? "") === "")) return "lat and lon go together";
  if (row.lat && !(Math.abs(Number(row.lat)) <= 90 && Math.abs(Number(row.lon)) <= 180)) return "lat and lon are degrees";
  const sizes = ["weight_g", "length_mm", "width_mm", "height_mm"].filter((name) => row[name]);
  const bad = sizes.find((name) => !/^[1-9]\d{0,6}$/.test(row[name]));
  return bad ? `${bad} is a whole number` : null;
}

const hubOf = ({ hub }, hubs) => (hub ? hubs.find(({ id, name }) => id === hub || name === hub) : hubs.length === 1 && hubs[0]);

function deliveryOf(row, hubs) {
  const window = { opens: row.opens.replace(" ", "T"), closes: row.closes.replace(" ", "T") };
  return {
    externalId: row.reference,
    hubId: hubOf(row, hubs).id,
    dropoff: {
      address: row.address, name: row.name ?? "", phone: row.phone ?? "",
      lat: row.lat ? Number(row.lat) : null, lon: row.lon ? Number(row.lon) : null,
    },
    packages: [{
      weightG: Number(row.weight_g), lengthMm: Number(row.length_mm || 200), widthMm: Number(row.width_mm || 200),
      heightMm: Number(row.height_mm || 200),
    }],
    pickupWindow: window,
    dropoffWindow: window,
    requirements: (row.requirements ?? "").split(/[|; ]+/).filter(Boolean),
    instructions: row.instructions ?? "",
    serviceLevel: row.service_level || "STANDARD",
  };
}
