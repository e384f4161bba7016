/** The library: a list of runs that is searched, filtered and paged; its address tells which part is shown. */

import { ask } from "./api.js";
import { followMotion } from "./motion.js";
import { RunCard } from "./run_card.js";
import { bytesInWords } from "./words.js";

const SIZE = 24;
const TYPING_MS = 250;
const LIVE_MS = 3000;
const at = (id) => document.getElementById(id);
const form = at("search");
const cards = new Map(); // id -> RunCard
let wish = readAddress();
let latest = 0;
let typing = 0;
let live = 0;
let gone = null;

function readAddress() {
  const query = new URLSearchParams(location.search);
  const page = Math.max(1, Math.trunc(Number(query.get("page"))) || 1);
  return { search: query.get("search") ?? "", state: query.get("state") ?? "", kind: query.get("kind") ?? "", page };
}

function addressOf(path, more = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ ...wish, ...more })) if (value && !(name === "page" && value === 1)) query.set(name, value);
  return query.size ? `${path}?${query}` : path;
}

/** Ask for the part of the list that is wanted, and show it unless something else is wanted by then. */
async function load() {
  clearTimeout(live);
  const mine = ++latest;
  try {
    const list = await ask(addressOf("/api/runs", { size: SIZE }));
    if (mine !== latest) return;
    if (list.page > list.pages) return go({ page: list.pages }, "replaceState"); // or Back would lead here again
    show(list);
    say("");
    if (list.runs.some(({ state, deleted }) => !deleted && ["queued", "running"].includes(state))) live = setTimeout(load, LIVE_MS);
  } catch (error) {
    if (mine !== latest) return;
    say(error.message);
    live = setTimeout(load, 2 * LIVE_MS);
  }
}

async function loadDisk() {
  const use = await ask("/api/disk").catch(() => null);
  if (!use) return;
  const deleted = use.deleted_runs ? `, and ${bytesInWords(use.deleted_bytes)} of deleted ones for up to a week` : "";
  at("disk").textContent = use.runs || use.deleted_runs ? `${bytesInWords(use.bytes)} on disk${deleted}` : "";
}

function show(list) {
  const kept = new Set(list.runs.map(({ id }) => id));
  for (const [id, card] of cards) {
    if (!kept.has(id)) {
      card.root.remove();
      cards.delete(id);
    }
  }
  list.runs.forEach((run, i) => {
    if (!cards.has(run.id)) cards.set(run.id, new RunCard(run, { onRename, onDelete, onRestore }));
    const card = cards.get(run.id);
    card.update(run);
    if (at("cards").children[i] !== card.root) at("cards").insertBefore(card.root, at("cards").children[i] ?? null);
  });
  at("count").textContent = list.total === 1 ? "1 run" : `${list.total} runs`;
  at("paging").hidden = list.pages < 2;
  at("where").textContent = `Part ${list.page} of ${list.pages}`;
  at("earlier").disabled = list.page <= 1;
  at("later").disabled = list.page >= list.pages;
  showEmpty(list.total);
}

function showEmpty(total) {
  const [title, advice] = at("empty").querySelectorAll("h2, p");
  const sought = wish.search || wish.kind || wish.state;
  at("empty").hidden = total > 0;
  title.textContent = wish.state === "deleted" && !wish.search && !wish.kind ? "Nothing is deleted" : sought ? "No run fits" : "No runs yet";
  advice.textContent = sought ? "Look for something else, or show all states and kinds." : "Paste a link, drop a video, or try the sample.";
  at("empty").querySelector("a").hidden = Boolean(sought);
}

function go(changes, how = "page" in changes ? "pushState" : "replaceState") {
  const paged = "page" in changes;
  wish = { ...wish, page: 1, ...changes };
  history[how](null, "", addressOf("/library"));
  if (paged) scrollTo({ top: 0 });
  return load();
}

async function onRename(card, name) {
  try {
    card.update({ ...card.run, name: (await ask(`/api/runs/${card.run.id}`, "PATCH", { name })).name });
    say("");
  } catch (error) {
    say(error.message);
  }
}

async function onDelete(card) {
  try {
    await ask(`/api/runs/${card.run.id}`, "DELETE");
  } catch (error) {
    return say(error.message);
  }
  gone = card.run;
  at("undo").querySelector("p").textContent = `“${gone.name}” was deleted.`;
  at("undo").hidden = false;
  await Promise.all([load(), loadDisk()]);
  at("undo").querySelector("button").focus();
}

async function onRestore(card) {
  await restore(card.run);
}

async function restore(run) {
  try {
    await ask(`/api/runs/${run.id}/restore`, "POST");
  } catch (error) {
    return say(error.message);
  }
  if (gone?.id === run.id) {
    gone = null;
    at("undo").hidden = true;
  }
  await Promise.all([load(), loadDisk()]);
  (cards.get(run.id)?.remove ?? form.elements.search).focus();
}

function say(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

function fillForm() {
  for (const name of ["search", "state", "kind"]) form.elements[name].value = wish[name];
}

form.addEventListener("submit", (event) => event.preventDefault());
form.elements.search.addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => go({ search: form.elements.search.value.trim() }), TYPING_MS);
});
for (const name of ["state", "kind"]) form.elements[name].addEventListener("change", () => go({ [name]: form.elements[name].value }));
at("earlier").addEventListener("click", () => go({ page: wish.page - 1 }));
at("later").addEventListener("click", () => go({ page: wish.page + 1 }));
at("undo").querySelector("button").addEventListener("click", () => gone && restore(gone));
addEventListener("popstate", () => {
  wish = readAddress();
  fillForm();
  load();
});
followMotion(at("moving"));
fillForm();
load();
loadDisk();
