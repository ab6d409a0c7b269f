// The dialog of one alert.

import { press, say, wire } from "./press.js";
import { listen, text } from "./session.js";

const card = document.getElementById("card");
const note = document.getElementById("note");

async function refresh() {
  try {
    const html = await text(`/hipchat/dialog/alert/card?number=${card.dataset.number}`);
    if (card.dataset.drawn === html || card.querySelector(".ask.open")) return;
    const focused = card.contains(document.activeElement) ? document.activeElement.dataset.press : null;
    card.dataset.drawn = html;
    card.innerHTML = html; // drawn by the bot, with every text of an alert escaped
    if (focused) card.querySelector(`[data-press="${focused}"], [data-press]`)?.focus();
  } catch (error) {
    say(error.message, true);
  }
}

wire(card, refresh);
card.addEventListener("click", (event) => {
  const other = event.target.closest("[data-show]");
  if (!other) return;
  card.dataset.number = other.dataset.show;
  refresh();
});
note.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(note));
  if (await press("note", { numbers: [Number(card.dataset.number)], ...given }, refresh)) note.reset();
});
listen("/hipchat/sidebar/events", refresh, () => {});
document.body.classList.add("ready"); // every button works from here on
