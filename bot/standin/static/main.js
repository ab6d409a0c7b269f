// The chat page: who one is, which room is open, and what arrives.

import * as api from "./api.js";
import { Composer } from "./composer.js";
import { avatar, el } from "./dom.js";
import { Glances } from "./glances.js";
import { Log } from "./log.js";
import { Modules } from "./modules.js";
import { drawChoices, drawPeople, drawRooms } from "./people.js";
import * as remembered from "./remembered.js";

const $ = (id) => document.getElementById(id);

const BY_CLIENT = "“/{name}” is handled by the client and not sent to the room.";
const DONE = {
  topic: "You changed the topic.",
  rename: "You renamed the room.",
  here: "You are available.",
  away: "You are away.",
  dnd: "You do not want to be disturbed.",
};
const KEYS = "Enter sends, Shift+Enter makes a new line, ↑ recalls what you sent, @ and Tab mention somebody.";

const ANY = { body: "https://example.com/", type: "message", sender: {}, metadata: {} };
const page = { me: null, people: [], rooms: [], room: null, live: null, arrivals: [], waiting: [] };

const log = new Log({ scroller: $("scroller"), log: $("log"), earlier: $("earlier"), newer: $("newer") });
const composer = new Composer({ form: $("composer"), input: $("input"), list: $("completion") }, { send });
const modules = new Modules({
  panel: $("panel"),
  dialog: $("dialog"),
  menu: $("message-menu"),
  api,
  composer,
  join: (name) => join(name),
  say: (text) => log.say(text),
});
const glances = new Glances($("glances"), api.glances, {
  open: ({ addon, target }) => modules.openTarget(addon, target),
  holds: (conditions, about) => modules.holds(conditions, about),
});

// -- who ------------------------------------------------------------------------------------------------------------------

async function start() {
  await loadPeople();
  const known = page.people.find(({ id }) => id === remembered.user.get());
  if (known) await become(known);
  else choose();
}

function choose() {
  page.live?.close();
  page.me = null;
  $("app").hidden = true;
  $("chooser").hidden = false;
  drawChoices($("choices"), page.people, become);
  $("choices").querySelector("button")?.focus();
}

async function become(person) {
  page.me = person;
  page.room = null;
  remembered.user.set(person.id);
  $("chooser").hidden = true;
  $("app").hidden = false;
  $("me-avatar").replaceChildren(avatar(person.name));
  $("me-name").textContent = person.name;
  $("me-mention").textContent = `@${person.mention_name}`;
  page.live?.close();
  page.live = new api.Live(person.id, { opened: caughtUp, lost, message: arrived, deleted: changed, room: roomChanged, people: loadPeople, glance: pushed, addons: showAddons });
}

async function loadPeople() {
  page.people = (await api.users()).users.toSorted((a, b) => a.name.localeCompare(b.name));
  drawPeople($("people"), page.people);
  composer.people = [
    ...page.people,
    { name: "Everybody in the room", mention_name: "all" },
    { name: "Everybody who is available", mention_name: "here" },
  ];
}

// -- rooms ----------------------------------------------------------------------------------------------------------------

async function loadRooms() {
  const { rooms } = await api.rooms(page.me.id, remembered.seen.get(page.me.id));
  const mentioned = new Set(page.rooms.filter((room) => room.mentioned).map((room) => room.id));
  page.rooms = rooms.map((room) => ({ ...room, mentioned: mentioned.has(room.id) && room.unread > 0 }));
  for (const room of page.rooms) {
    if (!remembered.seen.get(page.me.id)[room.id] && room.last) remembered.seen.set(page.me.id, room.id, room.last);
  }
  showRooms();
}

function showRooms() {
  const current = currentRoom();
  drawRooms($("rooms"), page.rooms, page.room, open);
  $("room-name").textContent = current?.name ?? "No room";
  $("room-topic").textContent = current?.topic ?? "";
  $("room-topic").title = current?.topic ?? "";
  $("input").placeholder = current ? `Message ${current.name}` : "";
  $("input").disabled = !current;
  const unread = page.rooms.reduce((sum, room) => sum + room.unread, 0);
  document.title = `${unread ? `(${unread}) ` : ""}${current ? `${current.name} · ` : ""}Hipchat`;
}

const currentRoom = () => page.rooms.find(({ id }) => id === page.room);

async function open(id) {
  menu(false);
  const me = page.me;
  page.room = id;
  remembered.room.set(me.id, id);
  page.arrivals = [];
  const { messages, earlier } = await api.messages(me.id, id);
  if (page.room !== id || page.me !== me) return; // somebody clicked on meanwhile
  show(messages, earlier);
  read();
  composer.focus();
  await api.enter(me.id, id);
  await showAddons();
}

// What the room's add-ons show: asked for anew when one comes or goes.
async function showAddons() {
  const { me, room } = page;
  if (!me || room === null) return;
  await modules.show(me.id, room);
  await glances.show(me.id, room);
  const configure = modules.configurable.map(({ addon, name }) =>
    el("button", { type: "button", class: "quiet", onclick: () => modules.openConfigure(addon) }, `Configure ${name}`),
  );
  $("addons").replaceChildren(...configure);
  $("integrate").hidden = !modules.mayInstall;
  $("integrate-room").value = String(room);
  $("right").hidden = !$("glances").childElementCount && !configure.length && !modules.mayInstall;
  $("log").classList.toggle("has-actions", modules.actions("hipchat.message.action", { message: ANY, me: me.id }).length > 0);
}

