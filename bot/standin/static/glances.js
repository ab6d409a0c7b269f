// The glances of a room: each is asked for by this browser (hipchat-api.md 15.1), and shows what is pushed (15.2).

import { el } from "./dom.js";

const PATIENCE = 10_000;
const KEPT = new Set(["B", "STRONG", "EM", "I"]);
const TYPES = new Set(["default", "success", "error", "current", "new", "moved"]);
const LABEL_LONGEST = 1000;
const LOZENGE_LONGEST = 20;

// What a glance shows is its label, with these tags and no attributes, and a lozenge.
function labelled(html) {
  const template = document.createElement("template"); // inert: nothing in it is fetched
  template.innerHTML = html;
  const copy = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [node.textContent];
    if (node.nodeType !== Node.ELEMENT_NODE || ["SCRIPT", "STYLE"].includes(node.tagName)) return [];
    const inside = [...node.childNodes].flatMap(copy);
    return KEPT.has(node.tagName) ? [el(node.tagName.toLowerCase(), {}, ...inside)] : inside;
  };
  return [...template.content.childNodes].flatMap(copy);
}

function sound(content) {
  const label = content?.label;
  const said = typeof label?.value === "string" && [...label.value].length;
  if (label?.type !== "html" || !said || said > LABEL_LONGEST) throw new Error("its label is not as it should be");
  const status = content.status;
  if (status === undefined || status.type === "icon") return content;
  const { type, label: text } = status.value ?? {};
  const length = typeof text === "string" && [...text].length;
  if (status.type !== "lozenge" || !TYPES.has(type) || !length || length > LOZENGE_LONGEST) {
    throw new Error("its status is not as it should be");
  }
  return content;
}

async function asked(url) {
  const answer = await fetch(url, { credentials: "omit", signal: AbortSignal.timeout(PATIENCE) });
  if (!answer.ok) throw new Error(`it answered ${answer.status}`);
  return sound(await answer.json());
}

export class Glances {
  #shown = new Map();

  constructor(side, load, { open, holds }) {
    Object.assign(this, { side, open, holds });
    this.load = load; // (user, room) => the room's glances, each with a freshly signed address
  }

  async show(user, room) {
    this.user = user;
    this.room = room;
    const { glances } = await this.load(user, room);
    if (this.room !== room || this.user !== user) return; // somebody clicked on meanwhile
    this.#shown.clear();
    const items = glances.map((glance) => {
      const item = el("li", { class: "glance", "data-glance": glance.key });
      this.#shown.set(`${glance.addon} ${glance.key}`, { item, glance });
      return item;
    });
    this.side.replaceChildren(...(items.length ? [el("h2", {}, "Glances"), el("ul", {}, ...items)] : []));
    await Promise.all(glances.map((glance) => this.#ask(glance)));
  }

  push({ addon, key, room, content }) {
    const known = this.#shown.get(`${addon} ${key}`);
    if (known && (room === null || room === this.room)) this.#draw(known, content);
  }

  async #ask(glance) {
    const known = this.#shown.get(`${glance.addon} ${glance.key}`);
    if (!known || known.glance !== glance) return;
    if (!glance.query) {
      this.#fill(known.item, glance, [glance.name], null);
      return;
    }
    try {
      this.#draw(known, await asked(glance.query));
    } catch (error) {
      this.#fail(known, error);
    }
  }

  #draw({ item, glance }, content) {
    const lozenge = content.status?.type === "lozenge" ? content.status.value : null;
    item.hidden = !this.holds(glance.conditions, { metadata: content.metadata });
    this.#fill(item, glance, labelled(content.label.value), lozenge);
  }

  #fill(item, glance, label, lozenge) {
    const shown = [
      el("span", { class: "glance-label", title: glance.name }, ...label),
      ...(lozenge ? [el("span", { class: `lozenge lozenge-${lozenge.type}` }, lozenge.label)] : []),
    ];
    const open = () => this.open(glance);
    item.replaceChildren(...(glance.target ? [el("button", { type: "button", class: "glance-open", onclick: open }, ...shown)] : shown));
  }

  #fail({ item, glance }, error) {
    const again = async () => {
      const { user, room } = this;
      const fresh = (await this.load(user, room)).glances.find(({ addon, key }) => addon === glance.addon && key === glance.key);
      const known = this.#shown.get(`${glance.addon} ${glance.key}`);
      if (!fresh || !known || this.room !== room) return;
      known.glance = fresh;
      await this.#ask(fresh);
    };
    item.replaceChildren(
      el("span", { class: "glance-label", title: `The glance could not be shown: ${error.message}` }, glance.name),
      el("button", { type: "button", class: "quiet", onclick: again }, "retry"),
    );
  }
}
