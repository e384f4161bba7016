/** The way to a motion of another run: a dialog with one's runs, and the motions of the one that is chosen. */

import { titleOf } from "./casting.js";
import { element, openDialog, titledDialog } from "./dom.js";
import { runUrl } from "./run_feed.js";

const ALL = new URL("../api/runs", document.baseURI);

export class RunPicker {
  #dialog;
  #search;
  #runs = element("ul", { className: "runs" });
  #motions = element("div", { className: "motions", role: "status" });
  #all = [];
  #done = () => {};

  constructor() {
    this.#search = element("input", { type: "search", placeholder: "Find a run", on: { input: () => this.#list() } });
    this.#search.setAttribute("aria-label", "Find a run");
    const both = element("div", { className: "both" }, this.#runs, this.#motions);
    this.#dialog = titledDialog("A motion of another run", "picker", this.#search, both);
    this.#dialog.addEventListener("close", () => this.#done(""));
  }

  /** Ask for a motion; resolves to "RUN~PERSON~NAME", or "" where none was chosen. */
  async choose(ownRun) {
    this.#motions.replaceChildren("Choose a run.");
    this.#runs.replaceChildren();
    openDialog(this.#dialog);
    const chosen = new Promise((resolve) => (this.#done = resolve));
    try {
      const { runs } = await json(ALL);
      this.#all = runs.filter(({ id }) => id !== ownRun);
      this.#list();
      if (!this.#all.length) this.#motions.replaceChildren("There is no other run yet. Start one on the first page.");
    } catch (error) {
      this.#motions.replaceChildren(`The runs cannot be read (${error.message}).`);
    }
    return chosen;
  }

  #list() {
    const wanted = this.#search.value.trim().toLowerCase();
    const found = this.#all.filter(({ name }) => name.toLowerCase().includes(wanted));
    this.#runs.replaceChildren(
      ...found.map((run) => {
        const when = new Date(run.created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
        const button = element("button", { type: "button", on: { click: () => this.#open(run, button) } }, run.name, element("small", {}, when));
        return element("li", {}, button);
      }),
    );
  }

  async #open({ id, name }, button) {
    this.#runs.querySelectorAll("button").forEach((each) => each.setAttribute("aria-pressed", each === button));
    this.#motions.replaceChildren("Loading");
    try {
      const { people = [] } = await json(runUrl(id));
      const buttons = people.flatMap((person) => person.motions.map((motion) => this.#motion(id, person, motion, people.length > 1)));
      this.#motions.replaceChildren(...(buttons.length ? buttons : [`“${name}” has no motion yet.`]));
    } catch (error) {
      this.#motions.replaceChildren(`The run cannot be read (${error.message}).`);
    }
  }

  #motion(id, person, motion, several) {
    const title = titleOf(motion.name, person.motions) + (several ? `, person ${person.index + 1}` : "");
    const click = () => {
      this.#done(`${id}~${person.index}~${motion.name}`);
      this.#dialog.close();
    };
    return element("button", { type: "button", on: { click } }, element("span", { className: "dot", dataset: { motion: motion.name } }), title);
  }
}

async function json(url) {
  const answer = await fetch(url, { headers: { Accept: "application/json" }, cache: "no-store" });
  if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
  return answer.json();
}
