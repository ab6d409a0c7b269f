// The sidebar: the live board of the room.

import { morph, remember } from "./morph.js";
import { press, say, wire } from "./press.js";
import { listen, text } from "./session.js";
import { call, inHipchat } from "./xdm.js";

const board = document.getElementById("board");
const filter = document.getElementById("filter");
const who = document.getElementById("who");
let asked = false;
let again = false;

// Draws the board anew: one fetch at a time, however much happens meanwhile.
async function refresh() {
  if (asked) {
    again = true;
    return;
  }
  asked = true;
  try {
    morph(board, await text("/hipchat/sidebar/board"));
    sift();
  } catch (error) {
    say(error.message, true);
  }
  await new Promise((done) => setTimeout(done, 200));
  asked = false;
  if (again) {
    again = false;
    refresh();
  }
}

function sift() {
  const words = filter.value.toLowerCase().split(/\s+/u).filter(Boolean);
  for (const row of board.querySelectorAll(".alert")) {
    const fits = words.every((word) => row.dataset.words.includes(word)) && (!who.value || row.dataset.owner === who.value);
    row.hidden = !fits;
  }
}

remember(board);
wire(board, refresh);
board.addEventListener("click", (event) => {
  const button = event.target.closest("[data-open]");
  if (!button) return;
  const { number } = button.closest("[data-number]").dataset;
  if (inHipchat) call("dialog", "open", { key: "alert-detail", urlTemplateValues: { alert: { number } } });
});
document.getElementById("charts").addEventListener("click", () => call("dialog", "open", { key: "room-charts" }).catch((error) => say(error.message, true)));
filter.addEventListener("input", sift);
who.addEventListener("change", sift);
document.getElementById("undo").addEventListener("click", () => press("undo", {}, refresh));
setInterval(refresh, 30_000); // ages go on without news
listen("/hipchat/sidebar/events", refresh, (lost) => {
  document.body.classList.toggle("lost", lost);
  if (lost) say("The connection to the bot is lost. Trying again…", true);
});
document.body.classList.add("ready"); // every button works from here on
