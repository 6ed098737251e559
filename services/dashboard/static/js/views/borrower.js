// One borrower, opened: what is on record, why they are not called, the calls to them.

import { html, useState } from "../../vendor/htm-preact-3.1.1.js";
import { send } from "../api.js";
import { Problem, Status, useFocused, useLoaded } from "../parts.js";
import * as words from "../words.js";
import { CallDialog } from "./calling.js";

export function BorrowerPanel({ id, live, mayChange, openCall, close }) {
  const trigger = live.customers.get(Number(id))?.version ?? 0; // whatever changes, the record tells it whole
  const { data, error, again } = useLoaded(`/customers/${encodeURIComponent(id)}`, {}, trigger);
  const [calling, setCalling] = useState(false);
  const heading = useFocused();
  const onKeyDown = (event) => event.key === "Escape" && !calling && close();
  return html`<aside class="panel" aria-label="Borrower" onKeyDown=${onKeyDown}>
    <header>
      <div>
        <h2 tabindex="-1" ref=${heading}>${data?.name ?? "Borrower"}</h2>
        ${data && html`<${Status} code=${data.call_status} />`}
      </div>
      <span class="pager">
        ${mayChange && data && html`<button class="primary" onClick=${() => setCalling(true)}>Call ...</button>`}
        <button onClick=${close}>Close</button>
      </span>
    </header>
    ${error && html`<section><${Problem} error=${error} retry=${again} /></section>`}
    ${data && html`<${Facts} customer=${data} />`}
    ${data && html`<${Holds} id=${id} mayChange=${mayChange} trigger=${trigger} openCall=${openCall} />`}
    ${data && html`<${Calls} id=${id} trigger=${trigger} openCall=${openCall} />`}
    ${!data && !error && html`<section class="soft">Loading ...</section>`}
    ${calling && html`<${CallDialog} whom=${{ customer_ids: [Number(id)] }} close=${() => setCalling(false)} />`}
  </aside>`;
}

const Facts = ({ customer }) => html`<section>
  <dl class="facts">
    <dt>Phone</dt><dd>${customer.phone_number}</dd>
    ${customer.alternate_phone && html`<dt>Second phone</dt><dd>${customer.alternate_phone} <span class="soft">(never called)</span></dd>`}
    <dt>Loan</dt><dd>${customer.loan_id}</dd>
    <dt>Lender</dt><dd>${customer.lender_name}</dd>
    <dt>Instalment</dt><dd>${words.rupees(customer.amount_paise)}, due ${words.date(customer.due_date)}</dd>
    <dt>State</dt><dd>${customer.state}</dd>
    <dt>Language</dt><dd>${words.language(customer.language_code) || "not known"}</dd>
    ${Object.entries(customer.details).map(([name, value]) => html`<dt>${words.plain(name)}</dt><dd>${value}</dd>`)}
    <dt>Changed</dt><dd>${words.moment(customer.updated_at)}</dd>
  </dl>
</section>`;

function Holds({ id, mayChange, trigger, openCall }) {
  const path = `/customers/${encodeURIComponent(id)}/suppressions`;
  const { data, error, again } = useLoaded(path, { ended: true }, trigger);
  const [adding, setAdding] = useState(false);
  const done = () => {
    setAdding(false);
    again();
  };
  const holds = data?.suppressions ?? [];
  return html`<section aria-label="Why not called">
    <h3>${holds.some((one) => one.active) ? "Not called" : "Holds"}</h3>
    ${error && html`<${Problem} error=${error} retry=${again} />`}
    ${data && !holds.length && html`<p class="soft">Nothing holds calls to this borrower.</p>`}
    <ul class="holds">
      ${holds.map((one) => html`<${Held} key=${one.id} hold=${one} mayChange=${mayChange} again=${again} openCall=${openCall} />`)}
    </ul>
    ${mayChange && !adding && data && html`<p><button onClick=${() => setAdding(true)}>Do not call ...</button></p>`}
    ${adding && html`<${AddHold} path=${path} done=${done} cancel=${() => setAdding(false)} />`}
  </section>`;
}

