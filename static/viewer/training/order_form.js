/** What a person chooses before a policy is trained: the budget, and under More what few will change. */

import { element } from "../dom.js";

const BUDGETS = [["300", "5 min"], ["1800", "30 min"], ["7200", "2 hours"], ["own", "Own"]];

export class OrderForm {
  #own = element("input", { type: "number", min: "0.1", step: "any", value: "10", inputMode: "decimal", className: "own-budget" });
  #engine = pick([["mujoco", "MuJoCo"], ["bullet", "Bullet (slower)"]]);
  #task = pick([["", "None: the motion alone"], ["heading", "Heading: walk where it is told"], ["target", "Target: reach places"]]);
  #assist = pick([["0", "None"], ["0.5", "Half, fading out"], ["1", "Full, fading out"]]);
  #seed = element("input", { type: "number", min: "0", step: "1", value: "0" });
  #told = element("p", { className: "refused", role: "alert", hidden: true });
  #budgets;

  /** @param {(choices: object) => Promise<void>} onOrder throws with the server's sentence where it refuses */
  constructor(onOrder) {
    this.#budgets = BUDGETS.map(([value, text]) => radio(value, text, value === "300"));
    const own = element("label", { className: "own", hidden: true }, this.#own, "minutes");
    this.button = element("button", { type: "submit", className: "primary" }, "Train a policy for this motion");
    this.root = element(
      "form",
      { className: "order", noValidate: true },
      element("fieldset", {}, element("legend", {}, "For"), element("div", { className: "budgets" }, ...this.#budgets, own)),
      this.button,
      element(
        "details",
        { className: "more-choices" },
        element("summary", {}, "More"),
        element("div", { className: "choices" }, named("Engine", this.#engine), named("Goal", this.#task), named("Help for the root", this.#assist), named("Seed", this.#seed)),
      ),
      this.#told,
    );
    this.root.addEventListener("change", () => (own.hidden = this.#budget() !== "own"));
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#order(onOrder);
    });
  }

  #budget() {
    return this.#budgets.find((label) => label.firstChild.checked).firstChild.value;
  }

  async #order(onOrder) {
    const own = this.#budget() === "own";
    const seconds = own ? 60 * this.#own.valueAsNumber : Number(this.#budget());
    this.#say("");
    if (!Number.isFinite(seconds)) return this.#say("A number of minutes is expected.");
    this.button.disabled = true;
    const choices = { seconds, engine: this.#engine.value, task: this.#task.value, assist: Number(this.#assist.value), seed: this.#seed.valueAsNumber || 0 };
    await onOrder(choices).catch((error) => this.#say(error.message));
    this.button.disabled = false;
  }

  #say(text) {
    this.#told.textContent = text;
    this.#told.hidden = !text;
  }
}

function radio(value, text, checked) {
  return element("label", { className: "budget" }, element("input", { type: "radio", name: "budget", value, checked }), element("span", {}, text));
}

function pick(options) {
  return element("select", {}, ...options.map(([value, text]) => element("option", { value }, text)));
}

const named = (text, control) => element("label", { className: "named" }, element("span", {}, text), control);