function pushed(glance) {
  glances.push(glance);
  if (glance.room === null || glance.room === page.room) modules.glanceUpdated(glance);
}

function show(messages, earlier) {
  log.show(messages, earlier, page.me);
  log.add(page.arrivals); // what came while these were on their way
}

function read() {
  const room = currentRoom();
  if (!room || document.hidden) return;
  Object.assign(room, { unread: 0, mentioned: false });
  if (log.last) remembered.seen.set(page.me.id, room.id, log.last);
  showRooms();
}

// -- what arrives ---------------------------------------------------------------------------------------------------------

// After each connection: what the page missed is fetched, so that nothing is left out.
async function caughtUp() {
  $("connection").textContent = "";
  await Promise.all([loadRooms(), loadPeople()]);
  const known = page.rooms.some(({ id }) => id === page.room);
  if (!known) {
    const wanted = remembered.room.get(page.me.id);
    const first = page.rooms.find(({ id }) => id === wanted) ?? page.rooms[0];
    if (first) await open(first.id);
    return;
  }
  page.arrivals = [];
  const { messages, earlier } = await api.messages(page.me.id, page.room);
  if (messages.length && !messages.some(({ id }) => log.has(id))) show(messages, earlier);
  else log.add(messages);
  read();
  await showAddons(); // pushes that were missed are not repeated
}

function lost() {
  $("connection").textContent = "The connection is lost. Trying again…";
}

// A storm of messages is drawn once per frame; a page out of sight has no frames.
function arrived(message) {
  if (page.waiting.push(message) > 1) return;
  if (document.hidden) setTimeout(draw, 100);
  else requestAnimationFrame(draw);
}

function draw() {
  const messages = page.waiting.splice(0);
  if (!page.me) return;
  const here = messages.filter((message) => message.room === page.room);
  page.arrivals.push(...here);
  log.add(here);
  for (const message of here) modules.messageReceived(message);
  for (const message of messages) {
    const own = message.type === "message" && message.sender.id === page.me.id;
    const room = page.rooms.find(({ id }) => id === message.room);
    if (!room || own) continue;
    room.unread += 1;
    room.mentioned ||= message.mentions.includes(page.me.id);
  }
  if (here.length && !document.hidden) read();
  else showRooms();
}

function changed(message) {
  if (message.room === page.room) log.replace(message);
}

async function roomChanged() {
  await loadRooms();
  if (page.rooms.length && !currentRoom()) await open(page.rooms[0].id);
}

// -- what one does --------------------------------------------------------------------------------------------------------

async function send(text) {
  try {
    const { handled } = await api.say(page.me.id, page.room, text);
    if (handled) obey(handled);
    return true;
  } catch (error) {
    log.say(`Not sent: ${error.message}`);
    return false;
  }
}

function obey({ name, argument }) {
  if (name === "clear") log.clear();
  else if (name === "join") join(argument);
  else if (name === "shortcuts") log.say(KEYS);
  else log.say(DONE[name] ?? BY_CLIENT.replace("{name}", name));
}

function join(name) {
  const room = page.rooms.find((one) => String(one.id) === name || one.name.toLowerCase() === name.toLowerCase());
  if (room?.id === page.room) return;
  if (room) open(room.id);
  else log.say(`There is no room “${name}”.`);
}

function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function menu(shown) {
  $("left").classList.toggle("open", shown);
  $("menu").setAttribute("aria-expanded", String(shown));
}

$("switch").addEventListener("click", () => {
  menu(false);
  choose();
});
$("menu").addEventListener("click", () => {
  menu(!$("left").classList.contains("open"));
  $("rooms").querySelector("button")?.focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && $("left").classList.contains("open")) {
    menu(false);
    $("menu").focus();
  }
});
document.querySelector(".main").addEventListener("pointerdown", (event) => {
  if (!$("menu").contains(event.target)) menu(false);
});
$("fallback").addEventListener("change", (event) => {
  $("log").classList.toggle("show-fallback", event.target.checked);
});
$("log").addEventListener("click", (event) => {
  const node = event.target.closest(".message");
  if (event.target.closest(".more")) return modules.offer(event.target.closest(".more"), node.message);
  const module = event.target.closest("a[data-target]");
  if (module) {
    event.preventDefault();
    return modules.openLink(module, node.message);
  }
  const link = event.target.closest('a[href^="hipchat:" i]'); // hipchat://HOST/room/ID_OR_NAME opens the room here
  if (!link) return undefined;
  event.preventDefault();
  const address = new URL(link.href);
  const [kind, name] = address.pathname.split("/").slice(-2);
  if (kind === "room") join(decoded(name));
  const target = address.searchParams.get("target");
  if (target) modules.openLink({ dataset: { target } }, node.message);
  return undefined;
});
$("earlier").addEventListener("click", async () => {
  const id = page.room;
  const { messages, earlier } = await api.messages(page.me.id, id, log.first);
  if (page.room === id) log.prepend(messages, earlier);
});
document.addEventListener("visibilitychange", () => {
  if (page.waiting.length) draw(); // the frame it waits for may be long in coming
  read();
});

await start();
