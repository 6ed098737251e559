// The list of borrowers: it reads on as it is scrolled, and only what is seen is in the page.

import { html, useEffect, useLayoutEffect, useRef, useState } from "../../vendor/htm-preact-3.1.1.js";
import { get, send } from "../api.js";
import { Empty, Problem, Status } from "../parts.js";
import * as words from "../words.js";
import { CallDialog } from "./calling.js";

const PAGE = 200;
const ROW = 44; // px; style .borrowers [role=row]
const MARGIN = 20; // rows drawn beyond what is seen

/** The borrowers that match; an operator may choose some of them, or all, and call them. */
export function BorrowerList({ filters, sort, sortBy, live, mayCall, current, open }) {
  const [chosen, setChosen] = useState(new Set());
  const [all, setAll] = useState(false);
  const [whom, setWhom] = useState(null);
  const list = useEndless("/customers", { ...filters, sort }, (page) => page.customers.map(shown));
  const toggle = (id) =>
    setChosen((before) => {
      const changed = new Set(before);
      if (!changed.delete(id)) changed.add(id);
      return changed;
    });
  const clear = () => {
    setChosen(new Set());
    setAll(false);
  };
  useEffect(() => {
    if (live.feedUp && list.error) list.more(); // the record is there again
  }, [live.feedUp]);
  const call = () => setWhom(all ? { all_matching: named(filters) } : { customer_ids: [...chosen] });
  if (list.error && !list.rows.length) return html`<${Problem} error=${list.error} retry=${list.more} />`;
  if (!list.rows.length && list.loading) return html`<${Empty}>Loading ...<//>`;
  if (!list.rows.length) {
    return html`<${Empty}>No borrower matches. Change the filters, or <a href="#/upload">upload a file</a>.<//>`;
  }
  return html`
    <div class="above">
      ${mayCall && html`<${Choosing} count=${all ? null : chosen.size} all=${all} setAll=${setAll} clear=${clear} call=${call} />`}
      <p class="soft small" role="status">${words.number(list.rows.length)} ${list.done ? "borrowers, all that match" : "read so far; scroll for more"}</p>
    </div>
    <${Window}
      list=${list}
      live=${live}
      mayCall=${mayCall}
      choice=${{ chosen, all, toggle }}
      order=${{ sort, sortBy }}
      current=${current}
      open=${open}
    />
    ${whom && html`<${CallDialog} whom=${whom} close=${() => setWhom(null)} done=${clear} />`}
    ${list.error && html`<${Problem} error=${list.error} retry=${list.more} />`}`;
}

/** What the list shows of a borrower; the rest is let go, since very many may be read. */
const shown = ({ id, version, name, phone_number, state, loan_id, amount_paise, due_date, language_code, call_status }) => ({
  id, version, name, phone_number, state, loan_id, amount_paise, due_date, language_code, call_status,
});

/** A filter as the API takes it: only what narrows. */
function named(filters) {
  const kept = Object.entries(filters).filter(([, value]) => value !== "");
  return Object.fromEntries(kept.map(([name, value]) => [name, name === "upload" ? Number(value) : value]));
}

function Choosing({ count, all, setAll, clear, call }) {
  return html`<div class="choosing" role="group" aria-label="Chosen borrowers">
    <label class="check"><input type="checkbox" checked=${all} onChange=${() => setAll(!all)} /> All that match</label>
    ${(all || count > 0) &&
    html`${!all && html`<span class="soft">${words.number(count)} chosen</span>`}
      <button class="primary" onClick=${call}>Call ...</button>
      <button class="quiet" onClick=${clear}>Choose nobody</button>`}
  </div>`;
}

/** Read a list page by page, on demand. */
function useEndless(path, filters, rowsOf) {
  const [state, setState] = useState({ rows: [], token: "", done: false, loading: false, error: null });
  const busy = useRef(false);
  const kept = useRef([]);
  const more = () => {
    if (busy.current || state.done) return;
    busy.current = true;
    setState((before) => ({ ...before, loading: true, error: null }));
    get(path, { ...filters, page_size: PAGE, page_token: state.token })
      .then((page) => {
        const token = page.next_page_token;
        kept.current.push(...rowsOf(page)); // copied by no page: the list may become long
        setState({ rows: kept.current, token, done: !token, loading: false, error: null });
      })
      .catch((error) => setState((before) => ({ ...before, loading: false, error })))
      .finally(() => (busy.current = false));
  };
  useEffect(more, []);
  return { ...state, more };
}

// From these an operator may put a borrower back, to be called again.
const RETRIED = new Set(["failed", "not_picked"]);

