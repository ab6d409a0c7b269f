// The dialog of a new alert.

import { press } from "./press.js";
import { call } from "./xdm.js";

const form = document.getElementById("create");

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  const given = Object.fromEntries(new FormData(form));
  if (await press("create", given)) {
    form.hidden = true;
    setTimeout(() => call("dialog", "close").catch(() => {}), 1200);
  }
});
document.getElementById("summary").focus();
document.body.classList.add("ready"); // every button works from here on
