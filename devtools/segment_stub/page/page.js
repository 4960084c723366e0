// The live page. Messages are shown through textContent only, so none of them becomes markup.
"use strict";

const MAX_CARDS = 300; // in the feed; filters and `GET /messages` show older messages
const MAX_MESSAGES = 2000; // kept in the page for the filters; the server has the rest
const MAX_BUSINESSES = 200; // beside the feed, those with the most messages first
const MAX_CUSTOMERS = 30; // beside the feed, the most recent first
const MAX_PROBLEM_REQUESTS = 30; // as many as the stand-in sends

const FAULTS = [
  ["Unavailable (503)", { kind: "status", status: 503 }],
  ["Too many requests (429, wait 10 s)", { kind: "status", status: 429, retry_after: 10 }],
  ["Key refused (401)", { kind: "status", status: 401 }],
  ["Bad request (400)", { kind: "status", status: 400 }],
  ["Too large (413)", { kind: "status", status: 413 }],
  ["Slow (3 s)", { kind: "delay", delay_ms: 3000 }],
  ["No response", { kind: "hang" }],
  ["Accept, but no response", { kind: "accept_then_timeout" }],
  ["Accept, then cut the connection", { kind: "accept_then_cut" }],
  ["Cut the connection", { kind: "cut" }],
  ["Redirect", { kind: "redirect", location: "/" }],
];

const byId = id => document.getElementById(id);
const messages = new Map(); // number → message with its verdict, oldest first
const names = new Map();    // "key user" → customer's name
const opened = new Set();   // numbers of the messages that are open in the feed
const state = {
  epoch: null, businesses: [], writeKey: null, userId: null, verdict: "", text: "", paused: false,
  newest: 0,
};

function createElement(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const customerKey = (writeKey, userId) => JSON.stringify([writeKey, userId]);
const userOf = arrival => String(arrival.message.userId ?? arrival.message.anonymousId ?? "");
const timeOfDay = iso =>
  new Date(iso).toLocaleTimeString([], { hour12: false }) + "." + iso.slice(20, 23);
const shortKey = key =>
  (key.length > 12 ? `key ${key.slice(0, 4)}…${key.slice(-4)}` : `key ${key || "(none)"}`);
const businessName = key =>
  state.businesses.find(one => one.writeKey === key)?.name || shortKey(key);
const customerName = (key, user) =>
  names.get(customerKey(key, user)) || (user ? `customer ${user.slice(0, 8)}` : "no customer");

function hue(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return (sum * 47) % 360;
}

function dot(writeKey) {
  const element = createElement("span", writeKey === null ? "dot every" : "dot");
  if (writeKey !== null) element.style.setProperty("--hue", hue(writeKey));
  return element;
}

function timeElement(iso) {
  const element = createElement("time", "", timeOfDay(iso));
  element.dateTime = element.title = iso;
  return element;
}


function searchText(arrival) {
  const name = customerName(arrival.writeKey, userOf(arrival));
  return (arrival.searchText ??= (JSON.stringify(arrival) + name).toLowerCase());
}

function matchesFilters(arrival) {
  return (state.writeKey === null || arrival.writeKey === state.writeKey)
    && (state.userId === null || userOf(arrival) === state.userId)
    && (!state.verdict || arrival.verdict === state.verdict)
    && (!state.text || searchText(arrival).includes(state.text));
}

function card(arrival) {
  const item = createElement("li", `is-${arrival.verdict}`);
  if (arrival.message.type === "identify") item.classList.add("is-identify");
  const details = createElement("details");
  const summary = createElement("summary");
  summary.append(
    timeElement(arrival.receivedAt),
    createElement("span", "event untrusted", title(arrival.message)),
    customer(arrival),
    business(arrival),
  );
  if (arrival.reason) {
    summary.append(createElement("span", "reason untrusted", `Dropped: ${arrival.reason}`));
  }
  details.append(summary);
  details.open = opened.has(arrival.number);
  details.addEventListener("toggle", () => {
    opened[details.open ? "add" : "delete"](arrival.number);
    if (details.childElementCount > 1) return;
    details.append(facts(arrival), coloredJson(arrival.message));
  });
  item.append(details);
  return item;
}

function title(message) {
  if (message.type === "track") return String(message.event ?? "track without a name");
  return String(message.type ?? "message without a type");
}

function customer(arrival) {
  const line = createElement("span", "customer");
  const user = userOf(arrival);
  const button = createElement("button", "untrusted", customerName(arrival.writeKey, user));
  button.type = "button";
  button.title = user;
  button.addEventListener("click", event => {
    event.preventDefault();
    applyFilter({ writeKey: arrival.writeKey, userId: user });
  });
  line.append(button);
  return line;
}

function business(arrival) {
  const line = createElement("span", "business");
  const name = createElement("span", "name untrusted", businessName(arrival.writeKey));
  name.title = arrival.writeKey;
  line.append(dot(arrival.writeKey), name);
  return line;
}

function facts(arrival) {
  const line = createElement("p", "facts");
  for (const text of [
    `Request ${arrival.request}`,
    `${arrival.bytes.toLocaleString()} bytes`,
    `Received ${arrival.receivedAt}`,
    `Timestamp that Segment computes: ${arrival.timestamp}`,
    `Write key ${arrival.writeKey}`,
  ]) line.append(createElement("span", "untrusted", text));
  return line;
}

// member names, strings, other values, and what stands between them
const JSON_TOKENS = new RegExp([
  /("(?:[^"\\]|\\.)*")(?=:)/,
  /("(?:[^"\\]|\\.)*")/,
  /(-?\d[\d.eE+-]*|true|false|null)/,
  /[^"\d\-tfn]+|./,
].map(part => part.source).join("|"), "gs");

