// The JavaScript API for add-ons' pages in frames (hipchat-api.md 16.3): what the frame's name lists, by messages to the host.
(() => {
  "use strict";
  let about;
  try {
    about = JSON.parse(window.name);
  } catch {
    about = null;
  }
  const handlers = {};
  const waiting = new Map();
  let count = 0;

  const post = (message) => {
    if (about) window.parent.postMessage({ eid: about.extension_id, ...message }, about.origin);
  };
  const caller = (mod, fn) => (...args) => {
    const callback = typeof args.at(-1) === "function" ? args.pop() : null;
    const mid = `${Date.now()}-${(count += 1)}`;
    if (callback) waiting.set(mid, callback);
    post({ type: "req", mid, mod, fn, args });
  };
  const HipChat = { register: (given) => Object.assign(handlers, given) };
  for (const [mod, functions] of Object.entries(about?.api ?? {})) {
    HipChat[mod] = Object.fromEntries(Object.keys(functions).map((fn) => [fn, caller(mod, fn)]));
  }
  window.addEventListener("message", (event) => {
    if (!about || event.source !== window.parent || event.origin !== about.origin) return;
    const { type, mid, args, etyp, evnt } = event.data ?? {};
    if (type === "resp") {
      waiting.get(mid)?.(...(args ?? []));
      waiting.delete(mid);
    } else if (type === "evt") {
      handlers[etyp]?.(evnt, (close) => post({ type: "evt_done", mid, args: [close] }));
    }
  });
  window.HipChat = HipChat;
  window.AP = HipChat;
  post({ type: "init" });
  addEventListener("load", () => post({ type: "event_query" }));
})();
