// The message box: sending, recalling, growing, and completing mentions.

import { avatar, el } from "./dom.js";

const MOST = 8; // people offered at once

export class Composer {
  constructor({ form, input, list }, { send }) {
    Object.assign(this, { form, input, list, send });
    this.people = [];
    this.sent = [];
    this.recalled = 0;
    this.choices = [];
    this.chosen = 0;
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#submit();
    });
    input.addEventListener("input", () => {
      this.recalled = this.sent.length;
      this.#changed();
    });
    input.addEventListener("keydown", (event) => this.#key(event));
    input.addEventListener("click", () => this.#complete());
    input.addEventListener("blur", () => this.#offer([]));
  }

  focus() {
    this.input.focus();
  }

  set text(value) {
    this.input.value = value;
    this.#changed();
  }

  append(text) {
    const { value } = this.input;
    this.text = value && !/\s$/u.test(value) ? `${value} ${text}` : value + text;
    this.focus();
  }

  async #submit() {
    const text = this.input.value.replace(/\s+$/u, "");
    if (!text) return;
    this.text = "";
    this.sent.push(text);
    this.recalled = this.sent.length;
    if (!(await this.send(text)) && !this.input.value) this.text = text; // nothing typed is lost
  }

  #key(event) {
    if (event.isComposing) return;
    const { key } = event;
    if (this.choices.length) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[key];
      if (step) this.#offer(this.choices, (this.chosen + step + this.choices.length) % this.choices.length);
      else if (key === "Tab" || key === "Enter") this.#accept(this.choices[this.chosen]);
      else if (key === "Escape") this.#offer([]);
      else return;
      event.preventDefault();
    } else if (key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      this.#submit();
    } else if (key === "ArrowUp" && (!this.input.value || this.recalled < this.sent.length)) {
      this.#recall(event, -1);
    } else if (key === "ArrowDown" && this.recalled < this.sent.length) {
      this.#recall(event, 1);
    }
  }

  #recall(event, step) {
    const next = this.recalled + step;
    if (next < 0) return;
    event.preventDefault();
    this.recalled = next;
    this.input.value = this.sent[next] ?? "";
    this.input.setSelectionRange(this.input.value.length, this.input.value.length);
    this.#grow();
  }

  #changed() {
    this.#grow();
    this.#complete();
  }

  #grow() {
    this.input.style.height = "auto";
    this.input.style.height = `${this.input.scrollHeight + 2}px`;
  }

  #complete() {
    const before = this.input.value.slice(0, this.input.selectionStart);
    const started = before.match(/(?:^|\W)@(\w*)$/u);
    if (!started) return this.#offer([]);
    const begun = started[1].toLowerCase();
    const fits = ({ name, mention_name }) => [mention_name, ...name.split(/\s+/u)].some((word) => word.toLowerCase().startsWith(begun));
    return this.#offer(this.people.filter(fits).slice(0, MOST));
  }

  #offer(choices, chosen = 0) {
    Object.assign(this, { choices, chosen });
    this.list.hidden = choices.length === 0;
    this.list.replaceChildren(
      ...choices.map((person, index) => {
        const item = el(
          "li",
          { id: `choice-${index}`, role: "option", "aria-selected": String(index === chosen) },
          avatar(person.name, "small"),
          el("span", {}, `@${person.mention_name}`),
          el("small", {}, person.name),
        );
        item.addEventListener("mousedown", (event) => {
          event.preventDefault(); // the message box keeps the focus
          this.#accept(person);
        });
        return item;
      }),
    );
    if (choices.length) this.input.setAttribute("aria-activedescendant", `choice-${chosen}`);
    else this.input.removeAttribute("aria-activedescendant");
  }

  #accept({ mention_name }) {
    const at = this.input.selectionStart;
    const before = this.input.value.slice(0, at).replace(/@\w*$/u, `@${mention_name} `);
    this.input.value = before + this.input.value.slice(at);
    this.input.setSelectionRange(before.length, before.length);
    this.#offer([]);
    this.#grow();
  }
}
