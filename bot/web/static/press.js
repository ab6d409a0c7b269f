// Buttons: each press is done once, and says in the page's status line what came of it.

import { json } from "./session.js";

export function say(text, bad = false) {
  const line = document.getElementById("said");
  line.textContent = text;
  line.classList.toggle("bad", bad);
}

export async function press(verb, more, after) {
  const id = crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`;
  try {
    const { ok, text } = await json("/hipchat/sidebar/press", { verb, press: id, ...more });
    say(text, !ok);
    await after?.();
    return ok;
  } catch (error) {
    say(error.message, true);
    return false;
  }
}

// Lets the buttons of a box work: at once, or after the little form that some of them open.
export function wire(box, after) {
  box.addEventListener("click", (event) => {
    const button = event.target.closest("[data-press]");
    if (!button) return;
    const verb = button.dataset.press;
    const numbers = [Number(button.closest("[data-number]").dataset.number)];
    const template = document.getElementById(`${verb}-form`);
    if (!template) press(verb, { numbers }, after);
    else ask(button, template, { verb, numbers }, after);
  });
}

function ask(button, template, { verb, numbers }, after) {
  document.querySelector(".ask.open")?.remove();
  const form = template.content.firstElementChild.cloneNode(true);
  form.classList.add("open");
  const close = () => {
    form.remove();
    (document.querySelector(`[data-number="${numbers[0]}"] [data-press="${verb}"]`) ?? document.body).focus();
  };
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const given = Object.fromEntries(new FormData(form));
    if (given.for_ms) given.for_ms = Number(given.for_ms);
    if (given.to?.toLowerCase() === "me") given.to = "";
    if (await press(verb, { numbers, ...given }, after)) close();
  });
  form.querySelector("[data-cancel]").addEventListener("click", close);
  form.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });
  button.closest(".acts").after(form);
  form.querySelector("select, input").focus();
}
