// Puts a freshly drawn part into the page: what is the same stays, with its focus, its scroll and what was typed into it.
// Children are told apart by their ids; lists are gone into.

const drawn = new WeakMap(); // node => how the bot drew it

// Remembers how a part was drawn at first, so that only what changes is drawn anew.
export function remember(box) {
  for (const node of box.children) {
    drawn.set(node, node.outerHTML);
    if (node.tagName === "UL" && node.id) remember(node);
  }
}

export function morph(box, html) {
  const template = document.createElement("template");
  template.innerHTML = html; // drawn by the bot, with every text of an alert escaped
  remember(template.content);
  step(box, template.content);
}

function step(box, wanted) {
  const known = new Map([...box.children].filter(({ id }) => id).map((node) => [node.id, node]));
  let at = box.firstElementChild;
  for (const fresh of [...wanted.children]) {
    let node = fresh.id ? known.get(fresh.id) : null;
    known.delete(fresh.id);
    if (!node) node = fresh;
    else if (fresh.tagName === "UL") step(node, fresh);
    else if (drawn.get(node) !== drawn.get(fresh)) {
      replace(node, fresh);
      if (at === node) at = fresh;
      node = fresh;
    }
    if (node !== at) box.insertBefore(node, at);
    else at = at.nextElementSibling;
  }
  for (const left of known.values()) left.remove();
}

function replace(node, fresh) {
  const focused = node.contains(document.activeElement) ? document.activeElement.dataset : null;
  const open = node.querySelector(".ask.open");
  const typing = open?.contains(document.activeElement) ? document.activeElement : null;
  node.replaceWith(fresh);
  if (open) fresh.querySelector(".acts")?.after(open);
  if (typing) typing.focus();
  else if (focused?.press) (fresh.querySelector(`[data-press="${focused.press}"]`) ?? fresh.querySelector("[data-press]"))?.focus();
  else if (focused?.open) fresh.querySelector("[data-open]")?.focus();
}
