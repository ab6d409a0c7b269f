// Conditions of glances and actions, as the web client evaluated them (hipchat-api.md 6). What is unknown does not hold.

const compare = { eq: (a, b) => a === b, lt: (a, b) => a < b, gt: (a, b) => a > b };

function metadataMatches(wanted, metadata) {
  return (wanted ?? []).every(({ attr, ...test }) => {
    const value = String(attr).split(".").reduce((inner, name) => inner?.[name], metadata);
    return Object.entries(test).every(([how, against]) => compare[how]?.(value, against) ?? false);
  });
}

function found(pattern, flags, text) {
  try {
    return new RegExp(pattern, flags).test(text);
  } catch {
    return false;
  }
}

function single({ condition, params = {}, invert = false }, facts, { message, me, metadata } = {}) {
  let held = false;
  if (Object.hasOwn(facts, condition)) held = facts[condition];
  else if (condition === "glance_matches") held = metadataMatches(params.metadata, metadata ?? {});
  else if (message && condition === "message_contains_link") held = /https?:\/\//u.test(message.body);
  else if (message && condition === "message_sent_by_current_user") held = message.sender.kind === "user" && message.sender.id === me;
  else if (message && condition === "message_matches") {
    held = (!params.type || params.type === message.type) && (!params.sender || params.sender === message.sender.name)
      && (!params.regex || found(params.regex.pattern, params.regex.flags, message.body));
  } else if (message && condition === "card_matches") {
    held = Boolean(message.card) && (!params.style || params.style === message.card.style) && metadataMatches(params.metadata, message.metadata);
  }
  return invert ? !held : held;
}

export function hold(conditions, facts, about) {
  return (conditions ?? []).every((each) => {
    if (!each.conditions) return single(each, facts, about);
    const inner = each.conditions.map((one) => hold([one], facts, about));
    return each.type.toLowerCase() === "or" ? inner.some(Boolean) : inner.every(Boolean);
  });
}
