// One call, opened: how it went, what was said, what was decided, what the line did.

import { html, useRef, useState } from "../../vendor/htm-preact-3.1.1.js";
import { send } from "../api.js";
import { Problem, Status, useFocused, useLoaded, useNow } from "../parts.js";
import * as words from "../words.js";
import { Recording } from "./recording.js";

export function CallPanel({ id, live, mayEnd, openBorrower, close }) {
  const row = live.live.get(id) ?? live.latest.find((other) => other.call.call_id === id);
  // Whatever changes in this call, the record tells it whole.
  const trigger = row ? `${row.call.status} ${row.last_turn?.sequence} ${row.call.disposition} ${row.call.end_time}` : "";
  const { data, error, again } = useLoaded(`/calls/${encodeURIComponent(id)}`, {}, trigger);
  const heading = useFocused();
  const player = useRef(null); // plays from a second on, once there is a recording
  const play = data?.call.end_time ? (ms) => player.current?.(ms / 1000) : null;
  const onKeyDown = (event) => event.key === "Escape" && close();
  return html`<aside class="panel" aria-label="Call" onKeyDown=${onKeyDown}>
    <header>
      <div>
        <h2 tabindex="-1" ref=${heading}>${data ? data.call.customer_name || `Borrower ${data.call.customer_id}` : "Call"}</h2>
        ${data && html`<${Status} code=${data.call.status} />`}
      </div>
      <button onClick=${close}>Close</button>
    </header>
    ${error && html`<section><${Problem} error=${error} retry=${again} /></section>`}
    ${data && html`<${Facts} call=${data.call} skew=${live.skew} mayEnd=${mayEnd} openBorrower=${openBorrower} />`}
    ${data && html`<${Stages} turns=${data.turns} play=${play} />`}
    ${data?.call.answer_time && html`<${Recording} id=${id} ended=${data.call.end_time} player=${player} />`}
    ${data && html`<${Transcript} turns=${data.turns} play=${play} />`}
    ${data && html`<${History} history=${data.history} />`}
    ${!data && !error && html`<section class="soft">Loading ...</section>`}
  </aside>`;
}

function Facts({ call, skew, mayEnd, openBorrower }) {
  const now = useNow(skew);
  const seconds = words.talked(call, now);
  return html`<section>
    <dl class="facts">
      <dt>Borrower</dt><dd><button class="link" onClick=${() => openBorrower(call.customer_id)}>${call.customer_name || call.customer_id}</button></dd>
      <dt>Begun</dt><dd>${words.moment(call.start_time)}${call.direction === "inbound" ? ", the borrower rang us" : ""}</dd>
      <dt>Talked</dt><dd>${seconds === null ? "not answered" : words.clock(seconds)}</dd>
      <dt>Language</dt><dd>${words.language(call.language_used) || "not known"}</dd>
      <dt>Identity</dt><dd>${call.verified ? "confirmed" : "not confirmed"}</dd>
      ${call.end_time && call.disposition && html`<dt>Outcome</dt><dd>${words.outcome(call.disposition)}</dd>`}
      ${call.reason && html`<dt>Reason</dt><dd>${words.plain(call.reason)}</dd>`}
      ${call.callback_at && html`<dt>Call again</dt><dd>${words.moment(call.callback_at)}, as the borrower asked</dd>`}
      <dt>Call id</dt><dd class="small">${call.call_sid || call.call_id}</dd>
    </dl>
    ${mayEnd && call.answer_time && !call.end_time && html`<${EndCall} id=${call.call_id} />`}
  </section>`;
}

function EndCall({ id }) {
  const [asked, setAsked] = useState(false);
  const [error, setError] = useState(null);
  const end = () => send("POST", `/calls/${encodeURIComponent(id)}/end`).catch(setError);
  if (error) return html`<p><${Problem} error=${error} /></p>`;
  return asked
    ? html`<p class="more"><button class="danger" onClick=${end}>Yes, cut the call off now</button> <button onClick=${() => setAsked(false)}>No</button></p>`
    : html`<p class="more"><button class="danger" onClick=${() => setAsked(true)}>End this call</button></p>`;
}

/** The states of the conversation one after another, with when each began. */
function Stages({ turns, play }) {
  const steps = turns.filter((turn, place) => turn.state && turn.state !== turns[place - 1]?.state);
  if (!steps.length) return null;
  return html`<section aria-label="How it went">
    <h3>How it went</h3>
    <ol class="stages">
      ${steps.map(
        (turn) => html`<li key=${turn.sequence}><${At} turn=${turn} play=${play} /> ${words.stage(turn.state)}</li>`,
      )}
    </ol>
  </section>`;
}

/** When a turn began; a button that plays from there, where that can be heard. */
function At({ turn, play }) {
  const time = words.clock(turn.started_ms / 1000);
  if (!play) return html`<span class="at">${time}</span>`;
  return html`<button class="link at" title="Play from here" aria-label="Play from ${time}" onClick=${() => play(turn.started_ms)}>${time}</button>`;
}

function Transcript({ turns, play }) {
  return html`<section aria-label="What was said">
    <h3>What was said</h3>
    ${turns.length
      ? html`<ol class="turns" aria-live="polite">${turns.map((turn) => html`<${TurnLine} key=${turn.sequence} turn=${turn} play=${play} />`)}</ol>`
      : html`<p class="soft">Nothing yet.</p>`}
  </section>`;
}

function TurnLine({ turn, play }) {
  return html`<li class="turn ${turn.speaker}">
    <div class="meta">
      <${At} turn=${turn} play=${play} />
      <span>${turn.speaker === "bot" ? "We" : "Borrower"}</span>
      <span>${words.language(turn.language)}</span>
      ${turn.interrupted && html`<span class="tag">cut off</span>`}
    </div>
    <div class="said" lang=${turn.language}>${turn.text || html`<span class="soft">(nothing understood)</span>`}</div>
    ${turn.intent &&
    html`<div class="decided small soft" title=${words.stage(turn.state)}>Understood as “${words.plain(turn.intent)}” by ${words.decider(turn.decided_by)}</div>`}
  </li>`;
}

function refusal(entry) {
  if (entry.applied) return "";
  return entry.refusal === "repeated" ? " (was known)" : ` (not taken: ${words.plain(entry.refusal).toLowerCase()})`;
}

function History({ history }) {
  return html`<section aria-label="What the line did">
    <h3>What the line did</h3>
    ${history.length
      ? html`<ol class="history">
          ${history.map(
            (entry) => html`<li>
              <span class="soft">${words.second(entry.timestamp)}</span>
              <span>
                <span class=${entry.applied || entry.refusal === "repeated" ? "" : "refused"}>${words.status(entry.status)}</span>
                <span class="soft small">, told by ${words.source(entry.source)}${entry.reason ? `: ${words.plain(entry.reason)}` : ""}${refusal(entry)}</span>
              </span>
            </li>`,
          )}
        </ol>`
      : html`<p class="soft">Nothing yet.</p>`}
  </section>`;
}

