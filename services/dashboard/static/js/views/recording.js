// A call's recording: both sides as a picture, and a player.

import { html, useEffect, useRef, useState } from "../../vendor/htm-preact-3.1.1.js";
import { useColours, useLoaded } from "../parts.js";
import * as words from "../words.js";

const HEIGHT = 84;

/** `player.current` becomes a function that plays from a second on. */
export function Recording({ id, ended, player }) {
  const path = `/calls/${encodeURIComponent(id)}`;
  const { data, loading } = useLoaded(`${path}/waveform`, {}, ended);
  const audio = useRef(null);
  const [at, setAt] = useState(0);
  player.current = (second) => {
    if (!audio.current) return;
    audio.current.currentTime = second;
    audio.current.play();
  };
  useEffect(() => {
    const playing = audio.current;
    return () => playing?.pause(); // it would go on when the call is closed
  }, [data]);
  if (!ended || (loading && !data)) return null;
  if (!data) return html`<section class="soft">There is no recording of this call.</section>`;
  const seek = (part) => player.current(part * data.seconds);
  return html`<section aria-label="Recording">
    <h3>Recording <span class="soft small">${words.clock(data.seconds)}; <span class="swatch borrower"></span> borrower above, <span class="swatch bot"></span> our side below</span></h3>
    <${Waveform} data=${data} at=${at / data.seconds} seek=${seek} />
    <audio ref=${audio} controls preload="none" src="${path}/recording" onTimeUpdate=${(event) => setAt(event.target.currentTime)}></audio>
  </section>`;
}

/** The loudness of both sides; a click plays from there. The player below does the same for the keyboard. */
function Waveform({ data, at, seek }) {
  const canvas = useRef(null);
  const colours = useColours();
  useEffect(() => draw(canvas.current, data, at), [data, at, colours]);
  const click = (event) => {
    const box = event.currentTarget.getBoundingClientRect();
    seek((event.clientX - box.left) / box.width);
  };
  return html`<canvas class="waveform" ref=${canvas} height=${HEIGHT} onClick=${click} aria-hidden="true"></canvas>`;
}

function draw(canvas, { borrower, bot }, at) {
  const scale = devicePixelRatio || 1;
  const width = canvas.clientWidth;
  canvas.width = width * scale;
  canvas.height = HEIGHT * scale;
  const pen = canvas.getContext("2d");
  pen.scale(scale, scale);
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const middle = HEIGHT / 2;
  borrower.forEach((_, point) => {
    const x = (point / borrower.length) * width;
    pen.globalAlpha = point / borrower.length <= at ? 1 : 0.45;
    pen.fillStyle = colour("--accent");
    pen.fillRect(x, middle - tall(borrower[point]), width / borrower.length + 0.3, tall(borrower[point]));
    pen.fillStyle = colour("--busy");
    pen.fillRect(x, middle + 1, width / borrower.length + 0.3, tall(bot[point]));
  });
}

// The square root, since telephone speech is mostly quiet.
const tall = (loudness) => 1 + Math.sqrt(loudness / 100) * (HEIGHT / 2 - 3);
