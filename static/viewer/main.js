/** The viewer page: reads a run, keeps one clock, and lets every part of the page show the same frame. */

import { addressOf, copyText, readAddress } from "./address.js";
import { ANOTHER_RUN, physicsOf, titleOf } from "./casting.js";
import { Clock } from "./clock.js";
import { DrawingLoop } from "./drawing_loop.js";
import { fitFrame } from "./embedding.js";
import { exposeHandle } from "./handle.js";
import { listenToKeys } from "./keyboard.js";
import { showLinks } from "./links.js";
import { showCurves } from "./loss_curves.js";
import { showMetrics } from "./metrics_table.js";
import { say, sayInstead, showNotes } from "./notices.js";
import { Panes } from "./panes.js";
import { PeopleStrip } from "./people_strip.js";
import { fallsOf } from "./physics_facts.js";
import { noticeOf, showProgress, stateWords } from "./progress_list.js";
import { isFinished, runUrl, watchRun } from "./run_feed.js";
import { RunPicker } from "./run_picker.js";
import { Scenes } from "./scenes.js";
import { seriesLoading } from "./series.js";
import { TakeAs } from "./take_as.js";
import { applyTheme } from "./theme.js";
import { TimeCurves } from "./time_curves.js";
import { Timeline } from "./timeline.js";
import { Toolbar } from "./toolbar.js";
import { TrainingPanel } from "./training/panel.js";
import { usualReference, viewOf, withCount, withPane } from "./view.js";
import { toggleWholeScreen } from "./whole_screen.js";

const ADDRESS_DELAY_MS = 400;
const at = (id) => document.getElementById(id);

const asked = readAddress();
const view = viewOf(asked);
const clock = new Clock();
const drawing = new DrawingLoop(clock);
document.body.classList.toggle("embedded", asked.embedded); // the style leaves out what the page around says already
if (asked.embedded) fitFrame();
let addressTimer = 0;
let earlierPanes = []; // what was shown before there were fewer panes

const picker = new RunPicker();
const policies = new TrainingPanel(at("policies"), { onChange: () => refresh(), onShow: showPolicy });
const scenes = new Scenes(view, { onChange: () => refresh(), withPolicies: (person) => policies.withPolicies(person) });
const panes = new Panes(at("panes"), clock, {
  onChange: () => drawing.invalidate(),
  onWanted: choosePane,
  onCut: (cut) => {
    view.cut = cut;
    drawing.invalidate();
    keepAddress();
  },
  onSeries: () => refresh(),
});
panes.show(view.panes);
const timeline = new Timeline(at("timeline"), clock);
const curves = new TimeCurves(at("time-curves"), clock, () => timeline.bar);
const viewer = {
  clock,
  range: timeline.range,
  toggle: (name) => change({ [name]: !view[name] }),
  overlay: (kind) => change({ overlay: view.overlay === kind ? "" : kind }),
  errors: () => change({ errors: view.errors ? "" : usualReference(view.panes) }),
  hold: () => panes.hold(),
  layout: chooseLayout,
  whole: () => toggleWholeScreen(),
};
const toolbar = new Toolbar(at("tools"), view, {
  onPerson: choosePerson,
  onView: (name) => panes.hold(name),
  onLayout: chooseLayout,
  onChange: change,
  onCopy: () => copyText(addressOf(view, clock, { camera: panes.rig.place, shared: true })),
  onWhole: viewer.whole,
  onHelp: listenToKeys(viewer),
});
const takeAs = new TakeAs();
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

async function choosePane(pane, name) {
  const index = panes.list.indexOf(pane);
  const chosen = name === ANOTHER_RUN ? await picker.choose(view.run) : name;
  change(chosen ? { panes: withPane(view.panes, index, chosen) } : {});
}

/** A policy takes the last pane, unless it is on one already. */
function showPolicy(name) {
  change(view.panes.includes(name) ? {} : { panes: withPane(view.panes, view.panes.length - 1, name) });
}

