// Lists of people and rooms: the chooser at the start, and the left column.

import { avatar, el } from "./dom.js";

const PRESENCE = { chat: "available", away: "away", xa: "away", dnd: "do not disturb" };

export function drawChoices(list, people, choose) {
  list.replaceChildren(
    ...people.map((person) =>
      el(
        "li",
        {},
        el(
          "button",
          { type: "button", onclick: () => choose(person), "data-user": String(person.id) },
          avatar(person.name, "big"),
          el("span", { class: "who" }, el("strong", { dir: "auto" }, person.name), el("small", {}, `@${person.mention_name}${person.title ? ` · ${person.title}` : ""}`)),
        ),
      ),
    ),
  );
}

export function drawPeople(list, people) {
  list.replaceChildren(
    ...people.map((person) => {
      const show = PRESENCE[person.show] ?? "offline";
      return el(
        "li",
        { class: "person", title: [show, person.status].filter(Boolean).join(": ") },
        el("span", { class: `presence ${person.show ?? ""}`, role: "img", "aria-label": show }),
        el("span", { class: "name", dir: "auto" }, person.name),
      );
    }),
  );
}

export function drawRooms(list, rooms, current, open) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.room : null;
  list.replaceChildren(
    ...rooms.map((room) => {
      const label = [room.name, room.privacy === "private" && "private", room.unread && `${room.unread} unread`, room.mentioned && "you are mentioned"];
      return el(
        "li",
        {},
        el(
          "button",
          {
            type: "button",
            class: room.unread ? "unread" : null,
            "data-room": String(room.id),
            "aria-current": room.id === current ? "page" : null,
            "aria-label": label.filter(Boolean).join(", "),
            onclick: () => open(room.id),
          },
          el("span", { class: "sign", "aria-hidden": "true" }, room.privacy === "private" ? el("img", { src: "/_page/static/lock.svg", alt: "" }) : "#"),
          el("span", { class: "name", dir: "auto" }, room.name),
          room.unread ? el("span", { class: `badge${room.mentioned ? " mentioned" : ""}` }, room.unread > 999 ? "999+" : String(room.unread)) : null,
        ),
      );
    }),
  );
  if (focused) list.querySelector(`[data-room="${focused}"]`)?.focus();
}
