// Requests to our own server. Every failure becomes an Error whose message a person can read.

let csrfToken = "";

export class ApiError extends Error {
  constructor(message, code = "", field = "") {
    super(message);
    this.code = code;
    this.field = field;
  }
}

/** Ask who is signed in, and remember the token that changes need. */
export async function whoAmI() {
  const me = await get("/me");
  csrfToken = me.csrf_token;
  return me;
}

/** GET JSON; parameters that are empty are left out. */
export function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value !== "" && value != null));
  return request(query.size ? `${path}?${query}` : path, { signal });
}

/** Send something that changes: JSON, or nothing. */
export function send(method, path, body = undefined, headers = {}) {
  const options = { method, headers: { "X-CSRF-Token": csrfToken, ...headers } };
  if (body !== undefined) {
    options.body = JSON.stringify(body);
    options.headers["Content-Type"] = "application/json";
  }
  return request(path, options);
}

/** Upload a file; `onProgress` gets the part that has left, from 0 to 1. */
export function upload(path, file, onProgress) {
  return new Promise((resolve, reject) => {
    const form = new FormData();
    form.append("file", file);
    const wire = new XMLHttpRequest(); // fetch tells no progress
    wire.upload.onprogress = (event) => event.lengthComputable && onProgress(event.loaded / event.total);
    wire.onload = () => settle(wire.status, wire.responseText, resolve, reject);
    wire.onerror = () => reject(new ApiError("The server cannot be reached. Check the network and try again."));
    wire.open("POST", path);
    wire.setRequestHeader("X-CSRF-Token", csrfToken);
    wire.send(form);
  });
}

async function request(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ApiError("The server cannot be reached. Check the network and try again.");
  }
  const text = await answer.text();
  return new Promise((resolve, reject) => settle(answer.status, text, resolve, reject));
}

function settle(status, text, resolve, reject) {
  let body = null;
  try {
    body = JSON.parse(text);
  } catch {
    // told below
  }
  if (status === 401) location.assign("/login");
  if (status < 400 && body) return resolve(body);
  const error = body?.error;
  const where = error?.field ? ` (${error.field})` : "";
  return reject(new ApiError(error ? error.message + where : `The server answered ${status}.`, error?.code, error?.field));
}
