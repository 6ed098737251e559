// Asking for calls: first what would happen, then, if that is meant, it happens.

import { html, useEffect, useRef, useState } from "../../vendor/htm-preact-3.1.1.js";
import { send } from "../api.js";
import { Problem } from "../parts.js";
import * as words from "../words.js";

/** A dialog over the page; `whom` is the request's body, { customer_ids } or { all_matching }; `done` once it is queued. */
export function CallDialog({ whom, close, done = () => {} }) {
  const dialog = useRef(null);
  const [state, setState] = useState({ step: "asking" });
  const key = useRef(`page-${Date.now()}-${Math.random().toString(36).slice(2)}`); // the same for a second click
  const ask = (path, step) => {
    setState((before) => ({ ...before, step: `${step}...`, error: null }));
    send("POST", path, whom, step === "queued" ? { "Idempotency-Key": key.current } : {})
      .then((result) => {
        setState({ step, result });
        if (step === "queued") done();
      })
      .catch((error) => setState((before) => ({ ...before, step: "failed", error })));
  };
  const look = () => ask("/trigger-bulk-calls?dry_run=true", "looked");
  useEffect(() => {
    dialog.current.showModal();
    look();
  }, []);
  const count = state.result ? queued(state.result) : 0;
  return html`<dialog ref=${dialog} onClose=${close} aria-label="Call borrowers">
    <h2>${state.step === "queued" ? `${words.count(count, "call")} ${count === 1 ? "is" : "are"} queued` : "Call these borrowers"}</h2>
    ${state.error && html`<${Problem} error=${state.error} />`}
    ${!state.result && !state.error && html`<p class="soft">Asking the rules ...</p>`}
    ${state.result && html`<${Outcomes} result=${state.result} done=${state.step === "queued"} />`}
    <div class="pager">
      <button onClick=${() => dialog.current.close()}>${state.step === "queued" ? "Close" : "Do not call"}</button>
      ${state.step !== "queued" &&
      html`<button class="primary" disabled=${state.step.endsWith("...") || !count} onClick=${() => ask("/trigger-bulk-calls", "queued")}>
        ${count ? `Queue ${words.count(count, "call")}` : "Nobody can be queued"}
      </button>`}
    </div>
  </dialog>`;
}

const queued = (result) => result.outcomes.filter((one) => one.queued).reduce((sum, one) => sum + one.count, 0);

// Of a hold, its kind says more than that there is one.
const why = (one) => (words.HOLDS[one.code] ? `${words.hold(one.code).toLowerCase()}, ${one.message}` : one.message);

const Outcomes = ({ result, done }) => html`
  <table>
    <thead><tr><th class="number">Borrowers</th><th>${done ? "What happens" : "What would happen"}</th></tr></thead>
    <tbody>
      ${result.outcomes.map(
        (one) => html`<tr key=${one.code}>
          <td class="number">${words.number(one.count)}</td>
          <td>
            <span class="dot inline ${one.queued ? (one.not_before ? "warn" : "good") : "bad"}"></span>
            ${words.sentence(`${one.queued ? (one.not_before ? `called from ${words.moment(one.not_before)}: ` : "") : "not called: "}${why(one)}`)}
          </td>
        </tr>`,
      )}
      ${!result.outcomes.length && html`<tr><td class="number">0</td><td>Nobody matches.</td></tr>`}
    </tbody>
  </table>`;
