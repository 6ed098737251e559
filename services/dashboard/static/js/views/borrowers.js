// Borrowers: how many, filters, the list.

import { html } from "../../vendor/htm-preact-3.1.1.js";
import { go, query, useEvery, useLoaded } from "../parts.js";
import * as words from "../words.js";
import { BorrowerList } from "./borrower_list.js";
import { Campaigns } from "./campaigns.js";

export function BorrowersView({ live, route, openBorrower, may }) {
  const { status = "", state = "", language = "", text = "", upload = "", sort = "", borrower = "" } = route.query;
  const sortBy = (name) => go("borrowers", { ...route.query, sort: sort === name ? `-${name}` : name });
  const filters = { status, state, language, text, upload };
  const exported = (format) => `/exports/customers?${query({ ...filters, format })}`;
  return html`
    <div class="heading">
      <h1>Borrowers</h1>
      <span class="small links">
        ${may("operator") && html`<a href=${exported("csv")} download>CSV</a><a href=${exported("xlsx")} download>Excel</a>`}
        <a href="/original">Simple page</a>
      </span>
    </div>
    <${Counts} filters=${filters} />
    <${Filters} filters=${filters} />
    <${Campaigns} mayControl=${may("operator")} />
    <${BorrowerList}
      key=${JSON.stringify([filters, sort])}
      filters=${filters}
      sort=${sort}
      sortBy=${sortBy}
      live=${live}
      mayCall=${may("operator")}
      current=${Number(borrower)}
      open=${openBorrower}
    />`;
}

/** How many borrowers have which status; each leads to them. */
function Counts({ filters }) {
  const { data } = useLoaded("/counts", {}, useEvery(10000));
  if (!data) return null;
  const all = Object.values(data.counts).reduce((sum, count) => sum + count, 0);
  const chip = (code, name, count) => html`<a
    href="#/borrowers?${query({ ...filters, status: code })}"
    aria-current=${filters.status === code ? "true" : undefined}
    >${name} <strong>${words.number(count)}</strong></a
  >`;
  return html`<nav class="chips" aria-label="Borrowers by status">
    ${chip("", "All", all)}
    ${Object.entries(words.STATUSES).map(([code, name]) => data.counts[code] > 0 && chip(code, name, data.counts[code]))}
  </nav>`;
}

function Filters({ filters }) {
  const submit = (event) => {
    event.preventDefault();
    const typed = [...new FormData(event.target)].map(([name, text]) => [name, text.trim()]);
    go("borrowers", { ...filters, ...Object.fromEntries(typed) });
  };
  return html`<form class="filters" onSubmit=${submit} key=${JSON.stringify(filters)}>
    <label>Search <input name="text" type="search" defaultValue=${filters.text} placeholder="Name, phone or loan" /></label>
    <label>Status <${Choice} name="status" value=${filters.status} all="Any status" names=${words.STATUSES} /></label>
    <label>Language <${Choice} name="language" value=${filters.language} all="Any language" names=${words.LANGUAGES} /></label>
    <label>State <input name="state" defaultValue=${filters.state} placeholder="In any spelling" /></label>
    <button>Show</button>
    ${filters.upload && html`<a class="button" href="#/borrowers">Of all uploads</a>`}
  </form>`;
}

/** Whatever is chosen is shown at once, with what was typed meanwhile. */
const Choice = ({ name, value, all, names }) => html`<select name=${name} value=${value} onChange=${(event) => event.target.form.requestSubmit()}>
  <option value="">${all}</option>
  ${Object.entries(names).map(([code, name]) => html`<option value=${code}>${name}</option>`)}
</select>`;
