// The log of one room: days, groups of one sender, messages under the message they are attached to, and where one has scrolled to.

import { el } from "./dom.js";
import { drawMessage, drawSystem } from "./message.js";
import { dayName, dayOf } from "./time.js";

const TOGETHER = 5 * 60_000; // messages of one sender within this time share one heading
const MOST = 2000; // messages kept in the page; older ones come again with "load earlier"
const NEAR = 60; // pixels from the end that still count as the end

export class Log {
  constructor({ scroller, log, earlier, newer }) {
    Object.assign(this, { scroller, log, earlier, newer });
    this.entries = [];
    this.byId = new Map();
    this.atEnd = true;
    this.unseen = 0;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    newer.addEventListener("click", () => this.toEnd());
    new ResizeObserver(() => this.#keep()).observe(log);
    new ResizeObserver(() => this.#keep()).observe(scroller);
  }

  get first() {
    return this.entries[0]?.message.id;
  }

  get last() {
    return this.entries.at(-1)?.message.id;
  }

  // Shows the messages of a room, and the end of them.
  show(messages, earlier, me) {
    this.me = me;
    this.entries = [];
    this.byId.clear();
    this.log.setAttribute("aria-busy", "true"); // what is loaded is not read aloud, what arrives is
    this.log.replaceChildren();
    for (const message of messages) this.#add(message);
    this.log.removeAttribute("aria-busy");
    this.earlier.hidden = !earlier;
    this.toEnd();
  }

  has(id) {
    return this.byId.has(id);
  }

  // Messages that arrived. Own ones always come into view.
  add(messages) {
    const nodes = messages.filter(({ id }) => !this.byId.has(id)).map((message) => this.#add(message));
    if (!nodes.length) return;
    if (this.entries.length > MOST && this.atEnd) this.#forget(this.entries.length - MOST + 500);
    if (this.atEnd || nodes.some((node) => node.classList.contains("own"))) this.toEnd();
    else this.#count(this.unseen + nodes.length);
  }

  // Messages from before the first one; what one reads stays where it is.
  prepend(messages, earlier) {
    const stay = this.#holding();
    this.log.setAttribute("aria-busy", "true");
    const added = messages.filter((message) => !this.byId.has(message.id)).map((message) => this.#entry(message));
    this.entries.unshift(...added);
    this.#arrange();
    this.log.removeAttribute("aria-busy");
    this.earlier.hidden = !earlier;
    stay();
  }

  replace(message) {
    const old = this.byId.get(message.id);
    if (!old) return;
    const node = drawMessage(message, this.me);
    node.className = old.node.className;
    node.querySelector(".attached").replaceWith(old.node.querySelector(".attached"));
    old.node.replaceWith(node);
    Object.assign(old, { node, message });
  }

  say(text) {
    this.log.append(drawSystem(text));
    this.toEnd();
  }

  clear() {
    this.entries = [];
    this.byId.clear();
    this.log.replaceChildren();
    this.earlier.hidden = false;
  }

  toEnd() {
    this.atEnd = true;
    this.#count(0);
    this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  // Remembers which message is the first in sight, and gives a function that puts it back there. Messages that come into sight
  // get their true height only then, so it looks again in the next frames.
  #holding() {
    const top = this.scroller.getBoundingClientRect().top;
    const node = this.entries.find((entry) => !entry.under && entry.node.getBoundingClientRect().bottom > top)?.node;
    const before = node?.getBoundingClientRect().top;
    const stay = (frames) => {
      if (!node?.isConnected) return;
      this.scroller.scrollTop += node.getBoundingClientRect().top - before;
      if (frames) requestAnimationFrame(() => stay(frames - 1));
    };
    return () => stay(2);
  }

  #entry(message) {
    const entry = { message, node: drawMessage(message, this.me) };
    this.byId.set(message.id, entry);
    return entry;
  }

  #add(message) {
    const previous = this.entries.findLast((entry) => !entry.under);
    const entry = this.#entry(message);
    this.entries.push(entry);
    this.#place(entry, previous, (node) => this.log.append(node));
    return entry.node;
  }

  // Puts a message under its parent, or at its own time with a new day before it.
  #place(entry, previous, put) {
    const parent = entry.message.under && this.byId.get(entry.message.under);
    entry.under = parent || null;
    if (parent) {
      parent.node.querySelector(".attached").append(entry.node);
      hideable(entry);
      return;
    }
    const newDay = !previous || dayOf(previous.message.at) !== dayOf(entry.message.at);
    if (newDay) put(el("div", { class: "day", role: "separator" }, dayName(entry.message.at)));
    entry.node.classList.toggle("follows", !newDay && together(previous.message, entry.message));
    put(entry.node);
  }

  #arrange() {
    const all = document.createDocumentFragment();
    let previous = null;
    for (const entry of this.entries) {
      this.#place(entry, previous, (node) => all.append(node));
      if (!entry.under) previous = entry;
    }
    this.log.replaceChildren(all);
  }

  #forget(many) {
    for (const { message } of this.entries.splice(0, many)) this.byId.delete(message.id);
    this.#arrange();
    this.earlier.hidden = false;
  }

  #scrolled() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    this.atEnd = scrollHeight - scrollTop - clientHeight < NEAR;
    if (this.atEnd) this.#count(0);
  }

  #keep() {
    if (this.atEnd) this.scroller.scrollTop = this.scroller.scrollHeight;
  }

  #count(unseen) {
    if (this.unseen === unseen) return;
    this.unseen = unseen;
    this.newer.hidden = unseen === 0;
    this.newer.textContent = unseen === 1 ? "↓ 1 new message" : `↓ ${unseen} new messages`;
  }
}

function together(previous, message) {
  const key = ({ type, sender, label }) => JSON.stringify([type, sender.kind, sender.id, sender.name, label]);
  return message.at - previous.at < TOGETHER && key(previous) === key(message);
}

// A card under another message can be put out of the way.
function hideable(entry) {
  const card = entry.node.querySelector(".has-fallback");
  if (!card || entry.node.querySelector(".hide")) return;
  const button = el("button", { type: "button", class: "hide", "aria-expanded": "true" }, "Hide card");
  button.addEventListener("click", () => {
    card.hidden = !card.hidden;
    button.textContent = card.hidden ? "Show card" : "Hide card";
    button.setAttribute("aria-expanded", String(!card.hidden));
  });
  card.after(button);
}
