// Small pieces of DOM. Text always goes in as textContent; html only as the server sanitised it.

export function el(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function initials(name) {
  const words = name.match(/[\p{L}\p{N}]+/gu) ?? [];
  const letters = words.length > 1 ? [words[0], words[words.length - 1]].map((word) => [...word][0]) : [...(words[0] ?? "?")].slice(0, 2);
  return letters.join("").toUpperCase();
}

export function avatar(name, size = "", kind = "user") {
  let sum = 0;
  for (const letter of name) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return el("span", { class: `avatar ${size} ${kind} tint-${sum % 8}`, "aria-hidden": "true" }, initials(name));
}

// Pictures of other hosts are not fetched: the page stays on its own origin, and a reader is not told on to whoever wrote the message.
// In their place stands the first letter of the host, with the address as its title.
export function picture(address, size) {
  const own = sameOrigin(address);
  if (own) return el("span", { class: `picture ${size}` }, el("img", { src: own, alt: "" }));
  const host = URL.canParse(address) ? new URL(address).hostname.replace(/^www\./u, "") : "";
  return el("span", { class: `picture ${size}`, title: address, "aria-hidden": "true" }, initials(host).slice(0, 1));
}

function sameOrigin(address) {
  try {
    const url = new URL(address);
    return url.origin === location.origin ? url.href : null;
  } catch {
    return null;
  }
}

// Sanitised html as a fragment: links open elsewhere, pictures of other hosts are links, mentions of the reader stand out.
export function fragment(html, mine = () => false) {
  const template = document.createElement("template"); // inert: nothing in it is fetched before it is in the page
  template.innerHTML = html;
  for (const image of template.content.querySelectorAll("img")) {
    const source = image.getAttribute("src") ?? "";
    if (sameOrigin(source)) continue;
    const text = image.getAttribute("alt") || source || "picture";
    const inLink = image.closest("a");
    image.replaceWith(source && !inLink ? el("a", { class: "outside", href: source }, `[${text}]`) : el("span", { class: "outside" }, `[${text}]`));
  }
  for (const link of template.content.querySelectorAll("a[href]")) outside(link);
  for (const mention of template.content.querySelectorAll(".mention")) {
    if (mine(mention.textContent.replace(/^@/, "").toLowerCase())) mention.classList.add("mine");
  }
  return template.content;
}

export function outside(link) {
  if (!link.getAttribute("href").startsWith("hipchat:")) link.target = "_blank";
  link.rel = "noopener noreferrer";
  return link;
}