function Held({ hold, mayChange, again, openCall }) {
  const [lifting, setLifting] = useState(false);
  const [error, setError] = useState(null);
  const lift = (event) => {
    event.preventDefault();
    const { note } = Object.fromEntries(new FormData(event.target));
    send("POST", `/suppressions/${hold.id}/lift`, { note }).then(again).catch(setError);
  };
  return html`<li class=${hold.active ? "" : "ended"}>
    <div class="row">
      <strong>${words.hold(hold.kind)}</strong>
      ${hold.active && mayChange && !lifting && html`<button class="small" onClick=${() => setLifting(true)}>Lift ...</button>`}
    </div>
    <div class="soft small">
      ${words.scope(hold.scope)}, since ${words.moment(hold.since)} by ${words.source(hold.set_by)}${hold.until ? `, until ${words.moment(hold.until)}` : ""}
      ${hold.call_id && html`. <button class="link" onClick=${() => openCall(hold.call_id)}>The call</button>`}
    </div>
    ${hold.note && html`<div class="small">${hold.note}</div>`}
    ${hold.lifted_at && html`<div class="soft small">Lifted ${words.moment(hold.lifted_at)} by ${hold.lifted_by}: ${hold.lift_note}</div>`}
    ${!hold.active && !hold.lifted_at && html`<div class="soft small">Over</div>`}
    ${lifting &&
    html`<form class="inline" onSubmit=${lift}>
      <label>Why it is lifted <input name="note" required maxlength="500" /></label>
      <span class="pager"><button type="button" onClick=${() => setLifting(false)}>Keep it</button><button class="primary">Lift</button></span>
    </form>`}
    ${error && html`<${Problem} error=${error} />`}
  </li>`;
}

function AddHold({ path, done, cancel }) {
  const [error, setError] = useState(null);
  const add = (event) => {
    event.preventDefault();
    const { kind, until, note } = Object.fromEntries(new FormData(event.target));
    // What is picked is meant as India's time, wherever the page is open.
    send("POST", path, { kind, note, until: until ? `${until}:00+05:30` : null }).then(done).catch(setError);
  };
  return html`<form class="inline" onSubmit=${add}>
    <label>Why
      <select name="kind">${Object.entries(words.HOLDS).map(([code, name]) => html`<option value=${code}>${name}</option>`)}</select>
    </label>
    <label>Until, India's time (empty: until lifted) <input name="until" type="datetime-local" /></label>
    <label>Note <input name="note" maxlength="500" /></label>
    ${error && html`<${Problem} error=${error} />`}
    <span class="pager"><button type="button" onClick=${cancel}>Cancel</button><button class="danger">Do not call</button></span>
  </form>`;
}

function Calls({ id, trigger, openCall }) {
  const { data, error, again } = useLoaded("/calls", { customer: id, page_size: 20 }, trigger);
  const next = data?.calls.find((call) => call.callback_at && Date.parse(call.callback_at) > Date.now());
  return html`<section aria-label="Calls">
    <h3>Calls ${data?.next_page_token && html`<a class="small" href="#/calls?customer=${id}">all</a>`}</h3>
    ${error && html`<${Problem} error=${error} retry=${again} />`}
    ${next && html`<p class="notice small">Asked to be called again: ${words.moment(next.callback_at)}.</p>`}
    ${data && !data.calls.length && html`<p class="soft">Not called yet.</p>`}
    <ul class="history">
      ${(data?.calls ?? []).map(
        (call) => html`<li key=${call.call_id}>
          <span class="soft">${words.moment(call.start_time)}</span>
          <span>
            <button class="link" onClick=${() => openCall(call.call_id)}>${words.outcome(call.disposition) || words.status(call.status)}</button>
            <span class="soft small">${call.reason ? ` ${words.plain(call.reason)}` : ""}</span>
          </span>
        </li>`,
      )}
    </ul>
  </section>`;
}
