/** The view's switches: person, camera, keypoints, ghost, and the link to this very view. */

import { VIEWS } from "./camera_rig.js";
import { choices } from "./casting.js";
import { checkbox, choice, element } from "./dom.js";

const TOLD_MS = 2500;

export class Toolbar {
  #person;
  #ghost;
  #ghosts;
  #told;
  #checks;

  /** @param {object} events {onPerson, onView, onChange(changes), onCopy: () => Promise<boolean>} */
  constructor(container, view, { onPerson, onView, onChange, onCopy }) {
    this.#person = choice("Person", [], (value) => onPerson(Number(value)));
    this.#ghost = checkbox("Ghost", view.ghostOn, (on) => onChange({ ghostOn: on }), "Overlay another motion (G)");
    this.#ghosts = choice("Ghost of", [], (name) => onChange({ ghost: name, ghostOn: true }), { hiddenLabel: true });
    this.#told = element("span", { className: "told", role: "status" });
    this.#checks = {
      follow: checkbox("Follow", view.follow, (on) => onChange({ follow: on }), "Keep the person in the middle (F)"),
      keypoints: checkbox("Keypoints", view.keypoints, (on) => onChange({ keypoints: on }), "Keypoints over the video (K)"),
      ghostOn: this.#ghost,
    };
    const views = Object.entries(VIEWS).map(([key, { title, name }]) => {
      const label = `Look ${name}`;
      return element("button", { type: "button", title: label, "aria-label": label, on: { click: () => onView(key) } }, title);
    });
    const copy = element("button", { type: "button", className: "copy" }, "Copy link");
    copy.title = "Copy a link to this view: person, panes and time";
    copy.addEventListener("click", async () => this.#tell((await onCopy()) ? "Link copied" : "Copying was refused"));
    container.append(
      this.#person,
      element("div", { className: "views", role: "group", "aria-label": "Camera" }, ...views),
      this.#checks.follow,
      this.#checks.keypoints,
      element("span", { className: "pair" }, this.#ghost, this.#ghosts),
      copy,
      this.#told,
    );
    container.hidden = false;
  }

  update(view, people, motions) {
    this.#person.hidden = people.length < 2;
    this.#person.fill(people.map(({ index }) => [String(index), String(index + 1)]), String(view.person));
    this.#ghosts.fill(choices(motions, view.ghost), view.ghost);
    for (const [name, check] of Object.entries(this.#checks)) check.input.checked = view[name];
  }

  #tell(text) {
    this.#told.textContent = text;
    setTimeout(() => (this.#told.textContent = ""), TOLD_MS);
  }
}
