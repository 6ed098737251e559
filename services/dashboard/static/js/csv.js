// CSV files, as far as a page needs them: to send repaired rows again.

/** Write rows as CSV. */
export function format(rows) {
  return rows.map((row) => row.map(quote).join(",")).join("\r\n") + "\r\n";
}

const quote = (cell) => (/[",\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell);
