/** A policy in the library: its moving picture, how well it does, and what can be done with it. */

import { element } from "../viewer/dom.js";
import { renameCard } from "./name_editor.js";
import { agoInWords } from "./words.js";

const STATES = { queued: "Waiting", running: "Training", done: "Done", failed: "Failed", stopped: "Stopped" };

export class PolicyCard {
  /** @param {{onRename, onDelete, onRestore, onPick}} events each is given the card; `onPick` also whether it is ticked */
  constructor(policy, events) {
    this.events = events;
    this.pick = element("input", { type: "checkbox", on: { change: () => events.onPick(this, this.pick.checked) } });
    this.stage = element("div", { className: "stage" });
    this.name = element("a", { className: "name" });
    this.pill = element("span", { className: "pill" });
    this.facts = element("p", { className: "quiet facts-line" });
    this.from = element("a", {});
    this.error = element("p", { className: "error", hidden: true });
    const button = (text, className, listener) => element("button", { type: "button", className, on: { click: listener } }, text);
    this.rename = button("Rename", "small", () => renameCard(this, this.policy.name));
    this.remove = button("Delete", "small", () => events.onDelete(this));
    this.restore = button("Bring back", "small primary", () => events.onRestore(this));
    this.files = element("a", { className: "button small", download: "" }, "Download");
    const title = element("div", { className: "title" }, this.name, this.pill);
    const compare = element("label", { className: "pick" }, this.pick, "Compare");
    const actions = element("div", { className: "actions" }, compare, this.files, this.rename, this.remove, this.restore);
    const origin = element("p", { className: "quiet facts-line" }, "Learned from ", this.from);
    this.root = element("li", { className: "run-card" }, this.stage, element("div", { className: "words" }, title, this.facts, origin, this.error, actions));
    this.update(policy);
  }

  #shown = null;

  update(policy) {
    this.policy = policy;
    this.name.textContent = policy.name;
    this.name.title = policy.name;
    if (policy.view_url && !policy.deleted) this.name.href = policy.view_url;
    else this.name.removeAttribute("href");
    this.pill.textContent = policy.deleted ? "Deleted" : STATES[policy.state];
    this.pill.dataset.state = policy.deleted ? "" : policy.state;
    this.facts.textContent = this.#sentence(policy);
    Object.assign(this.from, { href: `/?run=${policy.run}`, textContent: policy.run_name + (policy.person ? `, person ${policy.person + 1}` : "") });
    this.error.textContent = policy.error ?? "";
    this.error.hidden = !policy.error;
    this.files.hidden = !policy.bundle_url || policy.deleted;
    if (policy.bundle_url) this.files.href = policy.bundle_url;
    this.rename.hidden = policy.deleted;
    this.remove.hidden = policy.deleted || ["queued", "running"].includes(policy.state);
    this.restore.hidden = !policy.deleted;
    for (const [each, what] of [[this.rename, "Rename"], [this.remove, "Delete"], [this.restore, "Bring back"], [this.files, "Download"], [this.pick, "Compare"]]) {
      each.setAttribute("aria-label", `${what} ${policy.name}`);
    }
    this.#show(policy);
  }

  #sentence({ state, fraction, mean_return: earned, seconds_up: up, horizon_s: horizon, created }) {
    const part = state === "running" ? `${Math.round(100 * fraction)} % done` : "";
    const well = earned === null ? "" : `return ${earned.toFixed(2)} · up ${up.toFixed(1)} of ${horizon.toFixed(1)} s`;
    return [part, well, agoInWords(created)].filter(Boolean).join(" · ");
  }

  #show({ preview_url: preview, view_url: address, deleted }) {
    const key = `${preview} ${deleted}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const inside = preview
      ? element("div", { className: "window" }, element("img", { className: "strip", alt: "", loading: "lazy", src: preview }))
      : element("span", { className: "nothing" }, "No performance yet");
    const frame = address && !deleted ? element("a", { href: address, tabIndex: -1, "aria-hidden": "true" }, inside) : inside;
    this.stage.replaceChildren(frame);
  }
}
