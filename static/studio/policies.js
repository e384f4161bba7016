/** The policies of all runs: searched, renamed, deleted and brought back, compared; the address tells what is shown. */

import { ask } from "./api.js";
import { showCompared } from "./compared_trainings.js";
import { followMotion } from "./motion.js";
import { PolicyCard } from "./policy_card.js";

const TYPING_MS = 250;
const LIVE_MS = 4000;
const at = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
const wish = { search: query.get("search") ?? "", state: query.get("state") ?? "" };
const picked = new Set((query.get("compare") ?? "").split(",").filter(Boolean));
const cards = new Map(); // id -> PolicyCard
let latest = 0;
let typing = 0;
let live = 0;
let gone = null;

const addressOf = ({ run, id }) => `/api/runs/${run}/trainings/${id}`;

async function load() {
  clearTimeout(live);
  const mine = ++latest;
  try {
    const list = await ask(`/api/policies?${new URLSearchParams(wish)}`);
    if (mine !== latest) return;
    show(list);
    say("");
    if (list.policies.some(({ state }) => ["queued", "running"].includes(state))) live = setTimeout(load, LIVE_MS);
  } catch (error) {
    if (mine !== latest) return;
    say(error.message);
    live = setTimeout(load, 2 * LIVE_MS);
  }
}

function show({ policies, total }) {
  for (const [id, card] of cards) {
    if (policies.some((each) => each.id === id)) continue;
    card.root.remove();
    cards.delete(id);
  }
  policies.forEach((policy, i) => {
    if (!cards.has(policy.id)) cards.set(policy.id, new PolicyCard(policy, { onRename, onDelete, onRestore, onPick }));
    const card = cards.get(policy.id);
    card.update(policy);
    card.pick.checked = picked.has(policy.id);
    if (at("cards").children[i] !== card.root) at("cards").insertBefore(card.root, at("cards").children[i] ?? null);
  });
  at("count").textContent = total === 1 ? "1 policy" : `${total} policies`;
  at("empty").hidden = total > 0;
  at("empty").querySelector("h2").textContent = wish.search || wish.state ? "No policy fits" : "No policies yet";
  compare();
}

function compare() {
  const chosen = [...cards.values()].map(({ policy }) => policy).filter(({ id, samples }) => picked.has(id) && samples !== null);
  showCompared(at("compared"), chosen).catch((error) => say(error.message));
}

function onPick({ policy }, ticked) {
  picked[ticked ? "add" : "delete"](policy.id);
  keepAddress();
  compare();
}

async function onRename(card, name) {
  try {
    card.update({ ...card.policy, name: (await ask(addressOf(card.policy), "PATCH", { name })).name });
    say("");
  } catch (error) {
    say(error.message);
  }
}

async function onDelete({ policy }) {
  try {
    await ask(addressOf(policy), "DELETE");
  } catch (error) {
    return say(error.message);
  }
  gone = policy;
  at("undo").querySelector("p").textContent = `“${policy.name}” was deleted.`;
  at("undo").hidden = false;
  await load();
  at("undo").querySelector("button").focus();
}

async function onRestore({ policy }) {
  try {
    await ask(`${addressOf(policy)}/restore`, "POST");
  } catch (error) {
    return say(error.message);
  }
  if (gone?.id === policy.id) at("undo").hidden = true;
  await load();
}

function keepAddress() {
  const now = new URLSearchParams(Object.entries({ ...wish, compare: [...picked].join(",") }).filter(([, value]) => value));
  history.replaceState(null, "", now.size ? `/policies?${now.toString().replaceAll("%2C", ",")}` : "/policies");
}

function say(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function change() {
  Object.assign(wish, { search: at("search").search.value.trim(), state: at("search").state.value });
  keepAddress();
  load();
}

followMotion(at("moving"));
at("search").search.value = wish.search;
at("search").state.value = wish.state;
at("search").addEventListener("submit", (event) => event.preventDefault());
at("search").search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(change, TYPING_MS);
});
at("search").state.addEventListener("change", change);
at("undo").querySelector("button").addEventListener("click", () => gone && onRestore({ policy: gone }));
load();
