// Today's numbers: when calls were made, how far they came, what they came to.

import { html, useEffect, useRef } from "../../vendor/htm-preact-3.1.1.js";
import { Empty, Problem, useColours, useEvery, useLoaded } from "../parts.js";
import * as words from "../words.js";

const STEPS = {
  begun: "Calls begun",
  answered: "Answered",
  right_person: "Right person confirmed",
  told: "Told the instalment",
  agent: "Put through to an agent",
};

const STEP = 900; // seconds; the server's buckets
const SERIES = [
  ["begun", "Begun", "--busy"],
  ["answered", "Answered", "--good"],
  ["not_picked", "Not picked", "--faint"],
  ["failed", "Failed", "--bad"],
];

export function TrendsView() {
  const { data, error, again } = useLoaded("/statistics", {}, useEvery(15000));
  if (error) return html`<${Problem} error=${error} retry=${again} />`;
  if (!data) return html`<${Empty}>Loading ...<//>`;
  const heading = html`<div class="heading"><h1>Today</h1><span class="soft small">every quarter of an hour, India's time</span></div>`;
  if (!data.buckets.length) return html`<section>${heading}<${Empty}>No calls yet today. The charts begin with the first one.<//></section>`;
  return html`
    <section>
      ${heading}
      <div class="chart"><${Chart} buckets=${data.buckets} /></div>
    </section>
    <div class="columns">
      <section>
        <div class="heading"><h2>How far calls came</h2></div>
        <${Bars} rows=${data.funnel.map((step) => [STEPS[step.step], step.count])} of=${data.funnel[0].count} />
      </section>
      <section>
        <div class="heading"><h2>What they came to</h2></div>
        <${Bars} rows=${named(data.outcomes, words.outcome)} none="No outcome yet." />
      </section>
      <section>
        <div class="heading"><h2>Languages</h2><span class="soft small">of answered calls</span></div>
        <${Bars} rows=${named(data.languages, words.language)} none="No call was answered yet." />
      </section>
    </div>
    ${data.talked_seconds_median !== null &&
    html`<p class="soft">Half of the answered calls lasted longer than ${words.clock(data.talked_seconds_median)}.</p>`}`;
}

const named = (counts, name) => Object.entries(counts).map(([code, count]) => [name(code), count]);

/** Bars with their numbers; `of` is what is 100 %, the longest when left out. */
function Bars({ rows, of, none }) {
  if (!rows.length) return html`<${Empty}>${none}<//>`;
  const most = of ?? Math.max(...rows.map(([, count]) => count));
  return html`<table class="bars">
    <tbody>
      ${rows.map(
        ([name, count]) => html`<tr key=${name}>
          <th scope="row">${name}</th>
          <td class="number">${words.number(count)}${of ? html`<span class="soft small"> ${percent(count, of)}</span>` : ""}</td>
          <td class="bar"><div><span style=${{ width: `${(count * 100) / Math.max(1, most)}%` }}></span></div></td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

const percent = (count, of) => (of ? `${Math.round((count * 100) / of)} %` : "");

function Chart({ buckets }) {
  const place = useRef(null);
  const colours = useColours();
  useEffect(() => {
    let chart = null;
    let gone = false;
    // Only this view needs it, so only this view loads it.
    import("../../vendor/uplot-1.6.32.js").then(({ default: UPlot }) => {
      if (!gone) chart = new UPlot(options(place.current), table(buckets), place.current);
    });
    const resize = new ResizeObserver(() => chart?.setSize(size(place.current)));
    resize.observe(place.current);
    return () => {
      gone = true;
      resize.disconnect();
      chart?.destroy();
    };
  }, [JSON.stringify(buckets), colours]);
  const begun = buckets.reduce((sum, one) => sum + one.begun, 0);
  return html`<div ref=${place} role="img" aria-label="Calls over the day: ${begun} begun"></div>`;
}

const size = (element) => ({ width: element.clientWidth, height: 260 });

/** The numbers by column, with an hour at least, so that the first quarters do not fill the chart. */
function table(buckets) {
  const times = buckets.map((one) => Date.parse(one.start) / 1000);
  const nulls = Array(Math.max(0, 5 - buckets.length)).fill(null);
  const column = (name) => [...nulls, ...buckets.map((one) => one[name])];
  return [[...nulls.map((_, place) => times[0] - (nulls.length - place) * STEP), ...times], ...SERIES.map(([name]) => column(name))];
}

function options(element) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const line = (label, name) => ({ label, stroke: colour(name), width: 2, points: { size: 6, fill: colour("--card") } });
  const axis = { stroke: colour("--soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false } };
  return {
    ...size(element),
    scales: { y: { range: (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 0) * 1.1))] } },
    series: [
      { value: (_, seconds) => (seconds === null ? "" : words.time(seconds * 1000)) },
      ...SERIES.map(([, label, name]) => line(label, name)),
    ],
    axes: [
      { ...axis, grid: { show: false }, values: (_, marks) => marks.map((seconds) => words.time(seconds * 1000)) },
      { ...axis, size: 44, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
    ],
    legend: { markers: { width: 0, fill: (u, i) => u.series[i].stroke(u, i) } },
  };
}
