// The rejected rows of an upload, to be repaired here and sent again: whatever the file was, they go as CSV.

import { html, useState } from "../../vendor/htm-preact-3.1.1.js";
import { format } from "../csv.js";
import { Empty, Problem, useLoaded } from "../parts.js";
import * as words from "../words.js";

const SHOWN = 200;
const OURS = ["Row", "Reason"]; // the columns that stand first in an error file

export function Rejected({ upload, send }) {
  const { data, error, again } = useLoaded(`/uploads/${upload.id}/rejected-rows`, { limit: SHOWN });
  if (error) return html`<${Problem} error=${error} retry=${again} />`;
  if (!data) return html`<${Empty}>Loading the rejected rows ...<//>`;
  return html`<${Editor} upload=${upload} table=${withoutOurs(data)} send=${send} />`;
}

/** An error file that was uploaded again has our two columns; they are not shown twice. */
function withoutOurs({ header, rows }) {
  const own = OURS.every((name, place) => header.columns[place] === name) ? OURS.length : 0;
  const cut = (row) => ({ ...row, cells: row.cells.slice(own) });
  return { header: { ...header, columns: header.columns.slice(own) }, rows: rows.map(cut) };
}

function Editor({ upload, table: { header, rows }, send }) {
  const [changed, setChanged] = useState(new Map()); // "row column" to text
  const cell = (row, column) => changed.get(`${row.row} ${column}`) ?? row.cells[column] ?? "";
  const change = (row, column, text) => setChanged(new Map(changed).set(`${row.row} ${column}`, text));
  const submit = (event) => {
    event.preventDefault();
    const cells = rows.map((row) => header.columns.map((_, column) => cell(row, column)));
    const stem = upload.filename.replace(/( repaired)?\.\w+$/, "");
    send(new File([format([header.columns, ...cells])], `${stem} repaired.csv`, { type: "text/csv" }));
  };
  return html`<form onSubmit=${submit}>
    <div class="heading">
      <div>
        <h2>Repair the rejected ${rows.length === 1 ? "row" : "rows"}</h2>
        <p class="soft small">${explained(upload, header, rows)}</p>
      </div>
      <span class="pager">
        <a class="button" href="/uploads/${upload.id}/error-file" download>Error file</a>
        <button class="primary">Upload ${rows.length === 1 ? "this row" : `these ${words.rows(rows.length)}`} again</button>
      </span>
    </div>
    <div class="scroll repairs">
      <table class="repair">
        <thead><tr><th class="number">Row</th>${header.columns.map((name) => html`<th>${name}</th>`)}</tr></thead>
        <tbody>
          ${rows.map((row) => html`<${Line} key=${row.row} row=${row} columns=${header.columns} cell=${cell} change=${change} />`)}
        </tbody>
      </table>
    </div>
  </form>`;
}

function explained(upload, header, rows) {
  const file = `The error file has ${header.kept_rows === rows.length ? (rows.length === 1 ? "it" : "them") : `all ${words.rows(header.kept_rows)}`} with the ${header.kept_rows === 1 ? "reason" : "reasons"}, ${header.format === "csv" ? "as CSV" : "as XLSX"}.`;
  const more = header.kept_rows > rows.length ? `The first ${words.number(rows.length)} are shown. ` : "";
  const lost = header.rejected_rows > header.kept_rows ? `Of ${words.rows(header.rejected_rows)}, ${words.number(header.kept_rows)} were kept. ` : "";
  return `${lost}${more}${file}`;
}

function Line({ row, columns, cell, change }) {
  const wrong = row.problems.filter((problem) => !problem.warning);
  const elsewhere = wrong.filter((problem) => !columns.includes(problem.column));
  return html`<tr>
    <td class="number soft" data-name="Row">${row.row}${elsewhere.map((problem) => html`<small class="why">${problem.message}</small>`)}</td>
    ${columns.map(
      (name, column) => html`<td data-name=${name}>
        <${Cell}
          label="${name}, row ${row.row}"
          value=${cell(row, column)}
          problem=${wrong.find((problem) => problem.column === name)}
          change=${(text) => change(row, column, text)}
        />
      </td>`,
    )}
  </tr>`;
}

const Cell = ({ label, value, problem, change }) => html`
  <input class=${problem ? "wrong" : ""} aria-label=${label} aria-invalid=${problem ? "true" : undefined} value=${value} onInput=${(event) => change(event.target.value)} />
  ${problem && html`<small class="why">${problem.message}</small>`}`;

/** Warnings about rows that were kept. */
export function Kept({ upload }) {
  const { data, error, again } = useLoaded(`/uploads/${upload.id}`);
  if (error) return html`<${Problem} error=${error} retry=${again} />`;
  const warnings = (data?.problems ?? []).filter((problem) => problem.warning);
  if (!warnings.length) return null;
  return html`<section>
    <div class="heading"><h2>Kept, but look at these</h2></div>
    <div class="scroll">
      <table>
        <thead><tr><th class="number">Row</th><th>Column</th><th>In the file</th><th>Taken as</th><th>Why</th></tr></thead>
        <tbody>
          ${warnings.slice(0, SHOWN).map(
            (problem) => html`<tr>
              <td class="number">${problem.row}</td><td>${problem.column}</td><td>${problem.value}</td><td>${problem.used}</td><td class="explained">${problem.message}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${data.more_problems > 0 && html`<p class="soft small more">and ${words.number(data.more_problems)} more</p>`}
  </section>`;
}
