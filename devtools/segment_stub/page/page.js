// The live page. Whatever arrived is shown through textContent alone: nothing in a message can become markup.
"use strict";

const SHOWN = 300;      // cards in the feed; older ones are a filter or `GET /messages` away
const REMEMBERED = 2000; // messages kept for the filters; the server has the rest
const LISTED = 200;     // businesses beside the feed, those with the most messages first

const FAULTS = [
  ["Unavailable (503)", { kind: "status", status: 503 }],
  ["Too many requests (429, wait 10 s)", { kind: "status", status: 429, retry_after: 10 }],
  ["Key refused (401)", { kind: "status", status: 401 }],
  ["Bad request (400)", { kind: "status", status: 400 }],
  ["Too large (413)", { kind: "status", status: 413 }],
  ["Slow (3 s)", { kind: "delay", delay_ms: 3000 }],
  ["No answer", { kind: "hang" }],
  ["Takes it, no answer", { kind: "accept_then_timeout" }],
  ["Cut the connection", { kind: "cut" }],
  ["Redirect", { kind: "redirect", location: "/" }],
];

const at = id => document.getElementById(id);
const messages = new Map(); // number → message with its verdict, oldest first
const names = new Map();    // "key user" → customer's name
const opened = new Set();   // numbers of the messages unfolded in the feed
const state = { epoch: null, businesses: [], writeKey: null, userId: null, verdict: "", text: "", paused: false, newest: 0 };

function make(tag, className, text) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

const customerKey = (writeKey, userId) => JSON.stringify([writeKey, userId]);
const userOf = arrival => String(arrival.message.userId ?? arrival.message.anonymousId ?? "");
const clock = iso => new Date(iso).toLocaleTimeString([], { hour12: false }) + "." + iso.slice(20, 23);
const shortKey = key => (key.length > 12 ? `key ${key.slice(0, 4)}…${key.slice(-4)}` : `key ${key || "(none)"}`);
const businessName = key => state.businesses.find(one => one.writeKey === key)?.name || shortKey(key);
const customerName = (key, user) => names.get(customerKey(key, user)) || (user ? `customer ${user.slice(0, 8)}` : "nobody");

function hue(text) {
  let sum = 7;
  for (const letter of text) sum = (sum * 31 + letter.codePointAt(0)) % 9973;
  return (sum * 47) % 360;
}

function dot(writeKey) {
  const element = make("span", writeKey === null ? "dot every" : "dot");
  if (writeKey !== null) element.style.setProperty("--hue", hue(writeKey));
  return element;
}

function clockOf(iso) {
  const element = make("time", "", clock(iso));
  element.dateTime = element.title = iso;
  return element;
}



function isWanted(arrival) {
  return (state.writeKey === null || arrival.writeKey === state.writeKey)
    && (state.userId === null || userOf(arrival) === state.userId)
    && (!state.verdict || arrival.verdict === state.verdict)
    && (!state.text || (arrival.searched ??= (JSON.stringify(arrival) + customerName(arrival.writeKey, userOf(arrival))).toLowerCase()).includes(state.text));
}

function card(arrival) {
  const item = make("li", `is-${arrival.verdict}${arrival.message.type === "identify" ? " is-identify" : ""}`);
  const details = make("details");
  const summary = make("summary");
  summary.append(clockOf(arrival.receivedAt), make("span", "event told", title(arrival.message)), who(arrival), business(arrival));
  if (arrival.reason) summary.append(make("span", "reason told", `Dropped: ${arrival.reason}`));
  details.append(summary);
  details.open = opened.has(arrival.number);
  details.addEventListener("toggle", () => {
    opened[details.open ? "add" : "delete"](arrival.number);
    if (details.childElementCount === 1) details.append(facts(arrival), pretty(arrival.message));
  });
  item.append(details);
  return item;
}

const title = message => (message.type === "track" ? String(message.event ?? "track without a name") : String(message.type ?? "message without a type"));

function who(arrival) {
  const line = make("span", "who");
  const user = userOf(arrival);
  const button = make("button", "told", customerName(arrival.writeKey, user));
  button.type = "button";
  button.title = user;
  button.addEventListener("click", event => { event.preventDefault(); choose({ writeKey: arrival.writeKey, userId: user }); });
  line.append(button);
  return line;
}

function business(arrival) {
  const line = make("span", "business");
  const name = make("span", "name told", businessName(arrival.writeKey));
  name.title = arrival.writeKey;
  line.append(dot(arrival.writeKey), name);
  return line;
}

function facts(arrival) {
  const line = make("p", "facts");
  for (const text of [
    `Request ${arrival.request}`,
    `${arrival.bytes.toLocaleString()} bytes`,
    `Received ${arrival.receivedAt}`,
    `Happened ${arrival.timestamp}, as Segment computes it`,
    `Write key ${arrival.writeKey}`,
  ]) line.append(make("span", "told", text));
  return line;
}

