// One message of the log.

import { drawCard } from "./card.js";
import { avatar, el, fragment } from "./dom.js";
import { clockTime, exactTime } from "./time.js";

export function drawMessage(message, me) {
  const { sender } = message;
  const own = message.type === "message" && sender.kind === "user" && sender.id === me.id;
  const mentioned = message.mentions.includes(me.id);
  const body = el("div", { class: "body" }, drawSender(message));
  body.append(message.deleted ? el("div", { class: "text deleted" }, "This message was deleted.") : drawContent(message, me));
  body.append(el("div", { class: "attached" }));
  const node = el(
    "div",
    {
      class: `message ${message.type}${own ? " own" : ""}${mentioned ? " mentions-me" : ""}`,
      "data-id": message.id,
    },
    avatar(sender.name, "", sender.kind === "user" ? "user" : "addon"),
    body,
    el("time", { class: "time", datetime: new Date(message.at).toISOString(), title: exactTime(message.at) }, clockTime(message.at)),
    el("button", { type: "button", class: "more", "aria-haspopup": "menu", "aria-label": "More" }, "…"),
  );
  node.message = message; // what add-ons' actions are about
  return node;
}

function drawSender({ sender, label }) {
  return el(
    "div",
    { class: "by" },
    el("bdi", { class: "sender" }, sender.name),
    label ? el("bdi", { class: "label" }, label) : null,
  );
}

function drawContent(message, me) {
  const mine = (name) => name === me.mention_name.toLowerCase() || name === "all" || name === "here";
  if (message.type === "message") return drawText(message, mine);
  const color = message.color ?? "yellow";
  if (!message.card) return el("div", { class: `notice ${color}` }, drawText(message, mine));
  return el(
    "div",
    { class: "has-fallback" },
    drawCard(message.card, color),
    el("div", { class: `notice fallback-text ${color}` }, drawText(message, mine)),
  );
}

function drawText(message, mine) {
  const content = fragment(message.html, mine);
  const action = content.firstElementChild;
  if (action?.matches("span.me")) action.prepend(el("bdi", {}, message.sender.name), " ");
  return el("div", { class: `text ${message.format}`, dir: "auto" }, content);
}

export function drawSystem(text) {
  return el("div", { class: "system" }, el("bdi", { class: "text" }, text));
}
