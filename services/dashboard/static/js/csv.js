// CSV files, as far as a page needs them: to show the rows that were rejected, and to send them again repaired.

/** Read a text into rows of cells; the separator is the one that the header has most of. */
export function parse(text) {
  const header = text.slice(0, text.search(/\r|\n|$/));
  const separator = [",", ";", "\t", "|"].reduce((best, one) => (count(header, one) > count(header, best) ? one : best));
  const rows = [];
  let row = [];
  let cell = "";
  let quoted = false;
  const endCell = () => {
    row.push(cell);
    cell = "";
  };
  const endRow = () => {
    endCell();
    rows.push(row);
    row = [];
  };
  const body = text.replace(/^\ufeff/, "").replace(/\r\n?/g, "\n");
  for (let at = 0; at < body.length; at += 1) {
    const letter = body[at];
    if (quoted) {
      if (letter !== '"') cell += letter;
      else if (body[at + 1] === '"') cell += body[(at += 1)];
      else quoted = false;
    } else if (letter === '"' && cell === "") quoted = true;
    else if (letter === separator) endCell();
    else if (letter === "\n") endRow();
    else cell += letter;
  }
  if (cell || row.length) endRow();
  return rows;
}

/** Write rows as CSV. */
export function format(rows) {
  return rows.map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
}

const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
const count = (text, letter) => text.split(letter).length - 1;
