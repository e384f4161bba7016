/** The challenge: a matrix of policies and motions as a heat map whose cells open in the viewer. */

import { element } from "../viewer/dom.js";
import { ask } from "./api.js";
import { showChoice } from "./challenge_choice.js";

const LIVE_MS = 2000;
const SHIPPED = "deepmimic";
const OWN = "own";
const TITLES = { [SHIPPED]: "What ships", [OWN]: "Your own choice" };
// One hue from light to dark, as in the picture of the command line; readable by the colour-blind.
const SCALE = [[247, 241, 229], [118, 178, 178], [14, 77, 92]];
const at = (id) => document.getElementById(id);
const query = new URLSearchParams(location.search);
let name = query.get("of") ?? SHIPPED;
let opened = query.get("cell") ?? "";
let matrix = null;
let drawn = "";
let latest = 0;
let live = 0;

/** Ask, and show the answer unless something else was asked by then; whether it was shown. */
async function load(url = `/api/challenges/${encodeURIComponent(name)}`, method = "GET", body = undefined) {
  clearTimeout(live);
  const mine = ++latest;
  try {
    const told = await ask(url, method, body);
    if (mine !== latest) return false;
    matrix = told;
    say(matrix.trouble);
    show();
    if (matrix.state === "running") live = setTimeout(() => load(), LIVE_MS);
    return true;
  } catch (error) {
    if (mine !== latest) return false;
    say(error.message);
    if (method === "GET" || matrix?.state === "running") live = setTimeout(() => load(), 2 * LIVE_MS);
    return false;
  }
}

function show() {
  at("nothing").hidden = matrix.state !== "none" || name !== SHIPPED;
  at("matrix").hidden = at("legend").hidden = at("figure").hidden = !matrix.of;
  at("start").hidden = matrix.state !== "stopped" || !(name in TITLES);
  at("start").textContent = "Go on";
  at("stop").hidden = matrix.state !== "running";
  at("state").textContent = stateInWords();
  const names = [...new Set([SHIPPED, ...matrix.names, name])];
  at("which").hidden = names.length < 2;
  at("name").replaceChildren(...names.map((each) => element("option", { value: each, selected: each === name }, TITLES[each] ?? each)));
  const key = JSON.stringify([matrix.cells, figure(), name]);
  if (key === drawn) return;
  drawn = key;
  drawTable();
  drawLegend();
  openCell();
}

const figure = () => document.querySelector("[name=figure]:checked").value;

function stateInWords() {
  if (matrix.state === "running") return matrix.of ? `Running: ${matrix.done} of ${matrix.of} cells` : "Starting";
  if (matrix.state === "stopped") return `${matrix.done} of ${matrix.of} cells are known`;
  return matrix.of ? `${matrix.policies.length} policies, ${matrix.motions.length} motions` : "";
}

function drawTable() {
  const focused = document.activeElement?.dataset?.cell;
  const heads = matrix.motions.map((motion) => element("th", { scope: "col" }, ...broken(motion)));
  const rows = matrix.policies.map((policy, row) =>
    element("tr", {}, element("th", { scope: "row" }, ...broken(policy)), ...matrix.motions.map((motion, column) => cellOf(row, column))),
  );
  const corner = element("td", {}, element("span", { className: "aside" }, "Policy"));
  at("matrix").firstElementChild.replaceChildren(
    element("caption", { className: "aside" }, "Policies down, motions across; a cell opens in the viewer"),
    element("thead", {}, element("tr", {}, corner, ...heads)),
    element("tbody", {}, ...rows),
  );
  if (focused) document.querySelector(`[data-cell="${focused}"]`)?.focus();
}

/** A name that may be broken after its underscores. */
const broken = (text) => text.split("_").flatMap((part, i, all) => (i < all.length - 1 ? [`${part}_`, element("wbr")] : [part]));

function cellOf(row, column) {
  const cell = matrix.cells[row][column];
  const place = `${row}:${column}`;
  const who = `${matrix.policies[row]} on ${matrix.motions[column]}`;
  if (!cell) return element("td", { className: "unknown" }, element("span", { "aria-label": `${who}: not known yet` }, "·"));
  if (!cell.shown) return element("td", { className: "unknown", title: cell.problem }, element("span", { "aria-label": `${who}: ${cell.problem || "no rollout"}` }, "none"));
  const value = figure() === "fall" ? cell.share : cell.mean_return;
  const link = element("a", { href: viewerUrl(place), dataset: { cell: place }, title: `${who}: ${factsOf(cell)}` }, wordsOf(cell));
  link.setAttribute("aria-label", `${who}${cell.own ? ", its own motion" : ""}: ${factsOf(cell)}`);
  link.style.background = colourOf(value);
  link.style.color = value > 0.72 ? "#ffffff" : "#1d1c22";
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    opened = place;
    keepAddress();
    openCell(true);
  });
  return element("td", { className: cell.own ? "own" : "" }, link);
}

