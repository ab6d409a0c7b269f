// What the page asks of the bot, signed: the JWT of its address at first, a fresh one from Hipchat before that is over.

import { call, inHipchat } from "./xdm.js";

const EARLY = 120_000; // milliseconds before its end that a token is renewed
let token = new URLSearchParams(location.search).get("signed_request") ?? "";

function ends(jwt) {
  try {
    return JSON.parse(atob(jwt.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"))).exp * 1000;
  } catch {
    return 0;
  }
}

async function fresh() {
  if (inHipchat) token = await call("auth", "withToken");
  return token;
}

async function sent(path, { method = "GET", body, signal } = {}) {
  const headers = { Authorization: `JWT ${token}`, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  return fetch(path, { method, headers, signal, body: body === undefined ? undefined : JSON.stringify(body) });
}

// Fetches a path; when the token is not taken, once more with a new one.
export async function ask(path, options = {}) {
  if (ends(token) - Date.now() < EARLY) await fresh().catch(() => {});
  let answer = await sent(path, options);
  if (answer.status === 401 && inHipchat) {
    await fresh();
    answer = await sent(path, options);
  }
  return answer;
}

export async function text(path) {
  const answer = await ask(path);
  if (!answer.ok) throw new Error(await problem(answer));
  return answer.text();
}

export async function json(path, body) {
  const answer = await ask(path, { method: body === undefined ? "GET" : "POST", body });
  if (!answer.ok && answer.status !== 409) throw new Error(await problem(answer));
  return { ok: answer.ok, ...(await answer.json()) };
}

async function problem(answer) {
  try {
    const said = await answer.json();
    return said.detail ?? said.text ?? answer.statusText;
  } catch {
    return answer.statusText || `The bot answered ${answer.status}.`;
  }
}

// Calls `changed` whenever the bot says that something happened, for as long as the page lives; `lost` says whether it listens.
export async function listen(path, changed, lost) {
  let pause = 500;
  for (;;) {
    try {
      const answer = await ask(path);
      if (!answer.ok) throw new Error(await problem(answer));
      lost(false);
      pause = 500;
      changed();
      for await (const part of answer.body.pipeThrough(new TextDecoderStream())) if (part.includes("event: changed")) changed();
    } catch {
      lost(true);
      pause = Math.min(pause * 2, 15_000);
    }
    await new Promise((done) => setTimeout(done, pause));
  }
}
