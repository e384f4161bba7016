/** The view's switches: panes, person, camera, what is drawn, ghost and split, and the link to this very view. */

import { MOST_PANES } from "./address.js";
import { VIEWS } from "./camera_rig.js";
import { choices, partsOf, titleOf } from "./casting.js";
import { checkbox, choice, element } from "./dom.js";

const TOLD_MS = 2500;

/** Switch -> [what it is called, what it does and its key]. */
const SHOWN = {
  follow: ["Follow", "Keep the person in the middle (F)"],
  keypoints: ["Keypoints", "Keypoints over the video (K)"],
  film: ["Body over the video", "The body over the video, seen by the camera that filmed (M)"],
  contacts: ["Contacts", "Marks where a heel (behind) or a toe stands on the ground: discs left, rings right (C)"],
  force: ["Residual force", "An arrow for the force that no muscle makes; 60 cm are one body weight (N)"],
  solids: ["Humanoid", "The humanoid's own solids instead of the body, where there is physics (H)"],
  curves: ["Curves", "Curves under the clock (V)"],
};

export class Toolbar {
  #person;
  #over;
  #ghosts;
  #told;
  #layout;
  #errors;
  #checks;

  /** @param {object} events {onPerson, onView, onLayout(count), onChange(changes), onCopy: () => Promise<boolean>, onWhole, onHelp} */
  constructor(container, view, { onPerson, onView, onLayout, onChange, onCopy, onWhole, onHelp }) {
    this.#person = choice("Person", [], (value) => onPerson(Number(value)));
    this.#over = {
      ghost: checkbox("Ghost", false, (on) => onChange({ overlay: on ? "ghost" : "" }), "Lay another motion over the last pane's (G)"),
      split: checkbox("Split", false, (on) => onChange({ overlay: on ? "split" : "" }), "Another motion right of a line that is dragged (S)"),
    };
    this.#ghosts = choice("Ghost of", [], (name) => onChange({ ghost: name, overlay: view.overlay || "ghost" }), { hiddenLabel: true });
    this.#told = element("span", { className: "told", role: "status" });
    const shown = Object.entries(SHOWN).map(([key, [text, title]]) => [key, checkbox(text, view[key], (on) => onChange({ [key]: on }), title)]);
    this.#checks = Object.fromEntries(shown);
    this.#errors = choice("Error against", [], (name) => onChange({ errors: name }));
    this.#errors.title = "Colour the other bodies by how far each joint is from this one's, hips laid upon each other (E)";
    this.#layout = Array.from({ length: MOST_PANES }, (_, i) => button(String(i + 1), i ? `${i + 1} panes` : "One pane", () => onLayout(i + 1)));
    const views = Object.entries(VIEWS).map(([key, { title, name }]) => button(title, `Look ${name}`, () => onView(key)));
    const copy = button("Copy link", "Copy a link to this view: person, panes, time, camera and all", async () =>
      this.#tell((await onCopy()) ? "Link copied" : "Copying was refused"),
    );
    copy.removeAttribute("aria-label");
    container.append(
      group("Panes", this.#layout),
      this.#person,
      group("Camera", views),
      element("span", { className: "pair" }, this.#over.ghost, this.#over.split, this.#ghosts),
      menu("Show", [...shown.map(([, check]) => check), this.#errors]),
      element("span", { className: "pair last" }, copy, wholeButton(onWhole), button("?", "Keys (?)", onHelp)),
      this.#told,
    );
    container.hidden = false;
  }

  update(view, people, motions) {
    this.#person.hidden = people.length < 2;
    this.#person.fill(people.map(({ index }) => [String(index), String(index + 1)]), String(view.person));
    this.#ghosts.fill(choices(motions, view.ghost), view.ghost);
    const against = [...new Set(view.panes.filter((name) => name !== "source"))].map((name) => [name, titleHere(name, motions)]);
    this.#errors.fill([["", "nothing"], ...against], against.some(([name]) => name === view.errors) ? view.errors : "");
    for (const [name, check] of Object.entries(this.#checks)) check.input.checked = view[name];
    for (const [name, check] of Object.entries(this.#over)) check.input.checked = view.overlay === name;
    this.#layout.forEach((each, i) => each.setAttribute("aria-pressed", view.panes.length === i + 1));
  }

  #tell(text) {
    this.#told.textContent = text;
    setTimeout(() => (this.#told.textContent = ""), TOLD_MS);
  }
}

function titleHere(name, motions) {
  const { run, motion } = partsOf(name);
  return run ? `${titleOf(motion)}, another run` : titleOf(motion, motions);
}

function button(text, label, click) {
  return element("button", { type: "button", title: label, "aria-label": label, on: { click } }, text);
}

function wholeButton(click) {
  const made = button("", "Whole screen (W)", click);
  made.classList.add("corners");
  return made;
}

function group(label, buttons) {
  return element("div", { className: "views", role: "group", "aria-label": label }, ...buttons);
}

/** A button that opens a small panel; a click elsewhere, or Escape, closes it. */
function menu(title, content) {
  const made = element("details", { className: "menu" }, element("summary", {}, title), element("div", { className: "panel" }, ...content));
  document.addEventListener("pointerdown", ({ target }) => !made.contains(target) && (made.open = false));
  made.addEventListener("keydown", ({ key }) => key === "Escape" && (made.open = false));
  return made;
}
