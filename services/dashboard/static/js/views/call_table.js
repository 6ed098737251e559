// A table of calls; each opens.

import { html } from "../../vendor/htm-preact-3.1.1.js";
import { Empty, Status } from "../parts.js";
import * as words from "../words.js";

export function CallTable({ calls, callId, openCall, none = "No calls yet. They are listed here, the newest first." }) {
  if (!calls.length) return html`<${Empty}>${none}<//>`;
  return html`<div class="scroll">
    <table>
      <thead>
        <tr><th>Time</th><th>Borrower</th><th>Status</th><th class="wide">Outcome</th><th class="wide">Language</th><th class="number">Talked</th></tr>
      </thead>
      <tbody>
        ${calls.map((call) => html`<${CallRow} key=${call.call_id} call=${call} current=${call.call_id === callId} openCall=${openCall} />`)}
      </tbody>
    </table>
  </div>`;
}

// What it came to is settled only at its end.
const cameTo = (call) => (call.end_time ? words.outcome(call.disposition) || words.plain(call.reason) : "");

function CallRow({ call, current, openCall }) {
  const seconds = words.talked(call, Date.now());
  const open = () => openCall(call.call_id);
  return html`<tr class="opens" onClick=${open} aria-current=${current ? "true" : undefined}>
    <td class="soft">${words.moment(call.start_time)}</td>
    <td><button class="link">${call.customer_name || `Borrower ${call.customer_id}`}</button></td>
    <td><${Status} code=${call.status} /><div class="narrow soft small">${cameTo(call)}</div></td>
    <td class="wide">${cameTo(call)}</td>
    <td class="wide">${words.language(call.language_used)}</td>
    <td class="number">${seconds === null || !call.end_time ? "" : words.clock(seconds)}</td>
  </tr>`;
}
