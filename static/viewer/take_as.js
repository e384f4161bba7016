/** One form for taking a motion in the format of another program; the server writes the file when it is asked for. */

import { choice, element, size } from "./dom.js";

export class TakeAs {
  #motion = choice("Take", [], () => this.#say(""));
  #format = choice("as", [], () => this.#say(""));
  #button = element("button", { type: "submit" }, "Save");
  #told = element("p", { className: "told", role: "status" });
  #run = "";

  constructor() {
    this.root = element("form", { className: "take-as", hidden: true }, this.#motion, this.#format, this.#button, this.#told);
    this.root.setAttribute("aria-label", "A motion for another program");
    this.root.addEventListener("submit", (event) => {
      event.preventDefault();
      this.#take();
    });
  }

  /** What can be had by now, for the person looked at. */
  update(run, person, urlOf) {
    const motions = (person?.motions ?? []).filter((motion) => motion.export_url);
    this.root.hidden = !motions.length || !run.formats?.length;
    if (this.root.hidden) return;
    const urls = motions.map((motion) => [urlOf(motion.export_url), motion.title]);
    const kept = urls.some(([url]) => url === this.#motion.select.value) ? this.#motion.select.value : null;
    const usual = motions.find((motion) => motion.name === "motion") ?? motions[0];
    this.#motion.fill(urls, kept ?? urlOf(usual.export_url));
    const formats = run.formats.map(({ name, for_whom: whom }) => [name, `${name.toUpperCase()}: ${whom.split(";")[0]}`]);
    this.#format.fill(formats, this.#format.select.value || "fbx");
    if (this.#run !== run.id) this.#say("");
    this.#run = run.id;
  }

  async #take() {
    this.#button.disabled = true;
    this.#say("The file is being written …");
    try {
      const answer = await fetch(`${this.#motion.select.value}?format=${this.#format.select.value}`);
      if (!answer.ok) throw new Error((await answer.json()).error);
      const [content, name] = [await answer.blob(), nameIn(answer.headers.get("content-disposition"))];
      save(content, name);
      this.#say(`${name}, ${size(content.size)}`);
    } catch (error) {
      this.#say(error instanceof TypeError ? "The server does not answer. Try again." : error.message, true);
    }
    this.#button.disabled = false;
  }

  #say(text, refused = false) {
    this.#told.textContent = text;
    this.#told.classList.toggle("refused", refused);
  }
}

/** The file's name as it is, else in plain characters. */
function nameIn(disposition) {
  const exact = /filename\*=UTF-8''([^;]+)/.exec(disposition ?? "")?.[1];
  return exact ? decodeURIComponent(exact) : (/filename="([^"]+)"/.exec(disposition ?? "")?.[1] ?? "motion");
}

function save(content, name) {
  const url = URL.createObjectURL(content);
  element("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // not before the browser has read it
}
