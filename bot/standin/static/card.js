// Cards as Hipchat drew them: folded to one line of activity when there is one, else title, description and attributes.

import { el, fragment, outside, picture } from "./dom.js";

let count = 0;

export function drawCard(card, color) {
  const node = el("article", { class: `card ${card.style} ${card.format} ${color}` });
  const details = drawDetails(card);
  if (card.activity) {
    details.id = `card-${(count += 1)}`;
    details.hidden = true;
    const line = el("span", { class: "line", dir: "auto" }, fragment(card.activity.html));
    for (const link of line.querySelectorAll("a")) link.replaceWith(...link.childNodes); // a button holds no links; the card does
    const fold = el(
      "button",
      { type: "button", class: "activity", "aria-expanded": "false", "aria-controls": details.id },
      card.activity.icon ? picture(card.activity.icon, "icon") : null,
      line,
      el("span", { class: "chevron", "aria-hidden": "true" }),
    );
    fold.addEventListener("click", () => {
      details.hidden = !details.hidden;
      fold.setAttribute("aria-expanded", String(!details.hidden));
    });
    node.append(fold);
  }
  node.append(details);
  return node;
}

function drawDetails(card) {
  const about = el("div", { class: "about" });
  const title = card.url ? outside(el("a", { href: card.url }, card.title)) : card.title;
  about.append(
    el("div", { class: "head-line" }, card.icon ? picture(card.icon, "icon") : null, el("h3", { dir: "auto" }, title)),
  );
  if (card.description) about.append(el("div", { class: "description", dir: "auto" }, fragment(card.description)));
  if (card.attributes.length) about.append(el("dl", { class: "attributes" }, ...card.attributes.map(drawAttribute)));
  return el("div", { class: "details" }, card.thumbnail ? drawThumbnail(card) : null, about);
}

function drawThumbnail(card) {
  const box = picture(card.thumbnail, "thumbnail");
  return outside(el("a", { href: card.url || card.thumbnail, "aria-label": `Picture of ${card.title}` }, box));
}

function drawAttribute({ label, value, style, url, icon }) {
  const text = style ? el(url ? "a" : "span", { class: `lozenge ${style}`, href: url }, value) : url ? el("a", { href: url }, value) : value;
  if (url) outside(text);
  const content = el("dd", { dir: "auto" }, icon ? picture(icon, "small") : null, icon ? " " : null, text);
  return el("div", {}, label ? el("dt", { dir: "auto" }, label) : null, content);
}
