// The dashboard: who is signed in, the live connection, and the view that the address names.

import { html, render, useEffect, useReducer, useRef, useState } from "../vendor/htm-preact-3.1.1.js";
import { send, whoAmI } from "./api.js";
import { connect } from "./live.js";
import { Problem, go, useRoute } from "./parts.js";
import { nothing, reduce } from "./store.js";
import * as words from "./words.js";
import { BorrowerPanel } from "./views/borrower.js";
import { BorrowersView } from "./views/borrowers.js";
import { CallPanel } from "./views/call.js";
import { CallsView } from "./views/calls.js";
import { NowView } from "./views/now.js";
import { UploadView } from "./views/upload.js";

const VIEWS = {
  now: { name: "Now", view: NowView },
  borrowers: { name: "Borrowers", view: BorrowersView },
  calls: { name: "Calls", view: CallsView },
  upload: { name: "Upload", view: UploadView, role: "operator" },
};
const RANKS = ["viewer", "operator", "admin"];
const may = (me, role) => !role || RANKS.indexOf(me.role) >= RANKS.indexOf(role);

function App({ me }) {
  const route = useRoute();
  const live = useLive();
  const chosen = VIEWS[route.view] && may(me, VIEWS[route.view].role) ? VIEWS[route.view] : VIEWS.now;
  const callId = route.query.call;
  const borrowerId = callId ? "" : route.query.borrower;
  const openCall = (id) => go(route.view, { ...route.query, call: id });
  const openBorrower = (id) => go(route.view, { ...route.query, call: "", borrower: id });
  const mayChange = may(me, "operator");
  useEffect(() => scrollTo(0, 0), [chosen]); // another view begins at its beginning
  return html`
    <${Top} me=${me} live=${live} chosen=${chosen} />
    <main class="page ${callId || borrowerId ? "with-panel" : ""}">
      <div class="stack">
        ${live.connection === "down" &&
        html`<p class="notice" role="status">The line to the server is cut: what you see may be old. It is taken up again as soon as the server answers.</p>`}
        ${!live.feedUp &&
        html`<p class="notice" role="status">The record does not answer at the moment: what you see may be old.</p>`}
        <${chosen.view} me=${me} live=${live} route=${route} callId=${callId} openCall=${openCall} openBorrower=${openBorrower} may=${(role) => may(me, role)} />
      </div>
      ${callId &&
      html`<${CallPanel} key=${callId} id=${callId} live=${live} mayEnd=${mayChange} openBorrower=${openBorrower} close=${() => openCall("")} />`}
      ${borrowerId &&
      html`<${BorrowerPanel} key=${borrowerId} id=${borrowerId} live=${live} mayChange=${mayChange} openCall=${openCall} close=${() => openBorrower("")} />`}
    </main>`;
}

function Top({ me, live, chosen }) {
  const shown = Object.entries(VIEWS).filter(([, entry]) => may(me, entry.role));
  return html`<header class="top">
    <div class="brand"><img src="/static/icon.svg" alt="" /> Asha Voice</div>
    <nav aria-label="Views">
      ${shown.map(
        ([key, entry]) => html`<a href="#/${key}" aria-current=${entry === chosen ? "page" : undefined}>${entry.name}</a>`,
      )}
    </nav>
    <div class="right">
      <${Connection} state=${live.connection} />
      <span class="wide">${me.name === me.role ? me.name : `${me.name}, ${me.role}`}</span>
      <button class="quiet" onClick=${signOut}>Sign out</button>
    </div>
  </header>`;
}

const CONNECTIONS = { up: ["good", "Connected"], connecting: ["warn", "Connecting"], down: ["bad", "Not connected"] };

function Connection({ state }) {
  const [colour, name] = CONNECTIONS[state];
  return html`<span class="line-state" role="status"><span class="dot ${colour}"></span>${name}</span>`;
}

/** The live state, kept up to date for as long as the page is open. */
function useLive() {
  const [state, dispatch] = useReducer(
    (before, action) => (action.connection ? { ...before, ...action } : reduce(before, action)),
    nothing,
  );
  const number = useRef(null);
  number.current = state.number;
  useEffect(
    () =>
      connect({
        lastNumber: () => number.current,
        onMessage: (message) => {
          if (message.counts_since) words.keepDay(message.counts_since);
          dispatch(message);
        },
        onState: (connection) => dispatch({ connection }),
      }),
    [],
  );
  return state;
}

async function signOut() {
  await send("POST", "/logout");
  location.assign("/login");
}

function Start() {
  const [state, setState] = useState({});
  const load = () => whoAmI().then((me) => setState({ me })).catch((error) => setState({ error }));
  useEffect(load, []);
  if (state.me) return html`<${App} me=${state.me} />`;
  return state.error ? html`<main class="page"><${Problem} error=${state.error} retry=${load} /></main>` : null;
}

render(html`<${Start} />`, document.getElementById("app"));
