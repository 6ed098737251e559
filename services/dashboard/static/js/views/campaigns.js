// Calls that were queued together, and how far they are.

import { html, useState } from "../../vendor/htm-preact-3.1.1.js";
import { send } from "../api.js";
import { Problem, useEvery, useLoaded } from "../parts.js";
import * as words from "../words.js";

const STATES = { running: "Running", paused: "Paused", finished: "Finished", cancelled: "Cancelled" };
const ENDED = new Set(["finished", "cancelled"]);

/** The campaigns that have not ended; nothing when there is none. */
export function Campaigns({ mayControl }) {
  const { data, again } = useLoaded("/campaigns", { page_size: 20 }, useEvery(4000));
  const open = (data?.campaigns ?? []).filter((campaign) => !ENDED.has(campaign.state));
  if (!open.length) return null;
  return html`<section>
    <div class="heading"><h2>Campaigns</h2></div>
    <ul class="campaigns">
      ${open.map((campaign) => html`<li key=${campaign.id}><${Card} campaign=${campaign} mayControl=${mayControl} again=${again} /></li>`)}
    </ul>
  </section>`;
}

/** Nothing seems to move while all that is left has another hour to wait for. */
const waitsFor = ({ state, calling, done, waiting }) =>
  state === "running" && waiting && !calling && done ? " for their next try or the calling hours" : "";

function Card({ campaign, mayControl, again }) {
  const [error, setError] = useState(null);
  const control = (action) => () =>
    send("POST", `/campaigns/${campaign.id}/control`, { action })
      .then(() => setError(null))
      .catch(setError)
      .finally(again);
  const over = campaign.done + campaign.dropped;
  return html`<div class="campaign">
    <div>
      <strong>Campaign ${campaign.id}</strong>
      <div class="small soft">${STATES[campaign.state]}</div>
    </div>
    <div>
      <progress max=${campaign.total} value=${over} aria-label="Campaign ${campaign.id}">${over} of ${campaign.total}</progress>
      <div class="small soft">
        ${words.number(over)} of ${words.number(campaign.total)} over${campaign.dropped ? ` (${words.number(campaign.dropped)} not called)` : ""},
        ${" "}${words.number(campaign.calling)} in a call, ${words.number(campaign.waiting)} waiting${waitsFor(campaign)}.
        ${" "}${campaign.requested_by === "callback" ? "The borrower asked for it" : `By ${campaign.requested_by}`}, ${words.moment(campaign.created_at)}.
      </div>
      ${error && html`<${Problem} error=${error} />`}
    </div>
    ${mayControl &&
    html`<span class="pager">
      ${campaign.state === "paused"
        ? html`<button onClick=${control("resume")}>Resume</button>`
        : html`<button onClick=${control("pause")}>Pause</button>`}
      <button class="danger" onClick=${control("cancel")}>Cancel what waits</button>
    </span>`}
  </div>`;
}
