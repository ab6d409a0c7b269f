// Calls what hipchatter offers, one call after the other, and prints what it saw as JSON.
const { promisify } = require("node:util");
const Hipchatter = require("hipchatter");

const chat = new Hipchatter(process.env.TOKEN, process.env.API);
const call = (name, ...args) => promisify(chat[name].bind(chat))(...args);
const refused = (name, ...args) => call(name, ...args).then(() => "accepted", (error) => error.message);

async function main() {
  const seen = {};
  seen.capabilities = (await call("capabilities")).key;
  seen.rooms = (await call("rooms")).map((room) => room.name);
  seen.room = (await call("get_room", "Ops%20Team")).name;
  await call("notify", "Ops", "with a token", process.env.ROOM_TOKEN);
  await call("notify", "Ops", { message: "quiet <b>one</b>", color: "green", notify: "false" });
  seen.notified = true;
  seen.said = Boolean((await call("send_room_message", "Ops", "hello from a person")).id);
  await call("set_topic", "Ops", "set by hipchatter");
  await call("create_webhook", "Ops", { url: "https://bot.example.com/x", event: "room_message", name: "mine" });
  seen.webhooks = (await call("webhooks", "Ops")).items.map((hook) => hook.name);
  await call("delete_all_webhooks", "Ops");
  seen["webhooks left"] = (await call("webhooks", "Ops")).items.length;
  seen.history = (await call("history", "Ops")).items.map((item) => item.message);
  seen.users = (await call("users")).map((user) => user.mention_name);
  seen.user = (await call("view_user", "@Lee")).name;
  await call("send_private_message", "@Lee", { message: "psst" });
  const made = await call("create_room", { name: "By hipchatter", guest_access: false });
  seen.created = Number.isInteger(made.id);
  await call("delete_room", made.id);
  seen.emoticons = (await call("emoticons")).length > 0;
  seen.bad = await refused("notify", "Ops", { message: "x", color: "Red" });
  seen.missing = await refused("get_room", "Nowhere");
  process.stdout.write(JSON.stringify(seen));
}

main().catch((error) => {
  process.stderr.write(`${error.stack}\n`);
  process.exitCode = 1;
});
