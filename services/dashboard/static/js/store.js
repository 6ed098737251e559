// What the live view knows: a snapshot, and the changes since.

export const nothing = {
  loaded: false, // a snapshot has come
  connection: "connecting", // "up", "connecting", "down"
  feedUp: true, // the record answers
  number: null, // of the last change
  skew: 0, // server's clock less ours, in ms
  live: new Map(), // call id to row
  latest: [], // rows, newest first
  counts: {},
  countsSince: null,
  customers: new Map(), // id to what changed of late
};

const LATEST = 50;
const LIVES = new Set(["initiated", "ringing", "in_progress", "agent_transfer"]);

/** Return the state after a message of the server. */
export function reduce(state, message) {
  switch (message.type) {
    case "snapshot":
      return {
        ...state,
        loaded: true,
        connection: "up",
        feedUp: message.feed_up,
        number: message.number,
        skew: Date.parse(message.now) - Date.now(),
        live: new Map(message.live.map((row) => [row.call.call_id, row])),
        latest: message.latest,
        counts: message.counts,
        countsSince: message.counts_since,
      };
    case "call":
      return withCall(state, message);
    case "customer": {
      const customers = new Map(state.customers).set(message.customer.id, message.customer);
      return { ...state, customers, number: message.number };
    }
    case "feed":
      return { ...state, feedUp: message.up };
    case "heartbeat":
      return { ...state, skew: Date.parse(message.now) - Date.now() };
    default:
      return state; // a newer server may tell more
  }
}

function withCall(state, { row, number, counts, counts_since: countsSince }) {
  const id = row.call.call_id;
  const live = new Map(state.live);
  if (LIVES.has(row.call.status)) live.set(id, row);
  else live.delete(id);
  const known = state.latest.some((other) => other.call.call_id === id);
  const latest = known
    ? state.latest.map((other) => (other.call.call_id === id ? row : other))
    : [...state.latest, row].sort(newestFirst).slice(0, LATEST);
  return { ...state, live, latest, number, counts, countsSince };
}

function newestFirst(one, other) {
  return Date.parse(other.call.start_time) - Date.parse(one.call.start_time);
}