function coloredJson(message) {
  const block = createElement("pre", "untrusted");
  const json = JSON.stringify(message, null, 2);
  for (const [piece, name, string, value] of json.matchAll(JSON_TOKENS)) {
    const className = name ? "n" : string ? "s" : value ? "v" : "";
    block.append(className ? createElement("span", className, piece) : piece);
  }
  return block;
}

function drawFeed() {
  const matching = [...messages.values()].reverse().filter(matchesFilters).slice(0, MAX_CARDS);
  byId("messages").replaceChildren(...matching.map(card));
  drawAroundFeed();
}

function drawAroundFeed() {
  const count = byId("messages").childElementCount;
  byId("empty").hidden = count > 0 || state.newest > 0;
  byId("no-match").hidden = count > 0 || state.newest === 0;
  byId("only").hidden = state.userId === null;
  if (state.userId !== null) {
    byId("only-name").textContent = customerName(state.writeKey, state.userId);
  }
}

function addToFeed(fresh) {
  const cards = fresh.filter(matchesFilters).map(card);
  for (const item of cards) item.classList.add("is-new");
  byId("messages").prepend(...cards.reverse());
  while (byId("messages").childElementCount > MAX_CARDS) byId("messages").lastElementChild.remove();
  drawAroundFeed();
}

function drawBusinesses() {
  const total = field => state.businesses.reduce((sum, one) => sum + one[field], 0);
  byId("accepted").textContent = total("accepted").toLocaleString();
  byId("dropped").textContent = total("dropped").toLocaleString();
  const all = {
    writeKey: null, name: "All businesses", accepted: total("accepted"), dropped: total("dropped"),
  };
  keepFocus(byId("businesses"), [all, ...listedBusinesses()].map(businessButton));
}

function listedBusinesses() {
  if (state.businesses.length <= MAX_BUSINESSES) return state.businesses;
  const size = one => (one.writeKey === state.writeKey ? Infinity : one.accepted + one.dropped);
  return state.businesses.toSorted((a, b) => size(b) - size(a)).slice(0, MAX_BUSINESSES);
}

function businessButton(one) {
  const button = createElement("button");
  button.type = "button";
  button.dataset.key = JSON.stringify(one.writeKey);
  button.setAttribute("aria-pressed", String(state.writeKey === one.writeKey));
  const counts = createElement("span", "counts", one.accepted.toLocaleString());
  counts.title = `${one.accepted} accepted, ${one.dropped} dropped`;
  if (one.dropped) counts.append(" ", createElement("b", "", `−${one.dropped.toLocaleString()}`));
  const name = createElement("span", "name untrusted", one.name || shortKey(one.writeKey));
  if (one.writeKey !== null) name.title = one.writeKey;
  button.append(dot(one.writeKey), name, counts);
  button.addEventListener("click", () => applyFilter({ writeKey: one.writeKey, userId: null }));
  return inItem(button);
}

