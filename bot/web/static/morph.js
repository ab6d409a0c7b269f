// Puts a freshly drawn part into the page: what is the same stays, with its focus and its scroll; by the ids of the children.

export function morph(box, html) {
  const template = document.createElement("template");
  template.innerHTML = html; // drawn by the bot, with every text of an alert escaped
  step(box, template.content);
}

function step(box, wanted) {
  const known = new Map([...box.children].filter(({ id }) => id).map((node) => [node.id, node]));
  let at = box.firstElementChild;
  for (const fresh of [...wanted.children]) {
    let node = fresh.id ? known.get(fresh.id) : null;
    if (!node) node = fresh;
    else if (fresh.tagName === "UL" && fresh.id) {
      known.delete(fresh.id);
      step(node, fresh);
    } else {
      known.delete(fresh.id);
      if (node.dataset.drawn !== fresh.outerHTML) {
        const focused = node.contains(document.activeElement) ? document.activeElement.dataset : null;
        const open = node.querySelector(".ask.open");
        fresh.dataset.drawn = fresh.outerHTML;
        node.replaceWith(fresh);
        if (at === node) at = fresh;
        if (open) fresh.querySelector(".acts")?.after(open);
        node = fresh;
        if (focused?.press) (fresh.querySelector(`[data-press="${focused.press}"]`) ?? fresh.querySelector("[data-press]"))?.focus();
        else if (focused?.open) fresh.querySelector("[data-open]")?.focus();
      }
    }
    if (node.id && node.tagName !== "UL" && !node.dataset.drawn) node.dataset.drawn = node.outerHTML;
    if (node !== at) box.insertBefore(node, at);
    else at = at.nextElementSibling;
  }
  for (const left of known.values()) left.remove();
}
