/** The policies of all runs: searched, renamed, deleted and brought back, compared; the address tells what is shown. */

import { ask } from "./api.js";
import { showCompared } from "./compared_trainings.js";
import { followMotion } from "./motion.js";
import { PolicyCard } from "./policy_card.js";

const SIZE = 24;
const TYPING_MS = 250;
const LIVE_MS = 4000;
const at = (id) => document.getElementById(id);
let wish = readAddress();
const picked = new Set((new URLSearchParams(location.search).get("compare") ?? "").split(",").filter(Boolean));
const known = new Map(); // id -> policy: those that are ticked in another part of the list are compared, too
const cards = new Map(); // id -> PolicyCard
let latest = 0;
let typing = 0;
let live = 0;
let gone = null;

function readAddress() {
  const query = new URLSearchParams(location.search);
  const page = Math.max(1, Math.trunc(Number(query.get("page"))) || 1);
  return { search: query.get("search") ?? "", state: query.get("state") ?? "", page };
}

const addressOf = ({ run, id }) => `/api/runs/${run}/trainings/${id}`;

async function load() {
  clearTimeout(live);
  const mine = ++latest;
  try {
    const list = await ask(`/api/policies?${new URLSearchParams({ ...wish, size: SIZE })}`);
    if (mine !== latest) return;
    if (list.page > list.pages) return go({ page: list.pages }, "replaceState"); // or Back would lead here again
    show(list);
    say("");
    await findPicked();
    if (mine !== latest) return;
    if (list.policies.some(({ state }) => ["queued", "running"].includes(state))) live = setTimeout(load, LIVE_MS);
  } catch (error) {
    if (mine !== latest) return;
    say(error.message);
    live = setTimeout(load, 2 * LIVE_MS);
  }
}

/** Look for those that the address compares and no part of the list has shown yet. */
async function findPicked() {
  const missing = [...picked].filter((id) => !known.has(id));
  for (let first = 0; first < missing.length; first += SIZE) {
    const ids = missing.slice(first, first + SIZE).join();
    for (const policy of (await ask(`/api/policies?${new URLSearchParams({ ids })}`)).policies) known.set(policy.id, policy);
  }
  if (missing.length) compare();
}

function show({ policies, total, page, pages }) {
  for (const [id, card] of cards) {
    if (policies.some((each) => each.id === id)) continue;
    card.root.remove();
    cards.delete(id);
  }
  policies.forEach((policy, i) => {
    if (!cards.has(policy.id)) cards.set(policy.id, new PolicyCard(policy, { onRename, onDelete, onRestore, onPick }));
    const card = cards.get(policy.id);
    card.update(policy);
    known.set(policy.id, policy);
    card.pick.checked = picked.has(policy.id);
    if (at("cards").children[i] !== card.root) at("cards").insertBefore(card.root, at("cards").children[i] ?? null);
  });
  at("count").textContent = total === 1 ? "1 policy" : `${total} policies`;
  at("paging").hidden = pages < 2;
  at("where").textContent = `Part ${page} of ${pages}`;
  at("earlier").disabled = page <= 1;
  at("later").disabled = page >= pages;
  at("empty").hidden = total > 0;
  at("empty").querySelector("h2").textContent = wish.search || wish.state ? "No policy fits" : "No policies yet";
  compare();
}

function compare() {
  const chosen = [...known.values()].filter(({ id, samples }) => picked.has(id) && samples !== null);
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
  known.delete(policy.id);
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

function keepAddress(how = "replaceState") {
  const told = { ...wish, page: wish.page > 1 ? wish.page : "", compare: [...picked].join(",") };
  const now = new URLSearchParams(Object.entries(told).filter(([, value]) => value));
  history[how](null, "", now.size ? `/policies?${now.toString().replaceAll("%2C", ",")}` : "/policies");
}

function say(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function go(changes, how = "page" in changes ? "pushState" : "replaceState") {
  const paged = "page" in changes;
  wish = { ...wish, page: 1, ...changes };
  keepAddress(how);
  if (paged) scrollTo({ top: 0 });
  return load();
}

function fillForm() {
  for (const name of ["search", "state"]) at("search").elements[name].value = wish[name];
}

followMotion(at("moving"));
fillForm();
at("search").addEventListener("submit", (event) => event.preventDefault());
at("search").search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => go({ search: at("search").search.value.trim() }), TYPING_MS);
});
at("search").state.addEventListener("change", () => go({ state: at("search").state.value }));
at("earlier").addEventListener("click", () => go({ page: wish.page - 1 }));
at("later").addEventListener("click", () => go({ page: wish.page + 1 }));
addEventListener("popstate", () => {
  wish = readAddress();
  fillForm();
  load();
});
at("undo").querySelector("button").addEventListener("click", () => gone && onRestore({ policy: gone }));
load();
