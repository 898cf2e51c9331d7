/** Reads and writes CSV: quoted fields, commas or semicolons, any line ends; and texts that no sheet runs as a formula. */

export const MOST_BYTES = 1_000_000;
export const MOST_ROWS = 1_000;

/** The records of a text: lists of fields; a line without any is left out. */
export function readCsv(text) {
  const separator = separatorOf(text);
  const records = [];
  let record = [];
  let field = "";
  let isQuoted = false;
  const endField = () => {
    record.push(field.trim());
    field = "";
  };
  const endRecord = () => {
    endField();
    if (record.some((one) => one !== "")) records.push(record);
    record = [];
  };
  const body = text.replace(/^\uFEFF/, "");
  for (let i = 0; i < body.length; i += 1) {
    const at = body[i];
    if (isQuoted) {
      if (at === '"' && body[i + 1] === '"') {
        field += '"';
        i += 1;
      } else if (at === '"') isQuoted = false;
      else field += at;
    } else if (at === '"' && field.trim() === "") {
      field = "";
      isQuoted = true;
    } else if (at === separator) endField();
    else if (at === "\n") endRecord();
    else if (at !== "\r") field += at;
  }
  endRecord();
  return records;
}

/** Lines of a table as CSV. */
export const writeCsv = (records) => `${records.map((record) => record.map(quoted).join(",")).join("\r\n")}\r\n`;

/** A field that begins like a formula is kept from being one. */
function quoted(value) {
  const text = String(value ?? "");
  const safe = typeof value === "string" && /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function separatorOf(text) {
  const head = text.slice(0, text.indexOf("\n") >= 0 ? text.indexOf("\n") : undefined);
  return head.split(";").length > head.split(",").length ? ";" : ",";
}
