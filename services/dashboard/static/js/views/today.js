// Today's numbers, drawn: when calls were made, how far they came, what they came to.

import { html, useEffect, useRef } from "../../vendor/htm-preact-3.1.1.js";
import { Empty, useColours } from "../parts.js";
import * as words from "../words.js";

const STEPS = {
  queued: "Queued",
  dialled: "Dialled",
  answered: "Answered",
  right_person: "Right person",
  told: "Details heard",
  agent_asked: "Transfer asked",
  agent: "Connected",
};

export const Funnel = ({ steps }) =>
  html`<${Bars} rows=${steps.map((step) => [STEPS[step.step] ?? words.plain(step.step), step.count])} of=${steps[0].count} />`;

export function Shares({ counts, name, none }) {
  const rows = Object.entries(counts).map(([code, count]) => [name(code), count]);
  return rows.length ? html`<${Bars} rows=${rows} />` : html`<${Empty}>${none}<//>`;
}

/** Bars with their numbers; `of` is what is 100 %, the longest when left out. */
function Bars({ rows, of }) {
  const most = of ?? Math.max(...rows.map(([, count]) => count));
  return html`<table class="bars">
    <tbody>
      ${rows.map(
        ([name, count]) => html`<tr key=${name}>
          <th scope="row">${name}</th>
          <td class="bar"><div><span style=${{ width: `${(count * 100) / Math.max(1, most)}%` }}></span></div></td>
          <td class="number">${words.number(count)}</td>
          ${of !== undefined && html`<td class="number soft small">${percent(count, of)}</td>`}
        </tr>`,
      )}
    </tbody>
  </table>`;
}

const percent = (count, of) => (of ? `${Math.round((count * 100) / of)} %` : "");

const STEP = 900; // seconds; the server's buckets
const OPENS = 8; // hours of India's day between which calls are made
const CLOSES = 19;
const HEIGHT = 200;

/** Calls over the day. New numbers go into the chart that is there. */
export function Chart({ buckets }) {
  const place = useRef(null);
  const chart = useRef(null);
  const latest = useRef(buckets);
  latest.current = buckets;
  const colours = useColours();
  useEffect(() => {
    let gone = false;
    // Only this view needs it, so only this view loads it.
    import("../../vendor/uplot-1.6.32.js").then(({ default: UPlot }) => {
      if (!gone) chart.current = new UPlot(options(UPlot, place.current), table(latest.current), place.current);
    });
    const resize = new ResizeObserver(() => chart.current?.setSize(size(place.current)));
    resize.observe(place.current);
    return () => {
      gone = true;
      resize.disconnect();
      chart.current?.destroy();
      chart.current = null;
    };
  }, [colours]);
  const key = JSON.stringify(buckets);
  useEffect(() => chart.current?.setData(table(buckets)), [key]);
  const sum = (name) => buckets.reduce((total, one) => total + one[name], 0);
  return html`<div class="chart">
    <p class="legend small soft">
      <span class="swatch dialled"></span> Dialled ${words.number(sum("begun"))}
      <span class="swatch answered"></span> Answered ${words.number(sum("answered"))}
    </p>
    <div ref=${place} role="img" aria-label="Calls over the day: ${sum("begun")} dialled, ${sum("answered")} answered"></div>
  </div>`;
}

const size = (element) => ({ width: element.clientWidth, height: HEIGHT });

/** The numbers by column, a row for each quarter of the calling day, so that the axis stays where it is. */
function table(buckets) {
  const byTime = new Map(buckets.map((one) => [Date.parse(one.start) / 1000, one]));
  const midnight = words.midnight(buckets[0].start);
  const first = Math.min(midnight + OPENS * 3600, ...byTime.keys());
  const last = Math.max(midnight + CLOSES * 3600 - STEP, ...byTime.keys());
  const times = [];
  for (let time = first; time <= last; time += STEP) times.push(time);
  const column = (name) => times.map((time) => byTime.get(time)?.[name] ?? null);
  // A bar stands on its quarter, not around its beginning.
  return [times.map((time) => time + STEP / 2), column("begun"), column("answered")];
}

/** The full hours of India's day that stand under the chart, as many as there is room for. */
function hours(chart) {
  const { min, max } = chart.scales.x;
  const step = chart.width < 560 ? 7200 : 3600;
  const marks = [];
  for (let mark = words.midnight(min * 1000); mark <= max; mark += step) if (mark >= min) marks.push(mark);
  return marks;
}

function options(UPlot, element) {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const bars = UPlot.paths.bars({ size: [0.72, 26], radius: 0.15 });
  const bar = (label, name) => ({ label, paths: bars, fill: colour(name), width: 0, points: { show: false } });
  const axis = { stroke: colour("--soft"), font: "12px system-ui, sans-serif", ticks: { show: false } };
  return {
    ...size(element),
    padding: [8, 22, 0, 0],
    cursor: { show: false },
    legend: { show: false },
    scales: {
      x: { range: (_, least, most) => [least - STEP / 2, most + STEP / 2] },
      y: { range: (_, __, most) => [0, Math.max(4, Math.ceil((most ?? 0) * 1.15))] },
    },
    series: [{}, bar("Dialled", "--bar-soft"), bar("Answered", "--accent")],
    axes: [
      { ...axis, grid: { show: false }, size: 26, gap: 6, splits: hours, values: (_, marks) => marks.map((mark) => words.time(mark * 1000)) },
      { ...axis, grid: { stroke: colour("--line"), width: 1 }, size: 38, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] },
    ],
  };
}
