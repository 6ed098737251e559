// The rejected rows of an upload, to be repaired here and sent again.

import { html, useEffect, useState } from "../../vendor/htm-preact-3.1.1.js";
import { format, parse } from "../csv.js";
import * as words from "../words.js";

const SHOWN = 50;

export function Repair({ file, result, send }) {
  const rejected = byRow(result.problems.filter((problem) => !problem.warning));
  const warnings = result.problems.filter((problem) => problem.warning);
  const table = useTable(file, [...rejected.keys()]);
  return html`
    ${rejected.size > 0 &&
    (table
      ? html`<${Editor} key=${file.name} header=${table.header} rows=${table.rows} rejected=${rejected} file=${file} send=${send} />`
      : html`<${ProblemList} title="What to repair" problems=${[...rejected.values()].flat()} />`)}
    ${warnings.length > 0 && html`<${ProblemList} title="Kept, but look at these" problems=${warnings} />`}`;
}

function byRow(problems) {
  const rows = new Map();
  for (const problem of problems) rows.set(problem.row, [...(rows.get(problem.row) ?? []), problem]);
  return rows;
}

/** Read the rejected rows from the file that is still in the browser; null when it is no CSV that we can read. */
function useTable(file, numbers) {
  const [table, setTable] = useState(null);
  useEffect(() => {
    setTable(null);
    if (!/\.(csv|tsv|txt)$/i.test(file.name)) return;
    file.text().then((text) => {
      const rows = parse(text);
      const wanted = numbers.filter((number) => rows[number - 1]);
      if (wanted.length) setTable({ header: rows[0], rows: new Map(wanted.map((number) => [number, rows[number - 1]])) });
    });
  }, [file]);
  return table;
}

function Editor({ header, rows, rejected, file, send }) {
  const [cells, setCells] = useState(rows);
  const change = (number, column, text) => {
    const row = header.map((_, place) => (place === column ? text : (cells.get(number)[place] ?? "")));
    setCells(new Map(cells).set(number, row));
  };
  const text = format([header, ...cells.values()]);
  const submit = (event) => {
    event.preventDefault();
    const stem = file.name.replace(/( repaired)?\.\w+$/, "");
    send(new File([text], `${stem} repaired.csv`, { type: "text/csv" }));
  };
  const shown = [...cells].slice(0, SHOWN);
  return html`<form onSubmit=${submit}>
    <div class="heading">
      <h2>Repair ${words.number(cells.size)} rejected rows</h2>
      <span class="pager">
        <${Save} text=${text} name="rejected ${file.name}" />
        <button class="primary">Upload these rows again</button>
      </span>
    </div>
    <div class="scroll">
      <table class="repair">
        <thead><tr><th class="number">Row</th>${header.map((name) => html`<th>${name}</th>`)}</tr></thead>
        <tbody>
          ${shown.map(
            ([number, row]) => html`<tr key=${number}>
              <td class="number soft">${number}</td>
              ${header.map(
                (name, column) => html`<td>
                  <${Cell}
                    label="${name}, row ${number}"
                    value=${row[column] ?? ""}
                    problem=${rejected.get(number).find((one) => one.column === name)}
                    change=${(text) => change(number, column, text)}
                  />
                </td>`,
              )}
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
    ${cells.size > SHOWN && html`<p class="soft small">The first ${SHOWN} are shown. Save the rejected rows as a file to repair them all.</p>`}
  </form>`;
}

const Cell = ({ label, value, problem, change }) => html`
  <input class=${problem ? "wrong" : ""} aria-label=${label} aria-invalid=${problem ? "true" : undefined} value=${value} onInput=${(event) => change(event.target.value)} />
  ${problem && html`<small class="why">${problem.message}</small>`}`;

function Save({ text, name }) {
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv" }));
    link.download = name;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return html`<button type="button" onClick=${save}>Save them as a file</button>`;
}

const ProblemList = ({ title, problems }) => html`<section>
  <div class="heading"><h2>${title}</h2></div>
  <div class="scroll">
    <table>
      <thead><tr><th class="number">Row</th><th>Column</th><th>What is wrong</th></tr></thead>
      <tbody>
        ${problems.slice(0, 200).map(
          (problem) => html`<tr><td class="number">${problem.row}</td><td>${problem.column}</td><td>${problem.message}</td></tr>`,
        )}
      </tbody>
    </table>
  </div>
</section>`;
