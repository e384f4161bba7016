/** One training: how it stands, its curves, its checkpoints to look at, stop and resume, its files. */

import { element } from "../dom.js";
import { isEnded } from "./feed.js";
import { clock, lineChart } from "./line_chart.js";

const WORDS = { queued: "Waiting", running: "Training", done: "Done", failed: "Failed", stopped: "Stopped" };
const ENGINES = { mujoco: "MuJoCo", bullet: "Bullet" };
const whole = (value) => Math.round(value).toLocaleString("en");
const short = (value) => (value >= 1e6 ? `${(value / 1e6).toFixed(1)}M` : value >= 1e4 ? `${Math.round(value / 1e3)}k` : value >= 1e3 ? `${(value / 1e3).toFixed(1)}k` : `${Math.round(value)}`);

export class TrainingCard {
  #events;
  #head = element("header", {});
  #state = element("p", { className: "training-state" });
  #bar = element("progress", { max: 1, "aria-label": "Budget spent" });
  #charts = element("div", { className: "line-charts" });
  #terms = element("div", { className: "line-charts" });
  #scrub = element("input", { type: "range", min: 0, step: 1, "aria-label": "Checkpoint" });
  #scrubText = element("span", { className: "scrub-text" });
  #scrubRow;
  #show;
  #stop;
  #resume;
  #files = element("p", { className: "policy-files" });
  #told = element("p", { className: "refused", role: "alert", hidden: true });
  #keys = {};
  #training = null;
  #chosen = null; // samples of the checkpoint that is shown, null for the latest

  /** @param {{onShow: (name), onLook: (name), onStop: (id), onResume: (id, more)}} events `onLook` also leads to the panes; `onStop` and `onResume` throw where refused */
  constructor(events) {
    this.#events = events;
    const act = (work) => () => this.#act(work);
    this.#show = element("button", { type: "button", on: { click: () => events.onLook(this.name) } }, "Show in the viewer");
    this.#stop = element("button", { type: "button", on: { click: act(() => events.onStop(this.#training.id)) } }, "Stop");
    this.#resume = element("button", { type: "button", on: { click: act(() => events.onResume(this.#training.id, this.#more())) } }, "Resume");
    this.#scrub.addEventListener("input", () => this.#choose(this.#training.checkpoints[this.#scrub.valueAsNumber]?.samples));
    this.#scrubRow = element("div", { className: "scrub" }, element("label", {}, "Checkpoint ", this.#scrub), this.#scrubText, this.#show);
    this.root = element(
      "article",
      { className: "training" },
      this.#head,
      this.#state,
      this.#bar,
      this.#charts,
      element("details", {}, element("summary", {}, "Reward terms"), this.#terms),
      this.#scrubRow,
      element("div", { className: "training-acts" }, this.#stop, this.#resume, this.#files),
      this.#told,
    );
  }

  /** What the policy is called as a motion. */
  get name() {
    return `policy-${this.#training.id}`;
  }

  /** The checkpoint that is looked at: the chosen one or the latest; undefined where there is none. */
  get checkpoint() {
    const all = this.#training.checkpoints;
    return all.find(({ samples }) => samples === this.#chosen) ?? all.at(-1);
  }

  /** @param {object} training @param {object|undefined} curve @param {string} title */
  update(training, curve, title) {
    this.#training = training;
    this.#once("head", [title, training.state, training.stopping], () => this.#fillHead(title));
    this.#state.textContent = this.#sentence();
    this.#bar.hidden = isEnded(training);
    this.#bar.value = training.fraction;
    const begun = Boolean(curve?.iterations.seconds.length || curve?.evaluations.seconds.length);
    this.#charts.hidden = this.#terms.parentElement.hidden = !begun;
    if (begun) this.#once("charts", [curve.key, this.checkpoint?.samples, training.settings.seconds], () => this.#draw(curve));
    this.#fillScrub();
    this.#stop.hidden = isEnded(training);
    this.#stop.disabled = training.stopping;
    this.#resume.hidden = !isEnded(training);
    this.#resume.textContent = training.state === "done" ? `Train on for ${clock(this.#more())}` : "Resume";
    this.#once("files", [training.bundle_url, training.state, training.evaluation === null], () => this.#fillFiles());
  }

  #once(part, facts, work) {
    const key = JSON.stringify(facts);
    if (this.#keys[part] === key) return;
    this.#keys[part] = key;
    work();
  }

  #fillHead(title) {
    const { state, stopping } = this.#training;
    const pill = element("span", { className: "pill", role: "status" }, stopping ? "Stopping" : WORDS[state]);
    pill.dataset.state = state;
    this.#head.replaceChildren(element("h3", {}, title), pill, element("small", {}, this.#choices()));
  }

  #choices() {
    const { engine, task, assist, seed, seconds, samples } = this.#training.settings;
    const budget = samples ? `${whole(samples)} samples` : clock(seconds);
    return [budget, ENGINES[engine] ?? engine, task && `goal: ${task}`, assist && `root helped at first (${Math.round(100 * assist)} %)`, seed && `seed ${seed}`].filter(Boolean).join(" · ");
  }

  #sentence() {
    const { state, ahead, iteration, evaluation, error, stopping } = this.#training;
    if (state === "failed") return error ?? "It failed, and left no message.";
    if (state === "queued") return ahead ? `${ahead === 1 ? "One training is" : `${ahead} trainings are`} before it.` : "It is next in line.";
    if (stopping) return "It writes a last checkpoint.";
    if (!iteration) return state === "running" ? "It is getting ready." : "It ended before it learned anything.";
    const up = evaluation && ` The policy stays up ${evaluation.seconds_up.toFixed(1)} of ${evaluation.horizon_s.toFixed(1)} s on average.`;
    const helped = evaluation?.assist ? ` Assisted: ${Math.round(100 * evaluation.assist)} % of the root's help is left.` : "";
    return `${whole(iteration.samples)} samples in ${clock(iteration.seconds)}.${up || ""}${helped}`;
  }