function pretty(message) {
  const block = make("pre", "told");
  for (const [piece, name, string, value] of JSON.stringify(message, null, 2)
    .matchAll(/("(?:[^"\\]|\\.)*")(?=:)|("(?:[^"\\]|\\.)*")|(-?\d[\d.eE+-]*|true|false|null)|[^"\d\-tfn]+|./gs)) {
    const className = name ? "n" : string ? "s" : value ? "v" : "";
    block.append(className ? make("span", className, piece) : piece);
  }
  return block;
}

function drawFeed() {
  const wanted = [...messages.values()].reverse().filter(isWanted).slice(0, SHOWN);
  at("messages").replaceChildren(...wanted.map(card));
  drawAroundFeed();
}

function drawAroundFeed() {
  const shown = at("messages").childElementCount;
  at("empty").hidden = shown > 0 || state.newest > 0;
  at("no-match").hidden = shown > 0 || state.newest === 0;
  at("only").hidden = state.userId === null;
  if (state.userId !== null) at("only-name").textContent = customerName(state.writeKey, state.userId);
}

function addToFeed(fresh) {
  const cards = fresh.filter(isWanted).map(card);
  for (const item of cards) item.classList.add("is-new");
  at("messages").prepend(...cards.reverse());
  while (at("messages").childElementCount > SHOWN) at("messages").lastElementChild.remove();
  drawAroundFeed();
}



function drawBusinesses() {
  const total = field => state.businesses.reduce((sum, one) => sum + one[field], 0);
  at("accepted").textContent = total("accepted").toLocaleString();
  at("dropped").textContent = total("dropped").toLocaleString();
  const every = { writeKey: null, name: "Every business", accepted: total("accepted"), dropped: total("dropped") };
  const size = one => (one.writeKey === state.writeKey ? Infinity : one.accepted + one.dropped);
  const listed = state.businesses.length > LISTED ? state.businesses.toSorted((a, b) => size(b) - size(a)).slice(0, LISTED) : state.businesses;
  keepFocus(at("businesses"), [every, ...listed].map(businessButton));
}

function businessButton(one) {
  const button = make("button");
  button.type = "button";
  button.dataset.key = JSON.stringify(one.writeKey);
  button.setAttribute("aria-pressed", String(state.writeKey === one.writeKey));
  const counts = make("span", "counts", one.accepted.toLocaleString());
  counts.title = `${one.accepted} accepted, ${one.dropped} dropped`;
  if (one.dropped) counts.append(" ", make("b", "", `−${one.dropped.toLocaleString()}`));
  const name = make("span", "name told", one.name || shortKey(one.writeKey));
  if (one.writeKey !== null) name.title = one.writeKey;
  button.append(dot(one.writeKey), name, counts);
  button.addEventListener("click", () => choose({ writeKey: one.writeKey, userId: null }));
  return inItem(button);
}

function drawCustomers() {
  const lately = new Map();
  for (const arrival of [...messages.values()].reverse()) {
    const user = userOf(arrival);
    if (arrival.writeKey === state.writeKey && user) lately.set(user, (lately.get(user) ?? 0) + 1);
  }
  at("customer-list").hidden = state.writeKey === null || lately.size === 0;
  keepFocus(at("customers"), [...lately].slice(0, 30).map(customerButton));
}

function customerButton([user, count]) {
  const button = make("button");
  button.type = "button";
  button.dataset.key = user;
  button.title = user;
  button.setAttribute("aria-pressed", String(state.userId === user));
  button.append(make("span"), make("span", "name told", customerName(state.writeKey, user)), make("span", "counts", String(count)));
  button.addEventListener("click", () => choose({ userId: state.userId === user ? null : user }));
  return inItem(button);
}

function inItem(element) {
  const item = make("li");
  item.append(element);
  return item;
}

function keepFocus(list, items) {
  const focused = list.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  list.replaceChildren(...items);
  if (focused !== undefined) [...list.querySelectorAll("button")].find(button => button.dataset.key === focused)?.focus();
}



function saysFault(fault) {
  const what = {
    status: () => `Answers ${fault.status}${fault.retry_after ? `, Retry-After ${fault.retry_after}` : ""}`,
    delay: () => `Answers after ${fault.delay_ms.toLocaleString()} ms`,
    hang: () => "Does not answer",
    cut: () => "Cuts the connection",
    accept_then_timeout: () => "Takes messages, does not answer",
    redirect: () => `Redirects (${fault.status}) to ${fault.location}`,
    refuse_messages: () => `Refuses requests that hold “${fault.contains}”`,
  }[fault.kind]();
  const times = fault.times === null ? "until cleared" : `${fault.times} more ${fault.times === 1 ? "time" : "times"}`;
  return `${what}, ${times}; met ${fault.applied} so far`;
}

function drawFaults(faults) {
  const keys = [...new Set(faults.map(fault => fault.write_key))];
  keepFocus(at("active-faults"), keys.map(key => faultsOf(key, faults.filter(fault => fault.write_key === key))));
}

function faultsOf(key, faults) {
  const lines = make("div");
  lines.append(make("p", "told", key === "*" ? "Every business" : businessName(key)), ...faults.map(fault => make("div", "told", saysFault(fault))));
  const button = make("button", "", "Clear");
  button.type = "button";
  button.dataset.key = key;
  button.addEventListener("click", () => ask("DELETE", `/faults?write_key=${encodeURIComponent(key)}`));
  const item = inItem(lines);
  item.append(button);
  return item;
}

function drawTroubles(troubles) {
  at("trouble-list").hidden = troubles.length === 0;
  at("trouble-count").textContent = `(${troubles.length === 30 ? "the newest 30" : troubles.length})`;
  at("troubles").replaceChildren(...troubles.reverse().map(one => {
    const item = make("li");
    const answer = one.status === null ? "not answered" : `answered ${one.status}`;
    const why = one.fault ? `fault: ${one.fault.replaceAll("_", " ")}` : one.reason || "the client gave up";
    const count = `${one.messages} ${one.messages === 1 ? "message" : "messages"}`;
    const taken = one.messages ? `, ${count} ${one.withheld ? "not taken" : "taken"}` : "";
    item.append(clockOf(one.receivedAt), make("span", "told", `Request ${one.number}, ${businessName(one.writeKey)}: ${answer} (${why})${taken}`));
    return item;
  }));
}

function play(spec) {
  const times = at("times").value ? Number(at("times").value) : null;
  return ask("POST", "/faults", { write_key: state.writeKey ?? "*", times, ...spec });
}

async function ask(method, path, body) {
  const response = await fetch(path, { method, body: body && JSON.stringify(body), headers: body ? { "Content-Type": "application/json" } : {} });
  if (!response.ok) alert((await response.json()).error);
}



function choose(change) {
  Object.assign(state, change);
  at("fault-target").textContent = state.writeKey === null ? "on every business" : `on ${businessName(state.writeKey)}`;
  drawBusinesses();
  drawCustomers();
  drawFeed();
  return fetchOlder();
}

async function fetchOlder() {
  const query = new URLSearchParams({ newest: SHOWN });
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
  const all = [...messages.values(), ...arrivals.filter(one => !messages.has(one.number))].sort((a, b) => a.number - b.number);
  messages.clear();
  for (const one of all.slice(-REMEMBERED)) messages.set(one.number, one);
  for (const one of arrivals) if (one.customer) names.set(customerKey(one.writeKey, userOf(one)), one.customer);
}

function forget(epoch) {
  state.epoch = epoch;
  state.newest = 0;
  messages.clear();
  names.clear();
  opened.clear();
  at("messages").replaceChildren();
}

function receive(update) {
  if (update.epoch !== state.epoch) forget(update.epoch);
  state.businesses = update.businesses;
  const fresh = update.messages.filter(one => one.number > state.newest);
  remember(fresh);
  state.newest = fresh.at(-1)?.number ?? state.newest;
  drawBusinesses();
  drawFaults(update.faults);
  drawTroubles(update.troubles);
  drawCustomers();
  if (!state.paused) addToFeed(fresh);
}

function connect() {
  const source = new EventSource("/events");
  const says = (text, className) => { at("connection").textContent = text; at("connection").className = className; };
  source.onopen = () => says("Live", "live");
  source.onerror = () => says("Lost the stand-in, trying again…", "lost");
  source.onmessage = event => receive(JSON.parse(event.data));
}

function listen() {
  at("endpoint").textContent = `${location.origin}/v1/batch`;
  at("fault-buttons").append(...FAULTS.map(([label, spec]) => {
    const button = make("button", "", label);
    button.type = "button";
    button.addEventListener("click", () => play(spec));
    return button;
  }));
  at("refuse").addEventListener("submit", event => { event.preventDefault(); play({ kind: "refuse_messages", contains: at("refuse-text").value }); });
  at("verdicts").addEventListener("change", event => choose({ verdict: event.target.value }));
  at("search").addEventListener("input", event => { state.text = event.target.value.trim().toLowerCase(); drawFeed(); });
  at("everyone").addEventListener("click", () => choose({ userId: null }));
  at("forget").addEventListener("click", () => ask("DELETE", "/messages"));
  at("pause").addEventListener("click", () => {
    state.paused = !state.paused;
    at("pause").setAttribute("aria-pressed", String(state.paused));
    at("pause").textContent = state.paused ? "Go on" : "Pause";
    if (!state.paused) drawFeed();
  });
}

listen();
choose({});
connect();
