/** Policies for the motion on the page: order one, watch it learn, look at its checkpoints, take it away. */

import { element } from "../dom.js";
import { isFinished, runUrl } from "../run_feed.js";
import { TrainingCard } from "./card.js";
import { TrainingFeed, ask, isEnded } from "./feed.js";
import { OrderForm } from "./order_form.js";

const WHAT = "A policy learns, by trying, to perform this motion by its muscles alone. It leaves as files.";
const NO_UPLOADS =
  "Policies cannot be uploaded: opening a policy's zip can run code that is hidden in it. Train one here, or run yours by understudy rollout on your own machine.";

export class TrainingPanel {
  #container;
  #events;
  #feed;
  #cards = new Map(); // id -> card
  #list = element("div", { className: "trainings" });
  #order = element("details", { className: "another" });
  #told = element("p", { className: "refused", role: "status", hidden: true });
  #compare = element("a", { className: "compare-trainings", target: "_top", hidden: true }, "Compare how they learned");
  #form;
  #run = null;
  #view = { person: 0, panes: [] };
  #jump = element("button", { type: "button", className: "to-policies", hidden: true, on: { click: () => this.#container.scrollIntoView({ behavior: "smooth" }) } });
  #awaited = ""; // id of the training that was just ordered: it is shown as soon as it can be

  /** @param {{onChange: () => void, onShow: (name: string) => void}} events: policies' motions changed; a pane should show this one */
  constructor(container, events) {
    this.#container = container;
    this.#events = events;
    this.#form = new OrderForm((choices) => this.#start(choices));
    this.#feed = new TrainingFeed({ onChange: () => this.#changed(), onTrouble: (text) => this.#say(text), wanted: () => this.#mine().map(({ id }) => id) });
    this.#order.append(element("summary", {}, "Train another"), this.#form.root);
    document.querySelector(".top").append(this.#jump); // what it leads to is below all figures
    container.append(
      element("h2", { id: "training-title" }, "Policies"),
      element("p", { className: "legend" }, WHAT),
      this.#order,
      this.#compare,
      this.#told,
      this.#list,
      element("p", { className: "legend" }, NO_UPLOADS),
    );
  }

  /** The run as the server tells it, and the view; hidden where this person's motion is not there to learn. */
  update(run, view) {
    this.#run = run;
    this.#view = view;
    const person = run.people?.find(({ index }) => index === view.person);
    const hidden = !person?.trainable || !isFinished(run);
    this.#container.hidden = this.#jump.hidden = hidden;
    if (hidden) return;
    this.#feed.watch(`${runUrl(run.id).href}/trainings`);
    this.#draw();
  }

  /** A person of the run with their policies among the motions. */
  withPolicies(person) {
    if (!person) return person;
    const policies = this.#feed.trainings
      .map((training) => [training, this.#cards.get(training.id)?.checkpoint])
      .filter(([training, checkpoint]) => training.person === person.index && checkpoint)
      .map(([training, checkpoint]) => ({
        name: `policy-${training.id}`,
        title: this.#titleOf(training),
        url: checkpoint.url,
        npz_url: null,
        offset_s: 0,
        written: checkpoint.samples,
        physics: checkpoint.physics,
        earlier: checkpoint !== training.checkpoints.at(-1),
      }));
    const names = new Set(policies.map(({ name }) => name));
    return { ...person, motions: [...person.motions.filter(({ name }) => !names.has(name)), ...policies] };
  }

  /** A policy's name without that of its run: "Policy 1", unless somebody has called it otherwise. */
  #titleOf({ name }) {
    const run = `${this.#run?.name ?? ""}, `;
    const own = name.startsWith(run) ? name.slice(run.length) : name;
    return own.charAt(0).toUpperCase() + own.slice(1);
  }

  #mine() {
    return this.#feed.trainings.filter(({ person }) => person === this.#view.person);
  }

  #changed() {
    this.#draw();
    const ordered = this.#feed.trainings.find(({ id }) => id === this.#awaited);
    if (ordered?.checkpoints.length) {
      this.#awaited = "";
      this.#events.onShow(`policy-${ordered.id}`);
    } else this.#events.onChange();
  }

  #draw() {
    const mine = this.#mine();
    const running = mine.findLast((each) => !isEnded(each));
    const percent = Math.round(100 * (running?.fraction ?? 0));
    this.#jump.textContent = running ? `Policy: training, ${percent}\u00a0%` : mine.length ? "Policies" : "Train a policy";
    this.#compare.hidden = mine.length < 2;
    this.#compare.href = `/policies?compare=${mine.map(({ id }) => id).join()}`;
    const first = this.#feed.isRead && mine.length === 0;
    if (first !== this.#order.classList.contains("first")) this.#order.open = first;
    this.#order.classList.toggle("first", first);
    for (const training of mine) {
      if (!this.#cards.has(training.id)) this.#cards.set(training.id, new TrainingCard(this.#cardEvents()));
      const card = this.#cards.get(training.id);
      card.update(training, this.#feed.curves.get(training.id), this.#titleOf(training));
    }
    const roots = mine.map(({ id }) => this.#cards.get(id).root).reverse(); // the newest first
    if (roots.length !== this.#list.children.length || roots.some((root, i) => root !== this.#list.children[i])) this.#list.replaceChildren(...roots);
  }

  #cardEvents() {
    const at = (id, what) => `${runUrl(this.#run.id).href}/trainings/${id}/${what}`;
    const onShow = (name) => {
      this.#awaited = "";
      this.#events.onShow(name);
    };
    return {
      onShow,
      onLook: (name) => {
        onShow(name);
        document.getElementById("panes").scrollIntoView({ behavior: "smooth" });
      },
      onStop: async (id) => {
        await ask(at(id, "stop"), { method: "POST" });
        await this.#feed.look();
      },
      onResume: async (id, more) => {
        await ask(at(id, "resume"), { method: "POST", body: more === null ? {} : { more_seconds: more } });
        await this.#feed.look();
      },
    };
  }

  async #start(choices) {
    const { id } = await ask(`${runUrl(this.#run.id).href}/trainings`, { method: "POST", body: { ...choices, person: this.#view.person } });
    this.#awaited = id;
    this.#order.open = false;
    await this.#feed.look();
  }

  #say(text) {
    this.#told.textContent = text;
    this.#told.hidden = !text;
  }
}