function MakeReady({ id, version, name }) {
  const [state, setState] = useState("waiting");
  const move = () => {
    setState("sending");
    send("PUT", `/customers/${id}/status`, { status: "ready", version })
      .then(() => setState("done")) // the live view tells the new status
      .catch((error) => setState(error.message));
  };
  if (state === "done") return null;
  const words = state === "waiting" || state === "sending" ? "Make ready" : "Not moved";
  return html`<button class="small" disabled=${state === "sending"} title=${words === "Not moved" ? state : `Let ${name} be called again`} onClick=${move}>${words}</button>`;
}

// Name, what it is sorted by, and whether a narrow screen shows it too.
const COLUMNS = [
  ["Name", "name", ""],
  ["Phone", "", "roomy"],
  ["State", "", "roomy"],
  ["Loan", "", "roomy last"],
  ["Amount", "amount", "number"],
  ["Due", "due_date", "roomy"],
  ["Language", "", "roomy last"],
  ["Status", "", ""],
];

function Window({ list, live, mayCall, choice, order, current, open }) {
  const { rows, more } = list;
  const box = useRef(null);
  const [range, setRange] = useState([0, 40]);
  const look = () => {
    const first = Math.max(0, Math.floor(box.current.scrollTop / ROW) - MARGIN);
    // Always as many: rows are filled anew, since Preact would hold on to every row that was ever taken out.
    const last = first + Math.ceil(box.current.clientHeight / ROW) + 1 + 2 * MARGIN;
    if (first !== range[0] || last !== range[1]) setRange([first, last]);
    if (last + PAGE / 2 > rows.length) more();
  };
  useLayoutEffect(look, [rows.length]);
  const seen = rows.slice(...range);
  return html`<div class="list"><div
    class="scroll borrowers ${mayCall ? "choosable" : ""}"
    role="table"
    aria-label="Borrowers"
    aria-rowcount=${list.done ? rows.length + 1 : -1}
    ref=${box}
    onScroll=${look}
    tabindex="0"
  >
    <div role="row" class="head" aria-rowindex="1">
      ${mayCall && html`<span role="columnheader"><span class="hidden-label">Chosen</span></span>`}
      ${COLUMNS.map((column) => html`<${Head} key=${column[0]} column=${column} order=${order} />`)}
    </div>
    <div role="presentation" style=${{ height: `${range[0] * ROW}px` }}></div>
    ${seen.map(
      (customer, place) => html`<${Row}
        key=${(range[0] + place) % (range[1] - range[0])}
        index=${range[0] + place + 2}
        customer=${customer}
        later=${live.customers.get(customer.id)}
        mayCall=${mayCall}
        choice=${choice}
        current=${customer.id === current}
        open=${open}
      />`,
    )}
    <div role="presentation" style=${{ height: `${Math.max(0, rows.length - range[0] - seen.length) * ROW}px` }}></div>
  </div></div>`;
}

function Head({ column: [name, by, kind], order: { sort, sortBy } }) {
  if (!by) return html`<span role="columnheader" class=${kind}>${name}</span>`;
  const direction = sort === by ? "ascending" : sort === `-${by}` ? "descending" : "none";
  const arrow = { ascending: " ↑", descending: " ↓", none: "" }[direction];
  return html`<span role="columnheader" class=${kind} aria-sort=${direction}>
    <button class="sort" onClick=${() => sortBy(by)}>${name}${arrow}</button>
  </span>`;
}

function Row({ customer, later, index, mayCall, choice: { chosen, all, toggle }, current, open }) {
  const { call_status: status, version } = later && later.version > customer.version ? later : customer;
  return html`<div role="row" aria-rowindex=${index} aria-current=${current ? "true" : undefined}>
    ${mayCall &&
    html`<span role="cell"><input type="checkbox" aria-label="Choose ${customer.name}" checked=${all || chosen.has(customer.id)} disabled=${all} onChange=${() => toggle(customer.id)} /></span>`}
    <span role="cell"><button class="name" onClick=${() => open(customer.id)}>${customer.name}</button></span>
    <span role="cell" class="roomy">${customer.phone_number}</span>
    <span role="cell" class="roomy">${customer.state}</span>
    <span role="cell" class="roomy last">${customer.loan_id}</span>
    <span role="cell" class="number">${words.rupees(customer.amount_paise)}</span>
    <span role="cell" class="roomy">${words.date(customer.due_date)}</span>
    <span role="cell" class="roomy last">${words.language(customer.language_code)}</span>
    <span role="cell" class="state">
      <${Status} code=${status} />
      ${mayCall && RETRIED.has(status) && html`<${MakeReady} key=${customer.id} id=${customer.id} version=${version} name=${customer.name} />`}
    </span>
  </div>`;
}
