// What the page asks its server, and what the server tells it as it happens.

async function call(path, method = "GET", body = undefined) {
  const answer = await fetch(path, {
    method,
    headers: body === undefined ? {} : { "Content-Type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const json = answer.status === 204 ? null : await answer.json();
  if (!answer.ok) throw new Error(json?.error ?? answer.statusText);
  return json;
}

export const users = () => call("/_page/users");

export function rooms(user, seen) {
  const known = Object.entries(seen).map(([room, id]) => `${room}:${id}`);
  return call(`/_page/rooms?${new URLSearchParams({ user, seen: known.join(",") })}`);
}

export function messages(user, room, before = "") {
  return call(`/_page/rooms/${room}/messages?${new URLSearchParams({ user, before })}`);
}

export const glances = (user, room) => call(`/_page/rooms/${room}/glances?${new URLSearchParams({ user })}`);
export const addons = (user, room) => call(`/_page/rooms/${room}/addons?${new URLSearchParams({ user })}`);
export const frame = (user, room, asked) => call(`/_page/rooms/${room}/frame`, "POST", { user, ...asked });
export const token = (user, room, addon) => call(`/_page/rooms/${room}/token`, "POST", { user, addon });
export const ask = (user, room, addon, name) => call(`/_page/rooms/${room}/call`, "POST", { user, addon, call: name });
export const say = (user, room, text) => call(`/_page/rooms/${room}/messages`, "POST", { user, text });
export const enter = (user, room) => call(`/_page/rooms/${room}/enter`, "POST", { user });

// Tells of changes until closed. `opened` runs at each connection, so that whatever happened in between can be fetched.
export class Live {
  constructor(user, { opened, lost, ...listeners }) {
    Object.assign(this, { user, opened, lost, listeners });
    this.#connect();
  }

  close() {
    clearTimeout(this.retry);
    this.source.close();
  }

  #connect() {
    this.source = new EventSource(`/_page/events?${new URLSearchParams({ user: this.user })}`);
    this.source.addEventListener("hello", () => this.opened());
    for (const [name, listener] of Object.entries(this.listeners)) {
      this.source.addEventListener(name, (event) => listener(JSON.parse(event.data)));
    }
    this.source.addEventListener("error", () => {
      this.lost();
      if (this.source.readyState !== EventSource.CLOSED) return; // the browser tries again by itself
      this.retry = setTimeout(() => this.#connect(), 2000);
    });
  }
}