function chooseLayout(count) {
  const now = view.panes;
  if (now.length > earlierPanes.length || !now.every((name, i) => name === earlierPanes[i])) earlierPanes = now;
  change({ panes: withCount(now, count, earlierPanes, scenes.person?.motions ?? []) });
  if (!panes.rig.touched) panes.hold(); // each pane has another shape now
}

/** Keep the address up to date, so that a reload comes back to this view. */
function keepAddress() {
  clearTimeout(addressTimer);
  const write = () => history.replaceState(null, "", addressOf(view, clock, { camera: panes.rig.place }));
  addressTimer = setTimeout(write, ADDRESS_DELAY_MS);
}

/** The run as the server has it now: only the parts that differ are built anew. */
function onRun(run) {
  const first = scenes.run === null;
  scenes.run = run;
  at("show").hidden = false;
  at("run-name").textContent = run.name || "Understudy";
  document.title = run.name ? `${run.name} · Understudy` : "Understudy";
  at("run-state").textContent = stateWords(run);
  at("run-state").dataset.state = run.state;
  if (!asked.embedded) say(noticeOf(run), run.state === "failed" ? "error" : "");
  showProgress(at("progress"), run);
  if (run.clip) takeClip(run.clip);
  if (first && !asked.panesChosen) view.panes = view.panes.map((name) => (name === "assisted" ? physicsOf(run) : name));
  if (first && asked.camera) panes.rig.place = asked.camera;
  refresh();
  if (first) drawing.invalidate();
}

/** Set the clock to the clip, once to what the address asks for. */
function takeClip({ frames, fps }) {
  clock.setLength(frames, fps);
  if (asked.range) clock.setRange(...asked.range);
  if (asked.speed !== 1) clock.set({ speed: asked.speed });
  if (asked.t) clock.seekTime(asked.t);
  Object.assign(asked, { range: null, speed: 1, t: 0 });
}

function refresh() {
  const { run, urlOf } = scenes;
  if (!run) return;
  const person = scenes.person;
  const motions = person?.motions ?? [];
  if (person) view.person = person.index;
  scenes.keep(view.panes);
  toolbar.update(view, run.people ?? [], motions);
  panes.show(view.panes);
  panes.update({ ...view, run, person, motions, urlOf, sceneOf: scenes.of });
  timeline.mark(fallsOf(motions, view.panes, titleOf));
  at("time-curves").classList.toggle("off", !view.curves);
  curves.update(view.curves ? scenes.curvesOf(panes) : []);
  people.update(run, view, urlOf);
  policies.update(run, view);
  showNotes(run.notices);
  showMetrics(at("metrics"), run.metrics, view.person, motions);
  showCurves(at("curves"), run.artifacts, view.person, urlOf);
  takeAs.update(run, person, urlOf);
  showLinks(at("links"), run.artifacts, urlOf, isFinished(run) ? `${runUrl(view.run).href}/bundle.zip` : "", takeAs.root);
}

function onTrouble(trouble) {
  if (!trouble) say(scenes.run && !asked.embedded ? noticeOf(scenes.run) : "");
  else if (trouble.kind === "missing") sayInstead(trouble.message, "It may have been cleaned away, or the link is not whole. Start a new run from there:");
  else say(trouble.message);
}

clock.addEventListener("frame", drawing.invalidate);
clock.addEventListener("state", () => scenes.run && keepAddress());
clock.addEventListener("seek", () => {
  drawing.invalidate();
  if (!clock.playing && scenes.run) keepAddress();
});
panes.rig.addEventListener("chosen", () => scenes.run && keepAddress());
document.addEventListener("viewer-trouble", ({ detail }) => say(detail));
applyTheme(asked.theme, () => {
  panes.paint();
  timeline.drawTicks();
  curves.draw();
});
const isUsable = () => scenes.run !== null && !panes.loading && drawing.settled && (panes.source?.settled ?? true);
exposeHandle({
  clock,
  panes,
  isUsable,
  isReady: () => isUsable() && !seriesLoading(),
  isAtRest: () => drawing.atRest,
  nextDraw: () => drawing.nextDraw(),
});
if (view.run) watchRun(view.run, onRun, onTrouble);
else sayInstead("No run is named in the address.", "Choose one, or start one:");
drawing.start(panes);
