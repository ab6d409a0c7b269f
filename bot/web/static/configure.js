// The configure page.

import { morph, remember } from "./morph.js";
import { press, say } from "./press.js";
import { json, text } from "./session.js";

const state = document.getElementById("state");
const secret = document.getElementById("secret");
const $ = (id) => document.getElementById(id);
let snippets = [];
remember(state);

async function refresh() {
  morph(state, await text("/hipchat/configure/state"));
}

// Does something, says what came of it, and draws the page anew.
async function done(work) {
  try {
    const said = await work();
    if (said?.text) say(said.text, !said.ok);
    await refresh();
    return said;
  } catch (error) {
    say(error.message, true);
    return null;
  }
}

// -- keys -----------------------------------------------------------------------------------------------------------------

function show(made) {
  if (!made?.secret) return;
  snippets = made.snippets;
  $("secret-value").textContent = made.secret;
  $("backend").replaceChildren(...snippets.map(({ name }, at) => new Option(name, String(at))));
  $("snippet").textContent = snippets[0].text;
  secret.showModal();
}

$("backend").addEventListener("change", (event) => {
  $("snippet").textContent = snippets[Number(event.target.value)].text;
});
$("copy").addEventListener("click", async () => {
  await navigator.clipboard.writeText($("snippet").textContent).catch(() => {});
  say("Copied what is to be pasted.");
});
$("done").addEventListener("click", () => secret.close());
secret.addEventListener("close", () => {
  // shown once: nothing of it stays in the page
  snippets = [];
  $("secret-value").textContent = "";
  $("snippet").textContent = "";
});

// -- what stands on the page ----------------------------------------------------------------------------------------------

state.addEventListener("click", async (event) => {
  const { test, rotate, revoke, unsilence } = event.target.dataset;
  if (test !== undefined) await done(() => json("/hipchat/configure/test", test ? { channel: test } : {}));
  else if (rotate) show(await done(() => json(`/hipchat/configure/keys/${rotate}/rotate`, {})));
  else if (revoke) await confirmed(event.target, () => done(() => json(`/hipchat/configure/keys/${revoke}/revoke`, {})));
  else if (event.target.id === "test-alert") await press("test", {}, refresh);
  else if (unsilence) await press("unsilence", { numbers: [Number(unsilence)] }, refresh);
  else if (event.target.id === "try") await plan(true);
  else if (event.target.dataset.tryMapping !== undefined) await mapping(event.target.form, true);
  else if (event.target.id === "revoke-links") await done(() => json("/hipchat/configure/links/revoke", {}));
  else if (event.target.id === "download") download();
});

// The second click on the same button does it.
async function confirmed(button, work) {
  if (button.dataset.sure) return work();
  button.dataset.sure = "1";
  button.textContent = "Really?";
  setTimeout(() => {
    delete button.dataset.sure;
    if (button.isConnected) button.textContent = "Revoke";
  }, 4000);
  return null;
}

state.addEventListener("submit", async (event) => {
  event.preventDefault();
  const form = event.target;
  const given = new FormData(form);
  if (form.id === "new-key") show(await done(() => json("/hipchat/configure/keys", { name: given.get("name"), scopes: given.getAll("scopes") })));
  else if (form.id === "plan-form") await plan(false);
  else if (form.classList.contains("mapping")) await mapping(form, false);
  else if (form.id === "new-hook") {
    const joined = await done(() => json("/hipchat/configure/hooks", { token: given.get("token"), room: given.get("room") || null }));
    if (joined?.callback) say(`${joined.text}. For commands there, make a slash command /alert with this address, shown once: ${joined.callback}`);
  }
});

state.addEventListener("change", async (event) => {
  const verb = event.target.dataset.right;
  if (verb) await done(() => json("/hipchat/configure/rights", { verb, level: event.target.value }));
  else if (event.target.id === "upload") $("plan-text").value = await event.target.files[0].text();
});

async function plan(onlySay) {
  const box = $("plan-said");
  try {
    const { problems, changes, week } = await json("/hipchat/configure/plan", { text: $("plan-text").value, only_say: onlySay });
    if (!problems.length && !onlySay) await refresh();
    $("plan-said").replaceChildren(listed(problems, [...changes, week], changes.length, onlySay));
  } catch (error) {
    box.textContent = error.message;
  }
}

async function mapping(form, onlySay) {
  const given = new FormData(form);
  const feed = form.dataset.feed;
  const box = () => document.querySelector(`form.mapping[data-feed="${CSS.escape(feed)}"] .said`);
  try {
    const { problems, changes } = await json("/hipchat/configure/mapping", { feed, lines: given.get("lines"), force: given.has("force"), only_say: onlySay });
    if (!problems.length && !onlySay) await refresh();
    box()?.replaceChildren(listed(problems, changes, changes.length, onlySay));
  } catch (error) {
    box().textContent = error.message;
  }
}

// What would change or has, or why nothing did.
function listed(problems, lines, changed, onlySay) {
  const said = problems.length ? ["Nothing was changed:", ...problems] : [changed ? (onlySay ? "This would change:" : "Changed:") : "Nothing changes.", ...lines];
  const list = document.createElement("ul");
  list.append(...said.filter(Boolean).map((line) => Object.assign(document.createElement("li"), { textContent: line })));
  return list;
}

function download() {
  const url = URL.createObjectURL(new Blob([$("plan-text").value], { type: "text/plain" }));
  Object.assign(document.createElement("a"), { href: url, download: "alertbot.toml" }).click();
  URL.revokeObjectURL(url);
}
document.body.classList.add("ready"); // every button works from here on
