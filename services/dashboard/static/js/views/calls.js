// All calls, page by page.

import { html, useState } from "../../vendor/htm-preact-3.1.1.js";
import { Empty, Problem, go, query, useLoaded } from "../parts.js";
import * as words from "../words.js";
import { CallTable } from "./call_table.js";

export function CallsView({ route, callId, openCall, may }) {
  const { status = "", customer = "" } = route.query;
  return html`
    <div class="heading">
      <h1>${customer ? `Calls to borrower ${customer}` : "Calls"}</h1>
      ${may("operator") &&
      html`<span class="small links">
        ${["csv", "xlsx"].map((format) => html`<a href="/exports/calls?${query({ status, customer, format })}" download>${format === "csv" ? "CSV" : "Excel"}</a>`)}
      </span>`}
    </div>
    <form class="filters" onSubmit=${(event) => event.preventDefault()}>
      <label>Status
        <select value=${status} onChange=${(event) => go("calls", { ...route.query, status: event.target.value })}>
          <option value="">Any status</option>
          ${Object.entries(words.STATUSES).filter(([code]) => code !== "ready").map(([code, name]) => html`<option value=${code}>${name}</option>`)}
        </select>
      </label>
      ${customer && html`<a class="button" href="#/calls">All borrowers</a>`}
    </form>
    <${Pages} key=${`${status} ${customer}`} filters=${{ status, customer }} callId=${callId} openCall=${openCall} />`;
}

function Pages({ filters, callId, openCall }) {
  const [tokens, setTokens] = useState([""]);
  const { data, error, loading, again } = useLoaded("/calls", { ...filters, page_token: tokens.at(-1) });
  if (error) return html`<${Problem} error=${error} retry=${again} />`;
  if (!data) return html`<${Empty}>Loading ...<//>`;
  return html`
    <${CallTable} calls=${data.calls} callId=${callId} openCall=${openCall} none=${filters.status ? "No call has this status." : undefined} />
    ${(tokens.length > 1 || data.next_page_token) &&
    html`<div class="pager">
      <button disabled=${tokens.length < 2 || loading} onClick=${() => setTokens(tokens.slice(0, -1))}>Newer</button>
      <button disabled=${!data.next_page_token || loading} onClick=${() => setTokens([...tokens, data.next_page_token])}>Older</button>
    </div>`}`;
}
