// Codes, numbers and times, as people say them.

export const STATUSES = {
  ready: "Ready",
  initiated: "Dialling",
  ringing: "Ringing",
  in_progress: "In progress",
  agent_transfer: "With an agent",
  completed: "Completed",
  failed: "Failed",
  not_picked: "Not picked",
};

export const LANGUAGES = {
  "en-IN": "English",
  "hi-IN": "Hindi",
  "ta-IN": "Tamil",
  "te-IN": "Telugu",
  "ml-IN": "Malayalam",
  "gu-IN": "Gujarati",
  "mr-IN": "Marathi",
  "bn-IN": "Bengali",
  "kn-IN": "Kannada",
  "pa-IN": "Punjabi",
  "or-IN": "Odia",
};

const STAGES = {
  INITIAL_GREETING: "Greeting",
  WAITING_FOR_LANG_DETECT: "Finding the language",
  CONFIRMING_IDENTITY: "Confirming who it is",
  PLAYING_EMI_PART1: "Telling the instalment",
  PLAYING_EMI_PART2: "Telling what follows",
  ASKING_AGENT_CONNECT: "Offering an agent",
  WAITING_AGENT_RESPONSE: "Waiting for a yes or no",
  TRANSFERRING_TO_AGENT: "Handing over to an agent",
  GOODBYE_DECLINE: "Saying goodbye",
  NOTING_DISPUTE: "Noting a dispute",
  NOTING_HARDSHIP: "Noting a hardship",
  THANKING_FOR_PAYMENT: "Thanking for the payment",
  CONFIRMING_CALLBACK: "Agreeing a callback",
  WRONG_PARTY: "Wrong number",
  OPTING_OUT: "Opting out",
  NO_INPUT_GOODBYE: "Nothing heard, saying goodbye",
  END: "Ended",
};

const OUTCOMES = {
  SILENT: "Nobody spoke",
  MACHINE: "Voicemail",
  HANGUP_EARLY: "Hung up early",
  RPC_PART: "Told in part",
  RPC_INFO: "Told the instalment",
  XFER_OK: "Put through to an agent",
  XFER_FAIL: "No agent was free",
  TPC: "Somebody else answered",
  LANG: "Language not spoken",
  CB: "Callback asked for",
  PAID: "Says it is paid",
  HARD: "Hardship",
  REC_OBJECT: "Refused recording",
  DISP: "Disputes the loan",
  WN: "Wrong number",
  DNC: "Wants no calls",
  VULN: "Needs care",
  DECD: "Borrower has died",
  RNR: "Nobody answered",
  BUSY: "Busy",
  SWOFF: "Switched off",
  REJ: "Declined",
  NETFAIL: "Network failed",
  BLOCKED: "Blocked",
};

// Why a borrower is not called.
export const HOLDS = {
  DNC: "Wants no calls",
  WN: "Wrong number",
  INVALID: "Number does not exist",
  PAID: "Says it is paid",
  DISP: "Disputes the loan",
  FRAUD: "Says it is fraud",
  HARD: "Hardship",
  DECD: "Borrower has died",
  VULN: "Needs care",
  COMPL: "Has complained",
  REC_OBJECT: "Refused recording",
  LANG: "Language not spoken",
  RTP: "Refuses to pay",
  PTP: "Promised to pay",
  QUIET_UNTIL: "Quiet for a while",
  LEGAL: "With the lawyers",
  BEREAVEMENT: "Bereavement",
  NUMBER_REVOKED: "Consent to this number withdrawn",
};
const LEARNT = { CALLBACK: "Asked to be called later" };
const SCOPES = { loan: "this loan", phone: "this phone", loan_on_phone: "this loan on this phone" };

const DECIDERS = { lexicon: "the word list", rules: "the rules", model: "the model", none: "nothing" };
const SOURCES = { bot: "our call", carrier: "the carrier", operator: "by hand", reaper: "clean-up" };

/** Make words of a code such as NO_ANSWER or hung_up. */
export function plain(code) {
  if (!code) return "";
  const words = code.replaceAll("_", " ").toLowerCase();
  return words[0].toUpperCase() + words.slice(1);
}

export const status = (code) => STATUSES[code] ?? plain(code);
export const language = (code) => LANGUAGES[code] ?? code;
export const outcome = (code) => OUTCOMES[code] ?? plain(code);
export const stage = (code) => STAGES[code] ?? plain(code);
export const decider = (code) => DECIDERS[code] ?? code;
export const hold = (code) => HOLDS[code] ?? LEARNT[code] ?? outcome(code);
export const scope = (code) => SCOPES[code] ?? code;
export const source = (code) => SOURCES[code] ?? code;

/** Seconds as m:ss. */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}

const india = (options) => new Intl.DateTimeFormat("en-IN", { timeZone: "Asia/Kolkata", ...options });
const TIME = india({ hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
const SECOND = india({ hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const DAY = india({ day: "numeric", month: "short" });
const DATE = india({ day: "numeric", month: "short", year: "numeric" });
const MONEY = new Intl.NumberFormat("en-IN", { style: "currency", currency: "INR", trailingZeroDisplay: "stripIfInteger" });
const NUMBER = new Intl.NumberFormat("en-IN");

/** Midnight in India of the day of a moment, in seconds. */
export function midnight(moment) {
  const shift = 5.5 * 3600;
  const seconds = new Date(moment).getTime() / 1000 + shift;
  return seconds - (seconds % 86400) - shift;
}

export const time = (iso) => TIME.format(new Date(iso));
export const second = (iso) => SECOND.format(new Date(iso));
export const date = (iso) => DATE.format(new Date(iso));
export const rupees = (paise) => MONEY.format(paise / 100);
export const number = (value) => NUMBER.format(value);

/** A number with what it counts: 1 call, 2 calls. */
export const count = (value, one) => `${number(value)} ${one}${value === 1 ? "" : "s"}`;
/** A sentence of a program, as people begin one. */
export const sentence = (text) => text.charAt(0).toUpperCase() + text.slice(1);

/** How many calls or rows, with the word. */
export const calls = (count) => `${number(count)} ${count === 1 ? "call" : "calls"}`;
export const rows = (count) => `${number(count)} ${count === 1 ? "row" : "rows"}`;

let today = ""; // the day that the server counts

/** Take the server's word for which day it is: that of this moment. */
export function keepDay(iso) {
  today = DAY.format(new Date(iso));
}

/** The time, with the day when that is not today. All times are India's. */
export function moment(iso) {
  const then = new Date(iso);
  return (today || DAY.format(new Date())) === DAY.format(then) ? TIME.format(then) : `${DAY.format(then)}, ${TIME.format(then)}`;
}

/** How long a call lasted or has lasted, in seconds from the answer; null when nobody answered. */
export function talked(call, now) {
  if (!call.answer_time) return null;
  const end = call.end_time ? Date.parse(call.end_time) : now;
  return (end - Date.parse(call.answer_time)) / 1000;
}
