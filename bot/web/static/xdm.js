// The frame's side of Hipchat's JavaScript API (hipchat-api.md 16.3): messages to the page that holds this one.

let about = null;
try {
  about = JSON.parse(window.name);
} catch {
  // not in Hipchat's frame
}
const waiting = new Map();
const handlers = new Map();
let count = 0;

function post(message) {
  window.parent.postMessage({ eid: about.extension_id, ...message }, about.origin);
}

export const inHipchat = Boolean(about?.extension_id && about.origin) && window.parent !== window;

// Calls a function of the API; the promise is of what its callback gets.
export function call(mod, fn, ...args) {
  if (!inHipchat) return Promise.reject(new Error("This page is not inside Hipchat."));
  return new Promise((done, failed) => {
    const mid = `${Date.now()}-${(count += 1)}`;
    waiting.set(mid, { done, failed });
    post({ type: "req", mid, mod, fn, args });
  });
}

export function on(event, handler) {
  handlers.set(event, handler);
}

if (inHipchat) {
  window.addEventListener("message", (event) => {
    if (event.source !== window.parent || event.origin !== about.origin) return;
    const { type, mid, args = [], etyp, evnt } = event.data ?? {};
    if (type === "resp" && waiting.has(mid)) {
      const [error, value] = args;
      const { done, failed } = waiting.get(mid);
      waiting.delete(mid);
      if (error) failed(new Error(String(error)));
      else done(value);
    } else if (type === "evt") handlers.get(etyp)?.(evnt);
  });
  post({ type: "init" });
  queueMicrotask(() => post({ type: "event_query" }));
}
