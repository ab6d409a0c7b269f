// Add-ons' modules where a person opens them: panels at the right, dialogs over the page, actions in a message's menu.

import { hold } from "./conditions.js";
import { el } from "./dom.js";
import { Frames } from "./frames.js";

const SIZES = { small: [400, 200], medium: [600, 400], large: [800, 600], xlarge: [980, 700] };
const theme = () => (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");

export class Modules {
  #addons = [];
  #facts = {};
  #panel = null;
  #dialog = null;

  // `api` talks to the server; `composer`, `join` and `say` belong to the page.
  constructor({ panel, dialog, menu, api, composer, join, say }) {
    Object.assign(this, { panel, dialog, menu, api, composer, join, say });
    this.frames = new Frames((frame, call, args) => this.#answer(frame, call, args));
    dialog.addEventListener("close", () => this.#closed());
    document.addEventListener("pointerdown", (event) => {
      if (!menu.contains(event.target)) menu.hidden = true;
    });
    menu.addEventListener("keydown", (event) => {
      if (event.key !== "Escape") return;
      menu.hidden = true;
      menu.opener?.focus();
    });
  }

  async show(user, room) {
    if (this.user !== user || this.room !== room) this.#leave();
    Object.assign(this, { user, room });
    const { addons, facts } = await this.api.addons(user, room);
    if (this.room !== room || this.user !== user) return;
    this.#addons = addons;
    this.#facts = facts;
    for (const open of [this.#panel, this.#dialog]) {
      if (open && !addons.some(({ addon }) => addon === open.addon)) this.#leave();
    }
  }

  get configurable() {
    return this.#addons.filter(({ configurable }) => configurable);
  }

  get mayInstall() {
    return this.#facts.user_is_admin || this.#facts.user_is_room_owner;
  }

  holds(conditions, about) {
    return hold(conditions, this.#facts, about);
  }

  // -- opening ------------------------------------------------------------------------------------------------------------

  // Opens a panel, dialog, glance's target or page of an add-on by its key.
  async openTarget(addonId, target, { parameters = null, values = {} } = {}) {
    const addon = this.#addons.find(({ addon }) => addon === addonId);
    if (!addon || !target) return;
    const { key, options = {} } = target;
    const dialog = addon.dialogs.find((each) => each.key === key);
    const panel = addon.panels.find((each) => each.key === key);
    if (dialog) await this.#openDialog(addon, dialog, options, { parameters, values });
    else if (panel) await this.#openPanel(addon, panel, { parameters, values });
    else if (addon.pages.includes(key)) window.open((await this.#signed(addon, `externalPage:${key}`, values)).location, "_blank", "noopener");
    else this.say(`${addon.name} has no ${key} to open.`);
  }

  async openConfigure(addonId) {
    const addon = this.#addons.find(({ addon }) => addon === addonId);
    await this.#openDialog(addon, { key: "configurable", title: `Configure ${addon.name}`, options: { size: "xlarge" } }, {}, { module: "configurable" });
  }

  openLink(link, message) {
    const addon = this.#addons.find(({ addon, key }) => addon === message.sender.id || key === message.metadata?.sender_addon_key);
    const key = link.dataset.target.split(":").at(-1);
    let more = {};
    try {
      more = JSON.parse(link.dataset.targetOptions ?? "{}");
    } catch {
      this.say("The link's options are not JSON.");
    }
    if (addon) this.openTarget(addon.addon, { key, options: more.options ?? {} }, { parameters: more.parameters, values: more.urlTemplateValues });
  }

  async #signed(addon, module, values) {
    return this.api.frame(this.user, this.room, { addon: addon.addon, module, theme: theme(), values });
  }

  async #openPanel(addon, panel, { parameters, values }) {
    this.#closePanel();
    const box = el("div", { class: "module-box" });
    const close = el("button", { type: "button", class: "quiet", "aria-label": `Close ${panel.name}`, onclick: () => this.#closePanel() }, "✕");
    this.panel.replaceChildren(el("header", { class: "module-head" }, el("h2", {}, panel.name), close), box);
    this.panel.hidden = false;
    this.panel.parentElement.classList.add("with-panel");
    this.#panel = await this.#fill(box, addon, "webPanel", panel.key, panel.name, { parameters, values });
  }

  async #openDialog(addon, dialog, overrides, { parameters = null, values = {}, module = null }) {
    this.#closeDialog();
    const options = { ...dialog.options, ...(overrides.options ?? overrides) };
    const box = el("div", { class: "module-box" });
    const title = overrides.title?.value ?? dialog.title;
    this.dialog.replaceChildren(el("header", { class: "module-head" }, el("h2", {}, title)), box, el("footer", { class: "module-foot" }));
    this.dialog.setAttribute("aria-label", title);
    this.#size(options.size ?? "medium");
    this.#buttons(options);
    this.dialog.showModal();
    this.#dialog = await this.#fill(box, addon, module ?? "dialog", dialog.key, title, { parameters, values });
    if (this.#dialog) this.#dialog.options = options;
  }

  async #fill(box, addon, kind, key, title, { parameters, values }) {
    box.replaceChildren(el("p", { class: "module-note", role: "status" }, "Loading…"));
    try {
      const { location } = await this.#signed(addon, kind === "configurable" ? kind : `${kind}:${key}`, values ?? {});
      if (!box.isConnected) return null; // somebody closed it meanwhile
      const frame = this.frames.open({ box, title, addon: addon.addon, addonKey: addon.key, kind, key, location });
      if (parameters) this.frames.tell(frame, "receive-parameters", parameters);
      return frame;
    } catch (error) {
      box.replaceChildren(el("p", { class: "module-note", role: "alert" }, error.message));
      return null;
    }
  }

  #size(size) {
    const [width, height] = SIZES[size] ?? [size.width, size.height];
    this.dialog.style.width = typeof width === "number" ? `${width}px` : width;
    this.dialog.style.height = typeof height === "number" ? `${height}px` : height;
  }

  #buttons(options) {
    const press = (key) => {
      if (this.#dialog) this.frames.tell(this.#dialog, "dialog-button-click", { action: key }, (close) => close && this.#closeDialog());
    };
    const button = ({ name, key, enabled = true }, primary) =>
      el("button", { type: "button", class: primary ? "send" : "quiet", disabled: !enabled, onclick: () => press(key) }, name.value);
    const { primaryAction: primary, secondaryActions: others } = options;
    const close = el("button", { type: "button", class: "quiet", onclick: () => this.#closeDialog() }, "Close");
    const foot = [];
    if (primary) foot.push(button({ key: "primary-action-selected", ...primary }, true));
    foot.push(...(others ? others.map((each) => button(each, false)) : [close]));
    this.dialog.querySelector(".module-foot").replaceChildren(...foot);
  }

  #closePanel() {
    this.frames.close(this.#panel);
    this.#panel = null;
    this.panel.hidden = true;
    this.panel.replaceChildren();
    this.panel.parentElement.classList.remove("with-panel");
  }

  #closeDialog() {
    if (this.dialog.open) this.dialog.close();
    else this.#closed();
  }

  #closed() {
    this.frames.close(this.#dialog);
    this.#dialog = null;
    this.dialog.replaceChildren();
  }

  #leave() {
    this.#closePanel();
    this.#closeDialog();
    this.menu.hidden = true;
  }

  // -- actions ------------------------------------------------------------------------------------------------------------

  actions(location, about) {
    return this.#addons
      .flatMap((addon) => addon.actions.map((action) => ({ addon, action })))
      .filter(({ action }) => action.location === location && this.holds(action.conditions, about))
      .toSorted((a, b) => a.action.weight - b.action.weight);
  }

  offer(opener, message) {
    const items = this.actions("hipchat.message.action", { message, me: this.user });
    const parameters = {
      body: message.body,
      mid: message.id,
      type: message.type,
      sender: { id: message.sender.id, name: message.sender.name, mention: message.sender.mention ?? null },
      metadata: message.metadata,
      ...(message.card ? { card: { title: message.card.title, description: message.card.description, url: message.card.url } } : {}),
    };
    const choices = items.map(({ addon, action }) =>
      el("button", { type: "button", role: "menuitem", onclick: () => this.#act(addon, action, parameters) }, action.name),
    );
    this.menu.replaceChildren(...(choices.length ? choices : [el("p", { class: "module-note" }, "No add-on offers anything here.")]));
    const { top, left, height } = opener.getBoundingClientRect();
    Object.assign(this.menu.style, { top: `${Math.min(top + height, innerHeight - 40 - 34 * choices.length)}px`, left: `${Math.min(left, innerWidth - 240)}px` });
    this.menu.opener = opener;
    this.menu.hidden = false;
    this.menu.querySelector("button")?.focus();
  }

  async #act(addon, action, parameters) {
    this.menu.hidden = true;
    await this.openTarget(addon.addon, action.target, { values: { message: parameters } });
    const frame = this.#dialog?.key === action.target.key ? this.#dialog : this.#panel;
    if (frame?.addon === addon.addon) this.frames.tell(frame, action.key, parameters);
  }

  // -- what pages hear and ask --------------------------------------------------------------------------------------------

  glanceUpdated({ addon, key, content }) {
    const known = this.#addons.find((each) => each.addon === addon);
    if (known) this.frames.tellAll(addon, "glance-update", { addon_key: known.key, module_key: key, metadata: content.metadata ?? {} });
  }

  messageReceived(message) {
    if (message.sender.kind === "addon") this.frames.tellAll(message.sender.id, "message-received", { mid: message.id });
  }

  #answer(frame, call, args) {
    const [first] = args;
    switch (call) {
      case "auth.withToken":
        return this.api.token(this.user, this.room, frame.addon).then(({ jwt }) => jwt);
      case "room.getRoomDetails":
      case "room.getParticipants":
      case "user.getCurrentUser":
        return this.api.ask(this.user, this.room, frame.addon, call).then(({ result }) => result);
      case "chat.appendMessage":
        this.composer.append(String(first ?? ""));
        return null;
      case "chat.focus":
        return this.composer.focus();
      case "dialog.open":
        return this.openTarget(frame.addon, { key: first?.key, options: first?.options ?? {} }, { parameters: first?.parameters, values: first?.urlTemplateValues });
      case "dialog.close":
        return this.#dialog?.addon === frame.addon ? this.#closeDialog() : null;
      case "dialog.update":
        return this.#update(frame, first ?? {});
      case "dialog.updatePrimaryAction":
        return this.#update(frame, { options: { primaryAction: { ...this.#dialog?.options?.primaryAction, ...first } } });
      case "sidebar.openView":
        return this.openTarget(frame.addon, { key: first?.key }, { parameters: first?.parameters, values: first?.urlTemplateValues });
      case "sidebar.closeView":
        return this.#panel?.addon === frame.addon ? this.#closePanel() : null;
      case "room.open":
        return this.join(String(first?.roomId ?? first?.roomName ?? ""));
      default:
        throw new Error(`The stand-in does not do ${call}.`);
    }
  }

  #update(frame, { title, options = {} }) {
    if (this.#dialog !== frame) return;
    frame.options = { ...frame.options, ...options };
    if (title) this.dialog.querySelector("h2").textContent = title.value ?? title;
    if (options.size) this.#size(options.size);
    this.#buttons(frame.options);
  }
}
