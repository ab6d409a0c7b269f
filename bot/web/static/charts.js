// The charts: another span is another page.

import { text } from "./session.js";
import { say } from "./press.js";

document.addEventListener("change", async (event) => {
  if (event.target.id !== "days") return;
  try {
    const html = await text(`/hipchat/dialog/charts?days=${event.target.value}`);
    const fresh = new DOMParser().parseFromString(html, "text/html"); // inert, drawn by the bot
    document.querySelector("main").replaceWith(fresh.querySelector("main"));
    document.getElementById("days").focus();
  } catch (error) {
    say(error.message, true);
  }
});
document.body.classList.add("ready"); // every button works from here on