function wordsOf(cell) {
  if (figure() === "return") return cell.mean_return.toFixed(2);
  return cell.up === cell.starts ? "up" : cell.time_to_fall_s.toFixed(1);
}

function factsOf(cell) {
  const tries = cell.starts > 1 ? `${cell.up} of ${cell.starts} starts stay up` : cell.up ? "stays up" : "falls";
  const fall = cell.up === cell.starts ? `to the end (${cell.seconds.toFixed(1)} s)` : `, after ${cell.time_to_fall_s.toFixed(1)} of ${cell.seconds.toFixed(1)} s${cell.starts > 1 ? " on average" : ""}`;
  return `${tries}${fall.startsWith(",") ? fall : ` ${fall}`}; return ${cell.mean_return.toFixed(2)}`;
}

function colourOf(share) {
  const place = Math.min(Math.max(share, 0), 1) * 2;
  const [low, high] = place < 1 ? [SCALE[0], SCALE[1]] : [SCALE[1], SCALE[2]];
  const part = place < 1 ? place : place - 1;
  return `rgb(${low.map((from, i) => Math.round(from + part * (high[i] - from))).join(" ")})`;
}

function drawLegend() {
  const starts = matrix.starts > 1 ? `mean of ${matrix.starts} starts where the motion loops` : "from the beginning";
  const span = `${matrix.seconds} s each, or to the end of a motion that does not loop; ${starts}. Framed: the policy's own motion.`;
  const meaning = figure() === "fall" ? "Seconds until the fall; darker is a larger share of the time. “up”: no start falls." : "Mean reward with zeros after the fall; darker is more.";
  at("legend").querySelector("p").textContent = `${meaning} ${span}`;
}

function viewerUrl(place, embedded = false) {
  const more = embedded ? `&embedded=1&theme=${matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light"}` : "";
  return `/viewer/index.html?run=challenge:${encodeURIComponent(name)}:${place}&panes=reference,policy${more}`;
}

/** Show the chosen cell's rollout below the matrix. */
function openCell(scroll = false) {
  const [row, column] = opened.split(":").map(Number);
  const cell = matrix.cells[row]?.[column];
  at("cell").hidden = !cell?.shown;
  document.querySelectorAll("[data-cell]").forEach((each) => each.toggleAttribute("aria-current", each.dataset.cell === opened));
  if (!cell?.shown) return;
  at("cell-name").textContent = `${matrix.policies[row]} on ${matrix.motions[column]}`;
  at("cell-facts").textContent = factsOf(cell);
  at("cell-alone").href = viewerUrl(opened);
  const frame = at("cell").querySelector("iframe");
  if (frame.dataset.of !== `${name} ${opened}`) {
    frame.dataset.of = `${name} ${opened}`;
    frame.contentWindow.location.replace(viewerUrl(opened, true)); // no step of its own on the way back
  }
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  if (scroll) at("cell").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "start" });
}

function keepAddress() {
  const now = new URLSearchParams();
  if (name !== SHIPPED) now.set("of", name);
  if (opened) now.set("cell", opened);
  history.replaceState(null, "", now.size ? `/challenge?${now.toString().replaceAll("%3A", ":")}` : "/challenge");
}

function say(text) {
  at("trouble").textContent = text;
  at("trouble").hidden = !text;
}

async function openChoice(open = true) {
  at("choice").hidden = !open;
  at("choose").setAttribute("aria-expanded", String(open));
  if (!open) return at("choose").focus();
  try {
    await showChoice(at("choice"), startOwn, () => openChoice(false));
    at("choice").querySelector("input")?.focus();
  } catch (error) {
    say(error.message);
  }
}

async function startOwn(choice) {
  if (!(await load(`/api/challenges/${OWN}/start`, "POST", choice))) return;
  name = OWN;
  opened = "";
  at("cell").querySelector("iframe").dataset.of = ""; // the same place, but of another choice
  openChoice(false);
  keepAddress();
  show();
}

for (const id of ["start", "begin"]) at(id).addEventListener("click", () => load(`/api/challenges/${name}/start`, "POST"));
at("stop").addEventListener("click", () => load(`/api/challenges/${name}/stop`, "POST"));
at("choose").addEventListener("click", () => openChoice(at("choice").hidden));
at("figure").addEventListener("change", show);
at("name").addEventListener("change", () => {
  name = at("name").value;
  opened = "";
  keepAddress();
  load();
});
load().then(() => name === OWN && matrix?.state === "none" && openChoice());
