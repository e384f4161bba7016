/** A run in the library: its moving picture, what it is, and what can be done with it. */

import { element } from "../viewer/dom.js";
import { renameCard } from "./name_editor.js";
import { agoInWords, bytesInWords, windowInWords } from "./words.js";

const STATES = { queued: "Waiting", running: "Running", done: "Done", failed: "Failed", cancelled: "Cancelled" };
const KINDS = { video: "file", picture: "picture", link: "link" };

export class RunCard {
  /** @param {{onRename: Function, onDelete: Function, onRestore: Function}} events each is given the card */
  constructor(run, events) {
    this.run = run;
    this.stage = element("div", { className: "stage" });
    this.pill = element("span", { className: "pill" });
    this.name = element("a", { className: "name" });
    this.facts = element("p", { className: "quiet facts-line" });
    this.error = element("p", { className: "error", hidden: true });
    this.title = element("div", { className: "title" }, this.name, this.pill);
    const button = (text, className, listener) => element("button", { type: "button", className, on: { click: listener } }, text);
    this.rename = button("Rename", "small", () => renameCard(this, this.run.name));
    this.remove = button("Delete", "small", () => events.onDelete(this));
    this.restore = button("Bring back", "small primary", () => events.onRestore(this));
    this.buttons = element("div", { className: "actions" }, this.rename, this.remove, this.restore);
    this.root = element("li", { className: "run-card" }, this.stage, element("div", { className: "words" }, this.title, this.facts, this.error, this.buttons));
    this.events = events;
    this.update(run);
  }

  #shown = "";

  /** Show the run as it is now; what is the same is left alone, so that nothing flickers. */
  update(run) {
    this.run = run;
    const address = `/?run=${run.id}`;
    this.name.textContent = run.name;
    this.name.title = run.name;
    if (run.deleted) this.name.removeAttribute("href");
    else this.name.href = address;
    this.pill.textContent = run.deleted ? "Deleted" : STATES[run.state];
    this.pill.dataset.state = run.deleted ? "" : run.state;
    const part = run.state === "running" ? `${Math.round(100 * run.fraction)} % done` : "";
    const facts = [part, agoInWords(run.created), KINDS[run.kind], windowInWords(run.window), bytesInWords(run.bytes)];
    this.facts.textContent = facts.filter(Boolean).join(" · ");
    this.error.textContent = run.error ?? "";
    this.error.hidden = !run.error;
    this.rename.hidden = this.remove.hidden = run.deleted;
    this.restore.hidden = !run.deleted;
    for (const [each, what] of [[this.rename, "Rename"], [this.remove, "Delete"], [this.restore, "Bring back"]]) {
      each.setAttribute("aria-label", `${what} ${run.name}`);
    }
    this.#show(run, address);
  }

  #show(run, address) {
    const shown = `${run.preview_url} ${run.picture_url} ${run.deleted}`;
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.stage.classList.remove("drawn");
    const inside = [];
    if (run.preview_url) {
      const strip = element("img", { className: "strip", alt: "", loading: "lazy", src: run.preview_url });
      strip.addEventListener("load", () => this.stage.classList.add("drawn")); // until then its picture is the person's
      strip.addEventListener("error", () => strip.remove()); // a motion that cannot be read
      inside.push(element("div", { className: "window" }, strip));
    } else if (!run.picture_url) {
      inside.push(element("span", { className: "nothing" }, run.deleted ? "Deleted" : run.state === "done" ? "No motion" : "No motion yet"));
    }
    if (run.picture_url) {
      inside.push(element("img", { className: "face", alt: "", loading: "lazy", src: run.picture_url }));
    }
    // The name below is the link for keyboards and readers; the picture leads there, too.
    const frame = run.deleted ? element("span", {}) : element("a", { href: address, tabIndex: -1, "aria-hidden": "true" });
    frame.append(...inside);
    this.stage.replaceChildren(frame);
  }
}
