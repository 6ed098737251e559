// Small parts that several views use.

import { html, useEffect, useRef, useState } from "../vendor/htm-preact-3.1.1.js";
import { get } from "./api.js";
import * as words from "./words.js";

export const Status = ({ code }) =>
  html`<span class="status ${code}"><span class="dot"></span>${words.status(code)}</span>`;

export const Empty = ({ children }) => html`<div class="empty">${children}</div>`;

export const Problem = ({ error, retry }) => html`
  <div class="problem" role="alert">
    ${words.sentence(error.message)} ${retry && html`<button class="quiet" onClick=${retry}>Try again</button>`}
  </div>`;

/** The heading of something that is opened over the page: it gets the focus, which goes back to where it was. */
export function useFocused() {
  const heading = useRef(null);
  useEffect(() => {
    const before = document.activeElement;
    heading.current?.focus();
    return () => before?.focus({ preventScroll: true });
  }, []);
  return heading;
}

/** The server's present in ms, anew every second. */
export function useNow(skew) {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now + skew;
}

/** Load `path` whenever it or the parameters change: { data, error, loading, again }. */
export function useLoaded(path, parameters = {}, trigger = 0) {
  const [state, setState] = useState({ data: null, error: null, loading: true });
  const [tries, setTries] = useState(0);
  const key = JSON.stringify(parameters);
  useEffect(() => {
    const stop = new AbortController();
    setState((before) => ({ ...before, loading: true }));
    get(path, parameters, stop.signal)
      .then((data) => setState({ data, error: null, loading: false }))
      .catch((error) => {
        if (error.name !== "AbortError") setState((before) => ({ ...before, error, loading: false }));
      });
    return () => stop.abort();
  }, [path, key, trigger, tries]);
  return { ...state, again: () => setTries((count) => count + 1) };
}

/** A number that rises when the colours change, so that what is drawn by hand is drawn anew. */
export function useColours() {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const onChange = () => setCount((before) => before + 1);
    dark.addEventListener("change", onChange);
    return () => dark.removeEventListener("change", onChange);
  }, []);
  return count;
}

/** A number that rises every so many ms. */
export function useEvery(ms) {
  const [count, setCount] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setCount((before) => before + 1), ms);
    return () => clearInterval(timer);
  }, [ms]);
  return count;
}

/** Parameters as an address has them; empty ones are left out. */
export function query(parameters) {
  return new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value != null)).toString();
}

/** Where the page is: #/view?name=value. */
export function useRoute() {
  const [route, setRoute] = useState(readRoute());
  useEffect(() => {
    const onChange = () => setRoute(readRoute());
    addEventListener("hashchange", onChange);
    return () => removeEventListener("hashchange", onChange);
  }, []);
  return route;
}

function readRoute() {
  const [view, rest = ""] = location.hash.replace(/^#\/?/, "").split("?");
  return { view: view || "now", query: Object.fromEntries(new URLSearchParams(rest)) };
}

/** Go somewhere; empty values leave the address. */
export function go(view, parameters = {}) {
  const kept = query(parameters);
  location.hash = kept ? `/${view}?${kept}` : `/${view}`;
}
