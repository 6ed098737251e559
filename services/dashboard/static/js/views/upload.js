// A file of borrowers: in, and what became of each row.

import { html, useState } from "../../vendor/htm-preact-3.1.1.js";
import { upload } from "../api.js";
import { Problem, useEvery, useLoaded } from "../parts.js";
import * as words from "../words.js";
import { Repair } from "./repair.js";

export function UploadView() {
  const [state, setState] = useState({ step: "waiting" });
  const take = async (file) => {
    if (!file) return;
    setState({ step: "sending", file, part: 0 });
    try {
      const result = await upload("/upload-customers", file, (part) => setState({ step: "sending", file, part }));
      setState({ step: "done", file, result });
    } catch (error) {
      setState({ step: "waiting", error });
    }
  };
  return html`
    <div class="heading"><h1>Upload borrowers</h1></div>
    ${state.error && html`<${Problem} error=${state.error} />`}
    ${state.step === "waiting" && html`<${Drop} take=${take} />`}
    ${state.step === "waiting" && html`<${Earlier} />`}
    ${state.step === "sending" && html`<${Progress} file=${state.file} part=${state.part} />`}
    ${state.step === "done" && html`<${Result} file=${state.file} result=${state.result} take=${take} again=${() => setState({ step: "waiting" })} />`}`;
}

function Drop({ take }) {
  const [over, setOver] = useState(false);
  const drop = (event) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  const dragOver = (event) => {
    event.preventDefault();
    setOver(true);
  };
  return html`<div class="drop ${over ? "over" : ""}" onDrop=${drop} onDragOver=${dragOver} onDragLeave=${() => setOver(false)}>
    <h2>Drop a CSV file here</h2>
    <p class="soft">One borrower a row. Columns: name, phone number, state, loan id, amount, due date; language and lender if you have them.</p>
    <label class="small">or choose one
      <input type="file" accept=".csv,text/csv" onChange=${(event) => take(event.target.files[0])} />
    </label>
  </div>`;
}

const OUTCOMES = {
  processing: "Being read",
  completed: "Completed",
  completed_with_errors: "Completed, with rejected rows",
  failed: "Failed",
};

function Earlier() {
  const { data, error, again } = useLoaded("/uploads", { page_size: 20 }, useEvery(5000));
  if (error) return html`<${Problem} error=${error} retry=${again} />`;
  if (!data?.uploads.length) return null;
  return html`<section>
    <div class="heading"><h2>Earlier uploads</h2></div>
    <div class="scroll">
      <table>
        <thead>
          <tr><th>File</th><th>When</th><th>Outcome</th><th class="number">Rows</th><th class="number">New</th><th class="number">Changed</th><th class="number">Rejected</th></tr>
        </thead>
        <tbody>
          ${data.uploads.map(
            (file) => html`<tr key=${file.id}>
              <td><a href="#/borrowers?upload=${file.id}">${file.filename}</a></td>
              <td class="soft">${words.moment(file.upload_time)}</td>
              <td>${OUTCOMES[file.status] ?? words.plain(file.status)}${file.failure && html`<div class="soft small">${file.failure}</div>`}</td>
              <td class="number">${words.number(file.total_rows)}</td>
              <td class="number">${words.number(file.imported_rows)}</td>
              <td class="number">${words.number(file.updated_rows)}</td>
              <td class="number">${words.number(file.rejected_rows)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}

const Progress = ({ file, part }) => html`<div class="drop" role="status">
  <h2>${part < 1 ? `Sending ${file.name}` : `Checking and saving ${file.name}`}</h2>
  <progress max="1" value=${part < 1 ? part : undefined}></progress>
</div>`;

const SUMS = [
  ["imported_rows", "New"],
  ["updated_rows", "Changed"],
  ["duplicate_rows", "Already known"],
  ["rejected_rows", "Rejected"],
];

const Result = ({ file, result, again, take }) => html`
  ${result.already_imported && html`<p class="notice">This very file had been uploaded before. Nothing was changed.</p>`}
  <section>
    <div class="heading"><h2>${file.name}: ${words.number(result.total_rows)} rows</h2><button onClick=${again}>Upload another</button></div>
    <dl class="counts four">
      ${SUMS.map(([key, name]) => html`<div><dt>${name}</dt><dd>${words.number(result[key])}</dd></div>`)}
    </dl>
  </section>
  <${Repair} file=${file} result=${result} send=${take} />
  <p><a class="button" href="#/borrowers?upload=${result.upload_id}">See these borrowers</a></p>`;
