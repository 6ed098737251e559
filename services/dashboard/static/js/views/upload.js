// A file of borrowers: in, followed, and what became of each row.

import { html, useEffect, useState } from "../../vendor/htm-preact-3.1.1.js";
import { upload } from "../api.js";
import { Empty, Problem, go, useEvery, useLoaded } from "../parts.js";
import * as words from "../words.js";
import { Kept, Rejected } from "./repair.js";

const ACCEPTED = ".csv,.tsv,.txt,.xlsx,.xls,.xlsb,.xlsm,text/csv";
const ENDED = new Set(["done", "failed"]);

export function UploadView({ me, route, openBorrower }) {
  const { id } = route.query;
  const [sending, setSending] = useState(null);
  const [error, setError] = useState(null);
  const take = async (file) => {
    if (!file) return;
    setError(null);
    setSending({ file, part: 0 });
    try {
      const told = await upload("/upload-customers", file, (part) => setSending({ file, part }));
      go("upload", { id: told.upload_id });
    } catch (problem) {
      setError(problem);
    }
    setSending(null);
  };
  if (sending) return html`<${Working} title="Sending ${sending.file.name}" part=${sending.part} />`;
  if (id) {
    return html`${error && html`<${Problem} error=${error} />`}
      <${Followed} key=${id} id=${id} take=${take} openBorrower=${openBorrower} />`;
  }
  return html`
    <div class="heading"><h1>Upload borrowers</h1></div>
    ${error && html`<${Problem} error=${error} />`}
    <${Drop} take=${take} examples=${me.examples} />
    <${Earlier} />`;
}

function Drop({ take, examples }) {
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
    <h2>Drop a CSV or Excel file here</h2>
    <p class="soft">One borrower a row. Columns: name, phone number, state, loan number, amount due, due date; language and lender if you have them.</p>
    <label class="button primary file">Choose a file
      <input type="file" accept=${ACCEPTED} onChange=${(event) => take(event.target.files[0])} />
    </label>
    ${examples && html`<p class="small soft">
      <a href="/examples/borrowers.csv" download>Example file</a> and <a href="/examples/mistakes.csv" download>one with mistakes to repair</a>:
      invented people, to try it with.
    </p>`}
  </div>`;
}

const Working = ({ title, part, words: said }) => html`<div class="drop" role="status">
  <h2>${title}</h2>
  <progress max="1" value=${part} aria-label=${title}></progress>
  <p class="soft small">${said ?? `${Math.round(part * 100)} %`}</p>
</div>`;

/** Follow an upload to its end; the browser comes back by itself when the line is cut. */
function useUpload(id) {
  const [state, setState] = useState({ upload: null, error: null });
  useEffect(() => {
    const source = new EventSource(`/uploads/${encodeURIComponent(id)}/progress`);
    const take = (event) => {
      const told = JSON.parse(event.data);
      setState({ upload: told, error: null });
      if (ENDED.has(told.phase)) source.close();
    };
    for (const kind of ["progress", "done", "failed"]) source.addEventListener(kind, take);
    source.onerror = () => {
      if (source.readyState === EventSource.CLOSED) setState((before) => ({ ...before, error: new Error("There is no such upload.") }));
    };
    return () => source.close();
  }, [id]);
  return state;
}

const PHASES = {
  received: [(file) => `${file} has come, and is about to be read`, () => 0.02],
  checking: [(file) => `Checking the rows of ${file}`, (told) => told.checked_rows / 2],
  writing: [(file) => `Saving the good rows of ${file}`, (told) => (told.total_rows + told.written_rows) / 2],
};

function Followed({ id, take, openBorrower }) {
  const { upload: told, error } = useUpload(id);
  if (error) return html`<${Problem} error=${error} /><p><a class="button" href="#/upload">Upload a file</a></p>`;
  if (!told) return html`<${Empty}>Loading ...<//>`;
  if (!ENDED.has(told.phase)) return html`<${UnderWay} told=${told} />`;
  return html`
    <div class="heading"><h1>${told.filename}</h1><a class="button" href="#/upload">Upload another file</a></div>
    ${told.phase === "failed" && html`<p class="problem" role="alert">Nothing was taken in. ${told.failure}</p>`}
    ${told.phase === "done" && html`<${Sums} told=${told} />`}
    ${told.kept_rejected_rows > 0 && html`<${Rejected} upload=${told} send=${take} />`}
    ${told.warnings > 0 && html`<${Kept} upload=${told} />`}
    ${told.ignored_columns.length > 0 &&
    html`<p class="soft small">Columns that mean nothing here and were not kept: ${told.ignored_columns.join(", ")}.</p>`}`;
}

function UnderWay({ told }) {
  const [title, rows] = PHASES[told.phase] ?? PHASES.received;
  const part = told.total_rows ? Math.min(1, rows(told) / told.total_rows) : 0.02;
  const said = told.total_rows
    ? `${words.number(told.phase === "writing" ? told.written_rows : told.checked_rows)} of ${words.rows(told.total_rows)}`
    : "";
  return html`<${Working} title=${title(told.filename)} part=${part} words=${said} />`;
}

const SUMS = [
  ["imported_rows", "New"],
  ["updated_rows", "Changed"],
  ["duplicate_rows", "Already known"],
  ["rejected_rows", "Rejected"],
];

const Sums = ({ told }) => html`<section>
  <div class="heading">
    <h2>${words.number(told.accepted_rows)} of ${words.rows(told.total_rows)} accepted</h2>
    <a href="#/borrowers?upload=${told.id}">See these borrowers</a>
  </div>
  <dl class="counts four">
    ${SUMS.map(([key, name]) => html`<div key=${key}><dt>${name}</dt><dd>${words.number(told[key])}</dd></div>`)}
  </dl>
</section>`;

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
          <tr><th>File</th><th class="wide">When</th><th>Outcome</th><th class="number">Rows</th><th class="number wide">New</th><th class="number wide">Changed</th><th class="number">Rejected</th></tr>
        </thead>
        <tbody>
          ${data.uploads.map(
            (file) => html`<tr key=${file.id}>
              <td><a href="#/upload?id=${file.id}">${file.filename}</a></td>
              <td class="soft wide">${words.moment(file.upload_time)}</td>
              <td>${OUTCOMES[file.status] ?? words.plain(file.status)}</td>
              <td class="number">${words.number(file.total_rows)}</td>
              <td class="number wide">${words.number(file.imported_rows)}</td>
              <td class="number wide">${words.number(file.updated_rows)}</td>
              <td class="number">${words.number(file.rejected_rows)}</td>
            </tr>`,
          )}
        </tbody>
      </table>
    </div>
  </section>`;
}
