// What happens now: counts, calls that live, today's numbers, the latest calls.

import { html } from "../../vendor/htm-preact-3.1.1.js";
import { Empty, Status, useEvery, useLoaded, useNow } from "../parts.js";
import * as words from "../words.js";
import { CallTable } from "./call_table.js";
import { Campaigns } from "./campaigns.js";
import { Chart, Funnel, Shares } from "./today.js";

// What is counted together, by the status whose name it gets.
const COUNTED = {
  ringing: ["initiated", "ringing"],
  in_progress: ["in_progress"],
  agent_transfer: ["agent_transfer"],
  completed: ["completed"],
  not_picked: ["not_picked"],
  failed: ["failed"],
};

const SHOWN = 24; // cards of calls

export function NowView({ live, callId, openCall, may }) {
  const { data: today } = useLoaded("/statistics", {}, useEvery(5000));
  if (!live.loaded) return html`<${Empty}>Connecting to the live view ...<//>`;
  const rows = [...live.live.values()];
  return html`
    <section>
      <div class="heading"><h1>Calls today</h1><span class="soft small">${since(live.countsSince)}</span></div>
      <dl class="counts seven">
        ${Object.entries(COUNTED).map(
          ([code, counted]) => html`<div key=${code}>
            <dt><${Status} code=${code} /></dt>
            <dd>${words.number(counted.reduce((sum, status) => sum + (live.counts[status] ?? 0), 0))}</dd>
          </div>`,
        )}
        <div><dt>Answer rate</dt><dd>${rate(today, rows)}</dd></div>
      </dl>
    </section>
    <${Campaigns} mayControl=${may("operator")} />
    <section>
      <div class="heading"><h2>On the line now</h2><span class="soft small">${rows.length ? words.calls(rows.length) : ""}</span></div>
      ${rows.length
        ? html`<${Cards} rows=${rows.slice(0, SHOWN)} skew=${live.skew} callId=${callId} openCall=${openCall} />`
        : html`<${Empty}>No call at the moment. Calls appear here as soon as they are placed.<//>`}
      ${rows.length > SHOWN && html`<p class="soft small more">and ${words.calls(rows.length - SHOWN)} more</p>`}
    </section>
    ${today?.buckets.length > 0 && html`<${Today} today=${today} />`}
    <section>
      <div class="heading"><h2>Latest calls</h2><a class="small" href="#/calls">All calls</a></div>
      <${CallTable} calls=${live.latest.map((row) => row.call)} callId=${callId} openCall=${openCall} />
    </section>`;
}

/** Of the calls that were dialled, those that still ring are left out: nobody knows yet. */
function rate(today, rows) {
  const count = (name) => today?.funnel.find((step) => step.step === name)?.count ?? 0;
  const known = Math.max(count("answered"), count("dialled") - rows.filter((row) => !row.call.answer_time).length);
  return known ? `${Math.round((100 * count("answered")) / known)} %` : "–";
}

const Today = ({ today }) => html`
  <section>
    <div class="heading"><h2>Over the day</h2><span class="soft small">every quarter of an hour, India's time</span></div>
    <${Chart} buckets=${today.buckets} />
  </section>
  <div class="columns">
    <section>
      <div class="heading"><h2>How far calls came</h2></div>
      <${Funnel} steps=${today.funnel} />
    </section>
    <section>
      <div class="heading">
        <h2>What they came to</h2>
        ${today.talked_seconds_median !== null && html`<span class="soft small">half talked longer than ${words.clock(today.talked_seconds_median)}</span>`}
      </div>
      <${Shares} counts=${today.outcomes} name=${words.outcome} none="No call is over yet." />
    </section>
    <section>
      <div class="heading"><h2>Languages</h2><span class="soft small">of answered calls</span></div>
      <${Shares} counts=${today.languages} name=${words.language} none="No call was answered yet." />
    </section>
  </div>`;

function since(iso) {
  return words.time(iso) === "00:00" ? "since midnight in India" : `since ${words.time(iso)}`;
}

function Cards({ rows, skew, callId, openCall }) {
  const now = useNow(skew);
  return html`<ul class="cards">
    ${rows.map(
      (row) => html`<li key=${row.call.call_id}>
        <${Card} row=${row} now=${now} current=${row.call.call_id === callId} open=${() => openCall(row.call.call_id)} />
      </li>`,
    )}
  </ul>`;
}

function doing(row) {
  if (row.call.status === "agent_transfer") return "Talking with an agent";
  if (!row.call.answer_time) return "Not answered yet";
  return words.stage(row.dialog_state) || "Answered";
}

function Card({ row, now, current, open }) {
  const { call, last_turn: turn } = row;
  const seconds = words.talked(call, now);
  return html`<button class="card" onClick=${open} aria-current=${current ? "true" : undefined}>
    <span class="row">
      <strong>${call.customer_name || `Borrower ${call.customer_id}`}</strong>
      <span class="clock">${seconds === null ? "" : words.clock(seconds)}</span>
    </span>
    <span class="row">
      <${Status} code=${call.status} />
      <span class="soft small">${words.language(row.language)}</span>
    </span>
    <span class="stage">${doing(row)}</span>
    <span class="words" title="Open the call to read the words">
      ${turn ? `${turn.speaker === "bot" ? "We" : "Borrower"}  ${turn.text}` : ""}
    </span>
  </button>`;
}
