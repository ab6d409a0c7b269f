// Frames of add-ons' modules, and the messages between them and this page: the host's side of simple-xdm (hipchat-api.md 16.3).

import { el } from "./dom.js";

const KEPT = 30_000; // milliseconds that an event waits for a frame that is still loading
const API = {
  auth: { withToken: {} },
  chat: { appendMessage: {}, focus: {} },
  dialog: { open: {}, update: {}, updatePrimaryAction: {}, close: {} },
  file: { openInFileViewer: {} },
  room: { getRoomDetails: {}, getParticipants: {}, open: {}, create: {}, invite: {} },
  sidebar: { openView: {}, closeView: {} },
  user: { getCurrentUser: {}, open: {} },
};

export class Frames {
  #open = new Map(); // eid => frame
  #count = 0;

  // `answer(frame, call, args)` does what a page asks and returns what its callback gets; it may throw.
  constructor(answer) {
    this.answer = answer;
    window.addEventListener("message", (event) => this.#heard(event));
  }

  // Put a module's page into a box. `parameters` reach it as the event `receive-parameters`.
  open({ box, title, addon, addonKey, kind, key, location }) {
    const eid = `${addonKey}__${key}__${Math.random().toString(36).slice(2)}`;
    const name = JSON.stringify({ extension_id: eid, api: API, origin: window.location.origin, options: {} });
    const node = el("iframe", { name, src: location, title, class: "module-frame", allow: "clipboard-write" });
    const frame = { eid, addon, addonKey, kind, key, node, origin: new URL(location).origin, ready: false, queue: [] };
    this.#open.set(eid, frame);
    box.replaceChildren(node);
    return frame;
  }

  close(frame) {
    if (!frame) return;
    this.#open.delete(frame.eid);
    frame.node.remove();
  }

  tell(frame, etyp, evnt, done = null) {
    const mid = `e${(this.#count += 1)}`;
    frame.queue.push({ at: Date.now(), done, message: { type: "evt", etyp, evnt, mid } });
    if (frame.ready) this.#flush(frame);
  }

  tellAll(addon, etyp, evnt) {
    for (const frame of this.#open.values()) if (frame.addon === addon) this.tell(frame, etyp, evnt);
  }

  #flush(frame) {
    frame.asked ??= new Map();
    for (const { at, done, message } of frame.queue.splice(0)) {
      if (Date.now() - at > KEPT) continue;
      if (done) frame.asked.set(message.mid, done);
      frame.node.contentWindow?.postMessage(message, frame.origin);
    }
  }

  async #heard(event) {
    const frame = this.#open.get(event.data?.eid);
    if (!frame || event.source !== frame.node.contentWindow || event.origin !== frame.origin) return;
    const { type, mid, mod, fn, args = [] } = event.data;
    if (type === "init" || type === "event_query") {
      frame.ready = true;
      this.#flush(frame);
    } else if (type === "evt_done") {
      frame.asked?.get(mid)?.(...args);
      frame.asked?.delete(mid);
    } else if (type === "req" && Object.hasOwn(API, mod) && Object.hasOwn(API[mod], fn)) {
      const answer = await this.#answered(frame, `${mod}.${fn}`, args);
      frame.node.contentWindow?.postMessage({ type: "resp", mid, args: answer }, frame.origin);
    }
  }

  async #answered(frame, call, args) {
    try {
      return [null, (await this.answer(frame, call, args)) ?? null];
    } catch (error) {
      return [error.message, null];
    }
  }
}
