// The live connection: it comes back by itself, and asks for what it missed.

const FIRST_PAUSE = 500;
const LONGEST_PAUSE = 15000;
const SILENCE = 40000; // the server gives a sign of life every 15 s
const SIGNED_OUT = 4401;

/**
 * Stay connected until the returned function is called.
 * `lastNumber()` is the number of the last change seen, or null; `onMessage` gets each message, `onState` "up",
 * "connecting" or "down".
 */
export function connect({ lastNumber, onMessage, onState }) {
  const id = crypto.randomUUID ? crypto.randomUUID() : `page-${Math.random().toString(36).slice(2)}`;
  let socket = null;
  let pause = FIRST_PAUSE;
  let timer = 0;
  let watchdog = 0;

  function open() {
    const number = lastNumber();
    const after = number === null ? "" : `?after=${number}`;
    const scheme = location.protocol === "https:" ? "wss:" : "ws:";
    socket = new WebSocket(`${scheme}//${location.host}/ws/dashboard/${id}${after}`);
    alive(); // to come about may take no longer than to give a sign
    socket.onopen = () => {
      pause = FIRST_PAUSE;
      onState("up");
      alive();
    };
    socket.onmessage = (event) => {
      alive();
      onMessage(JSON.parse(event.data));
    };
    socket.onclose = (event) => {
      if (event.code === SIGNED_OUT) location.assign("/login");
      lost(pause > FIRST_PAUSE * 4 ? "down" : "connecting");
    };
  }

  function lost(state) {
    clearTimeout(watchdog);
    socket.onopen = socket.onmessage = socket.onclose = null; // a dead line may tell of its end much later
    socket.close();
    onState(state);
    // Not all pages at the same moment, when a server comes back.
    timer = setTimeout(open, pause * (0.5 + Math.random() / 2));
    pause = Math.min(pause * 2, LONGEST_PAUSE);
  }

  function alive() {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => lost("down"), SILENCE);
  }

  open();
  return () => {
    clearTimeout(timer);
    clearTimeout(watchdog);
    socket.onclose = null;
    socket.close();
  };
}