  #draw({ iterations, evaluations }) {
    const taken = Math.max(iterations.seconds.at(-1) ?? 0, evaluations.seconds.at(-1) ?? 0);
    const budget = this.#training.settings.samples ? taken : this.#training.settings.seconds;
    const end = Math.max(Math.min(budget, 1.25 * taken), taken, 1);
    const shown = evaluations.samples.indexOf(this.checkpoint?.samples);
    const evaluated = (name) => ({ x: evaluations.seconds, y: evaluations[name], dots: true });
    const iterated = (name) => ({ x: iterations.seconds, y: iterations[name] });
    const dots = { end, chosen: shown < 0 ? null : shown, onChoose: (k) => this.#choose(evaluations.samples[k]) };
    const horizon = evaluations.horizon_s.at(-1) ?? 1;
    const charts = [
      { title: "Return", meaning: "Mean reward of a step, zeros after the fall, over 16 starts; 1 at most", format: (v) => v.toFixed(2), high: 1, lines: [evaluated("return")], ...dots },
      { title: "Seconds up", unit: `of ${horizon.toFixed(1)} s`, meaning: "Mean time until it falls or strays", format: (v) => v.toFixed(1), high: horizon, lines: [evaluated("seconds_up")], ...dots },
      { title: "KL", meaning: "How far an update moves the policy; 0.02 is wished for", format: (v) => Number(v.toPrecision(2)).toString(), lines: [iterated("kl")], end },
      { title: "Samples a second", meaning: "Policy steps of all humanoids, learning included", format: short, lines: [iterated("samples_per_second")], end },
    ];
    if (this.#training.settings.assist) charts.push({ title: "Help for the root", format: (v) => v.toFixed(2), high: 1, lines: [iterated("assist")], end });
    this.#charts.replaceChildren(...charts.map(lineChart));
    const terms = Object.entries(iterations.terms).map(([name, y]) => ({ name: name.replaceAll("_", " "), x: iterations.seconds, y }));
    this.#terms.replaceChildren(...(terms.length ? [lineChart({ title: "Of a step, while it learns", format: (v) => Number(v.toPrecision(2)).toString(), lines: terms, end })] : []));
  }

  #fillScrub() {
    const all = this.#training.checkpoints;
    this.#scrubRow.hidden = !all.length;
    if (!all.length) return;
    this.#scrub.max = all.length - 1;
    this.#scrub.value = Math.max(0, all.indexOf(this.checkpoint));
    const { samples, seconds, return: earned } = this.checkpoint;
    this.#scrubText.textContent = `${short(samples)} samples, ${clock(seconds)}: return ${earned.toFixed(2)}`;
  }

  /** Look at a checkpoint; the last one means the latest, also those to come. */
  #choose(samples) {
    const all = this.#training.checkpoints;
    if (!all.some((each) => each.samples === samples)) return;
    this.#chosen = samples === all.at(-1).samples ? null : samples;
    this.#events.onShow(this.name);
  }

  #fillFiles() {
    const { bundle_url: url, state, evaluation } = this.#training;
    if (url) this.#files.replaceChildren(element("a", { href: url, download: "" }, "Download the policy (zip)"), element("small", {}, " policy.zip, policy.onnx, play.py, card.md"));
    else this.#files.textContent = evaluation && (state === "stopped" || state === "done") ? "The policy's files are being written." : "";
  }

  /** More seconds for one whose budget is spent; null goes on to what is left of it. */
  #more() {
    return this.#training.state === "done" ? Math.max(60, this.#training.settings.seconds ?? 300) : null;
  }

  async #act(work) {
    this.#told.hidden = true;
    try {
      await work();
    } catch (error) {
      this.#told.textContent = error.message;
      this.#told.hidden = false;
    }
  }
}