function drawCustomers() {
  const recent = new Map();
  for (const arrival of [...messages.values()].reverse()) {
    const user = userOf(arrival);
    if (arrival.writeKey === state.writeKey && user) recent.set(user, (recent.get(user) ?? 0) + 1);
  }
  byId("customer-list").hidden = state.writeKey === null || recent.size === 0;
  keepFocus(byId("customers"), [...recent].slice(0, MAX_CUSTOMERS).map(customerButton));
}

function customerButton([user, count]) {
  const button = createElement("button");
  button.type = "button";
  button.dataset.key = user;
  button.title = user;
  button.setAttribute("aria-pressed", String(state.userId === user));
  button.append(
    createElement("span"),
    createElement("span", "name untrusted", customerName(state.writeKey, user)),
    createElement("span", "counts", String(count)),
  );
  button.addEventListener("click", () => {
    applyFilter({ userId: state.userId === user ? null : user });
  });
  return inItem(button);
}

function inItem(element) {
  const item = createElement("li");
  item.append(element);
  return item;
}

function keepFocus(list, items) {
  const { activeElement } = document;
  const focused = list.contains(activeElement) ? activeElement.dataset.key : undefined;
  list.replaceChildren(...items);
  if (focused === undefined) return;
  [...list.querySelectorAll("button")].find(button => button.dataset.key === focused)?.focus();
}

function describeFault(fault) {
  const effect = {
    status: () => `Answers ${fault.status}`
      + (fault.retry_after ? `, Retry-After ${fault.retry_after}` : ""),
    delay: () => `Answers after ${fault.delay_ms.toLocaleString()} ms`,
    hang: () => "Does not answer",
    cut: () => "Cuts the connection",
    accept_then_timeout: () => "Accepts messages, but does not answer",
    accept_then_cut: () => "Accepts messages, then cuts the connection",
    redirect: () => `Redirects (${fault.status}) to ${fault.location}`,
    refuse_messages: () => `Refuses requests that contain “${fault.contains}”`,
  }[fault.kind]();
  const times = fault.times === null
    ? "until cleared"
    : `${fault.times} more ${fault.times === 1 ? "time" : "times"}`;
  return `${effect}, ${times}; applied to ${fault.applied} so far`;
}

function drawFaults(faults) {
  const keys = [...new Set(faults.map(fault => fault.write_key))];
  const item = key => faultsOf(key, faults.filter(fault => fault.write_key === key));
  keepFocus(byId("active-faults"), keys.map(item));
}

function faultsOf(key, faults) {
  const lines = createElement("div");
  lines.append(
    createElement("p", "untrusted", key === "*" ? "All businesses" : businessName(key)),
    ...faults.map(fault => createElement("div", "untrusted", describeFault(fault))),
  );
  const button = createElement("button", "", "Clear");
  button.type = "button";
  button.dataset.key = key;
  const path = `/faults?write_key=${encodeURIComponent(key)}`;
  button.addEventListener("click", () => send("DELETE", path));
  const item = inItem(lines);
  item.append(button);
  return item;
}

function drawProblemRequests(requests) {
  byId("problem-list").hidden = requests.length === 0;
  const isCut = requests.length === MAX_PROBLEM_REQUESTS;
  const count = isCut ? `the newest ${requests.length}` : requests.length;
  byId("problem-count").textContent = `(${count})`;
  byId("problems").replaceChildren(...requests.reverse().map(problemRequestItem));
}

function problemRequestItem(one) {
  const item = createElement("li");
  const response = one.status === null ? "not answered" : `answered ${one.status}`;
  const reason = one.fault
    ? `fault: ${one.fault.replaceAll("_", " ")}`
    : one.reason || "the client gave up";
  const count = `${one.messages} ${one.messages === 1 ? "message" : "messages"}`;
  const accepted = one.messages ? `, ${count} ${one.withheld ? "not accepted" : "accepted"}` : "";
  const request = `Request ${one.number}, ${businessName(one.writeKey)}`;
  const text = `${request}: ${response} (${reason})${accepted}`;
  item.append(timeElement(one.receivedAt), createElement("span", "untrusted", text));
  return item;
}

