// What the browser remembers: who one is (each tab may be somebody else), the room, and how far one has read.

function read(storage, key) {
  try {
    return JSON.parse(storage.getItem(key));
  } catch {
    return null;
  }
}

export const user = {
  get: () => read(sessionStorage, "user") ?? read(localStorage, "user"),
  set(id) {
    sessionStorage.setItem("user", JSON.stringify(id));
    localStorage.setItem("user", JSON.stringify(id));
  },
  forget() {
    sessionStorage.removeItem("user");
    localStorage.removeItem("user");
  },
};

export const room = {
  get: (userId) => read(localStorage, `room:${userId}`),
  set: (userId, id) => localStorage.setItem(`room:${userId}`, JSON.stringify(id)),
};

export const seen = {
  get: (userId) => read(localStorage, `seen:${userId}`) ?? {},
  set(userId, roomId, messageId) {
    localStorage.setItem(`seen:${userId}`, JSON.stringify({ ...this.get(userId), [roomId]: messageId }));
  },
};
