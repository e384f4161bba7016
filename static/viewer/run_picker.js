/** The way to a motion of another run: a dialog with one's runs, and the motions of the one that is chosen. */

import { titleOf } from "./casting.js";
import { element, openDialog, titledDialog } from "./dom.js";
import { runUrl } from "./run_feed.js";

const TYPING_MS = 200;
const ALL = new URL("../api/runs", document.baseURI);

export class RunPicker {
  #dialog;
  #search;
  #runs = element("ul", { className: "runs" });
  #motions = element("div", { className: "motions", role: "status" });
  #own = "";
  #timer = 0;
  #done = () => {};

  constructor() {
    const search = () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#list(), TYPING_MS);
    };
    this.#search = element("input", { type: "search", placeholder: "Find a run", on: { input: search } });
    this.#search.setAttribute("aria-label", "Find a run");
    const both = element("div", { className: "both" }, this.#runs, this.#motions);
    this.#dialog = titledDialog("A motion of another run", "picker", this.#search, both);
    this.#dialog.addEventListener("close", () => this.#done(""));
  }

  /** Ask for a motion; resolves to "RUN~PERSON~NAME", or "" where none was chosen. */
  async choose(ownRun) {
    this.#own = ownRun;
    this.#search.value = "";
    this.#runs.replaceChildren();
    this.#motions.replaceChildren("Choose a run.");
    openDialog(this.#dialog);
    const chosen = new Promise((resolve) => (this.#done = resolve));
    this.#list();
    return chosen;
  }

  /** The runs that the search finds, newest first. */
  async #list() {
    const search = this.#search.value.trim();
    const url = new URL(ALL);
    if (search) url.searchParams.set("search", search);
    try {
      const runs = (await json(url)).runs.filter(({ id }) => id !== this.#own);
      if (search !== this.#search.value.trim()) return; // another search is on its way
      this.#runs.replaceChildren(...runs.map((run) => element("li", {}, this.#run(run))));
      if (!runs.length) this.#motions.replaceChildren(search ? "No run is called so." : "There is no other run yet. Start one on the first page.");
    } catch (error) {
      this.#motions.replaceChildren(`The runs cannot be read (${error.message}).`);
    }
  }

  #run(run) {
    const when = new Date(run.created).toLocaleString([], { dateStyle: "medium", timeStyle: "short" });
    const picture = run.picture_url && element("img", { src: new URL(run.picture_url, ALL).href, alt: "", loading: "lazy" });
    const button = element("button", { type: "button", on: { click: () => this.#open(run, button) } }, picture || "", element("span", {}, run.name, element("small", {}, when)));
    return button;
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