function addFault(spec) {
  const times = byId("times").value ? Number(byId("times").value) : null;
  return send("POST", "/faults", { write_key: state.writeKey ?? "*", times, ...spec });
}

async function send(method, path, body) {
  const headers = body ? { "Content-Type": "application/json" } : {};
  const response = await fetch(path, { method, body: body && JSON.stringify(body), headers });
  if (!response.ok) alert((await response.json()).error);
}

function applyFilter(change) {
  Object.assign(state, change);
  const target = state.writeKey === null ? "all businesses" : businessName(state.writeKey);
  byId("fault-target").textContent = `for ${target}`;
  drawBusinesses();
  drawCustomers();
  drawFeed();
  return fetchOlder();
}

async function fetchOlder() {
  const query = new URLSearchParams({ newest: MAX_CARDS });
  if (state.writeKey !== null) query.set("write_key", state.writeKey);
  if (state.userId !== null) query.set("user_id", state.userId);
  if (state.verdict) query.set("verdict", state.verdict);
  const epoch = state.epoch;
  const lines = (await (await fetch(`/messages?${query}`)).text()).split("\n").filter(Boolean);
  if (epoch !== state.epoch) return;
  remember(lines.map(line => JSON.parse(line)));
  drawCustomers();
  drawFeed();
}

function remember(arrivals) {
  const fresh = arrivals.filter(one => !messages.has(one.number));
  const all = [...messages.values(), ...fresh].sort((a, b) => a.number - b.number);
  messages.clear();
  for (const one of all.slice(-MAX_MESSAGES)) messages.set(one.number, one);
  for (const one of arrivals) {
    if (one.customer) names.set(customerKey(one.writeKey, userOf(one)), one.customer);
  }
}

function forget(epoch) {
  state.epoch = epoch;
  state.newest = 0;
  messages.clear();
  names.clear();
  opened.clear();
  byId("messages").replaceChildren();
}

function receive(update) {
  if (update.epoch !== state.epoch) forget(update.epoch);
  state.businesses = update.businesses;
  const fresh = update.messages.filter(one => one.number > state.newest);
  remember(fresh);
  state.newest = fresh.at(-1)?.number ?? state.newest;
  drawBusinesses();
  drawFaults(update.faults);
  drawProblemRequests(update.troubles);
  drawCustomers();
  if (!state.paused) addToFeed(fresh);
}

function connect() {
  const source = new EventSource("/events");
  const showStatus = (text, className) => {
    byId("connection").textContent = text;
    byId("connection").className = className;
  };
  source.onopen = () => showStatus("Live", "live");
  source.onerror = () => showStatus("Disconnected from the stand-in. Reconnecting…", "lost");
  source.onmessage = event => receive(JSON.parse(event.data));
}

function listen() {
  byId("endpoint").textContent = `${location.origin}/v1/batch`;
  byId("fault-buttons").append(...FAULTS.map(([label, spec]) => {
    const button = createElement("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => addFault(spec));
    return button;
  }));
  byId("refuse").addEventListener("submit", event => {
    event.preventDefault();
    addFault({ kind: "refuse_messages", contains: byId("refuse-text").value });
  });
  byId("verdicts").addEventListener("change", event => {
    applyFilter({ verdict: event.target.value });
  });
  byId("search").addEventListener("input", event => {
    state.text = event.target.value.trim().toLowerCase();
    drawFeed();
  });
  byId("everyone").addEventListener("click", () => applyFilter({ userId: null }));
  byId("forget").addEventListener("click", () => send("DELETE", "/messages"));
  byId("pause").addEventListener("click", () => {
    state.paused = !state.paused;
    byId("pause").setAttribute("aria-pressed", String(state.paused));
    byId("pause").textContent = state.paused ? "Resume" : "Pause";
    if (!state.paused) drawFeed();
  });
}

listen();
applyFilter({});
connect();
