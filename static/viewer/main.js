/** The viewer page: reads a run, keeps one clock, and lets every part of the page show the same frame. */

import { addressOf, copyText, readAddress } from "./address.js";
import { physicsOf, titleOf } from "./casting.js";
import { Clock } from "./clock.js";
import { element } from "./dom.js";
import { fitFrame } from "./embedding.js";
import { exposeHandle } from "./handle.js";
import { listenToKeys } from "./keyboard.js";
import { showLinks } from "./links.js";
import { showCurves } from "./loss_curves.js";
import { showMetrics } from "./metrics_table.js";
import { Panes } from "./panes.js";
import { PeopleStrip } from "./people_strip.js";
import { fallsOf } from "./physics_facts.js";
import { noticeOf, showProgress, stateWords } from "./progress_list.js";
import { artifactUrl, isFinished, runUrl, watchRun } from "./run_feed.js";
import { applyTheme } from "./theme.js";
import { Timeline } from "./timeline.js";
import { Toolbar } from "./toolbar.js";

const ADDRESS_DELAY_MS = 400;
const at = (id) => document.getElementById(id);

const asked = readAddress();
const view = { ...asked, ghost: asked.ghost || "motion", ghostOn: Boolean(asked.ghost) };
const clock = new Clock();
document.body.classList.toggle("embedded", asked.embedded); // the style leaves out what the page around says already
if (asked.embedded) fitFrame();
let run = null;
let dirty = true;
let drawn = [];
let addressTimer = 0;

const invalidate = () => (dirty = true);
const urlOf = (url) => artifactUrl(view.run, url);
const personNow = () => run?.people?.find(({ index }) => index === view.person) ?? run?.people?.[0] ?? null;

const panes = new Panes(at("panes"), view.panes, clock, {
  onChange: invalidate,
  onWanted: (pane, name) => {
    pane.wanted = name;
    change({ panes: panes.names });
  },
});
const timeline = new Timeline(at("timeline"), clock);
const toolbar = new Toolbar(at("tools"), view, {
  onPerson: choosePerson,
  onView: (name) => panes.hold(name),
  onChange: change,
  onCopy: () => copyText(addressOf(view, clock.time, { shared: true })),
});

const people = new PeopleStrip(at("people"), {
  onPerson: choosePerson,
  frame: () => clock.frame,
  film: () => panes.source?.viewport ?? null,
});

function change(changes) {
  const reframe = "follow" in changes && changes.follow !== view.follow;
  Object.assign(view, changes);
  refresh();
  if (reframe) panes.hold();
  keepAddress();
}

function choosePerson(index) {
  panes.forgetPath();
  change({ person: index });
}

/** Keep the address up to date, so that a reload comes back to this view. */
function keepAddress() {
  clearTimeout(addressTimer);
  addressTimer = setTimeout(() => history.replaceState(null, "", addressOf(view, clock.time)), ADDRESS_DELAY_MS);
}

/** The run as the server has it now: only the parts that differ are built anew. */
function onRun(answer) {
  const first = run === null;
  run = answer;
  at("show").hidden = false;
  at("run-name").textContent = run.name || "Understudy";
  document.title = run.name ? `${run.name} · Understudy` : "Understudy";
  at("run-state").textContent = stateWords(run);
  at("run-state").dataset.state = run.state;
  if (!asked.embedded) say(noticeOf(run), run.state === "failed" ? "error" : "");
  showProgress(at("progress"), run);
  if (run.clip) {
    clock.setLength(run.clip.frames, run.clip.fps);
    if (asked.t) clock.seekTime(asked.t);
    asked.t = 0;
  }
  if (first && !asked.panesChosen) {
    panes.recast("assisted", physicsOf(run));
    view.panes = panes.names;
  }
  refresh();
  if (first) invalidate();
}

function refresh() {
  if (!run) return;
  const person = personNow();
  const motions = person?.motions ?? [];
  if (person) view.person = person.index;
  toolbar.update(view, run.people ?? [], motions);
  panes.update({ ...view, run, person, motions, urlOf, ghost: view.ghostOn ? view.ghost : "" });
  timeline.mark(fallsOf(motions, panes.names, titleOf));
  people.update(run, view, urlOf);
  showNotes(at("notes"), run.notices);
  showMetrics(at("metrics"), run.metrics, view.person, motions);
  showCurves(at("curves"), run.artifacts, view.person, urlOf);
  showLinks(at("links"), run.artifacts, urlOf, isFinished(run) ? `${runUrl(view.run).href}/bundle.zip` : "");
}

/** What the stages wanted to be known although they went on. */
function showNotes(container, notices = []) {
  container.hidden = !notices.length;
  container.replaceChildren(...notices.map((text) => element("li", {}, text)));
}

function onTrouble(trouble) {
  if (!trouble) say(run && !asked.embedded ? noticeOf(run) : "");
  else if (trouble.kind === "missing") sayInstead(trouble.message, "It may have been cleaned away, or the link is not whole. Start a new run from there:");
  else say(trouble.message);
}

function say(text, kind = "") {
  const notice = at("notice");
  if (notice.textContent !== text) notice.textContent = text;
  notice.dataset.kind = kind;
  notice.hidden = !text;
}

/** Nothing can be shown: say why and what to do, and nothing else. */
function sayInstead(text, advice) {
  at("show").hidden = true;
  at("tools").hidden = true;
  at("run-state").textContent = "";
  say(`${text} ${advice} `, "error");
  at("notice").append(element("a", { href: "../", target: "_top" }, "First page"));
}

function tick(now) {
  clock.tick(now, panes.source?.leadingFrame ?? null);
  panes.rig.tick();
  if (dirty) {
    dirty = false;
    panes.render();
    drawn.splice(0).forEach((resolve) => resolve());
  }
  requestAnimationFrame(tick);
}

clock.addEventListener("frame", invalidate);
clock.addEventListener("seek", () => {
  invalidate();
  if (!clock.playing && run) keepAddress();
});
document.addEventListener("viewer-trouble", ({ detail }) => say(detail));
applyTheme(asked.theme, () => {
  panes.paint();
  timeline.drawTicks();
});
listenToKeys({ clock, toggle: (name) => change({ [name]: !view[name] }), hold: () => panes.hold() }, at("keys"));
exposeHandle({
  clock,
  panes,
  isReady: () => run !== null && !panes.loading && !dirty && (panes.source?.settled ?? true),
  nextDraw: () => {
    invalidate();
    return new Promise((resolve) => drawn.push(resolve));
  },
});
if (view.run) watchRun(view.run, onRun, onTrouble);
else sayInstead("No run is named in the address.", "Choose one, or start one:");
requestAnimationFrame(tick);
