/** Who is in the clip: a picture of each to choose by, and the way to say "wrong person from here". */

import { element } from "./dom.js";
import { runUrl } from "./run_feed.js";

const HOW = "Click the right person in the source, in this very frame. Escape leaves it as it is.";

export class PeopleStrip {
  #container;
  #list = element("ul", { className: "people" });
  #correct;
  #told = element("p", { className: "told-people", role: "status" });
  #picking = null; // ends the picking
  #state = null;

  /**
   * @param {object} events {onPerson(number), frame: () => number, film: () => the source's viewport or null}
   */
  constructor(container, { onPerson, frame, film }) {
    this.#container = container;
    this.events = { onPerson, frame, film };
    this.#correct = element("button", { type: "button", on: { click: () => this.#togglePicking() } }, "Wrong person from here");
    container.append(this.#list, this.#correct, this.#told);
    document.addEventListener("keydown", (event) => event.key === "Escape" && this.#picking?.());
  }

  /** Show the people of a run; `view.person` is the one on the screen. Hidden where there is nobody to choose. */
  update(run, view, urlOf) {
    const found = run.found ?? [];
    this.#state = { run, view };
    this.#container.hidden = found.length < 2;
    const key = JSON.stringify([found, view.person]);
    if (this.#list.dataset.key === key) return;
    this.#list.dataset.key = key;
    this.#list.replaceChildren(...found.map((each) => this.#card(each, view, urlOf)));
  }

  #card(each, view, urlOf) {
    const now = each.chosen && each.number === view.person;
    const name = `Person ${each.number + 1}`;
    const doing = now ? "shown" : each.chosen ? "show" : "compute";
    const card = element(
      "button",
      { type: "button", "aria-pressed": String(now), on: { click: () => this.#choose(each) } },
      element("img", { src: urlOf(each.thumbnail_url), alt: "", width: 56, height: 56 }),
      element("span", {}, element("strong", {}, name), element("small", {}, `${each.frames} frames, ${doing}`)),
    );
    card.title = each.chosen ? `Show ${name}` : `Start a run of ${name}; the search for people is not repeated`;
    return element("li", {}, card);
  }

  #choose(each) {
    if (each.chosen) this.events.onPerson(each.number);
    else this.#startAgain({ person: String(each.number) });
  }

  #togglePicking() {
    if (this.#picking) this.#picking();
    else this.#pick();
  }

  #pick() {
    const film = this.events.film();
    if (!film) return this.#say("Show the source in one of the panes first.");
    const take = (event) => {
      const { x, y } = this.#pixelAt(film, event);
      this.#picking();
      const { run, view } = this.#state;
      const correction = { frame: this.events.frame(), x, y, person: view.person };
      this.#startAgain({ person: run.settings.person, corrections: [...(run.settings.corrections ?? []), correction] });
    };
    film.classList.add("picking");
    film.addEventListener("click", take);
    this.#correct.setAttribute("aria-pressed", "true");
    this.#say(HOW);
    this.#picking = () => {
      film.classList.remove("picking");
      film.removeEventListener("click", take);
      this.#correct.setAttribute("aria-pressed", "false");
      this.#picking = null;
      this.#say("");
    };
  }

  /** Where in the clip (px) a click on its viewport was; the picture is fitted into the viewport whole. */
  #pixelAt(film, { clientX, clientY }) {
    const { width, height } = this.#state.run.clip;
    const box = film.getBoundingClientRect();
    const scale = Math.min(box.width / width, box.height / height);
    const x = (clientX - box.left - (box.width - width * scale) / 2) / scale;
    const y = (clientY - box.top - (box.height - height * scale) / 2) / scale;
    return { x: Math.round(x), y: Math.round(y) };
  }

  async #startAgain(changes) {
    this.#say("Starting a run …");
    const answer = await fetch(`${runUrl(this.#state.run.id).href}/again`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(changes),
    }).catch(() => null);
    if (!answer?.ok) return this.#say(`This could not be started: ${await reasonOf(answer)}`);
    window.top.location.href = new URL(`/?run=${(await answer.json()).id}`, location.href).href;
  }

  #say(text) {
    this.#told.textContent = text;
  }
}

async function reasonOf(answer) {
  const content = await answer?.json().catch(() => null);
  return content?.error ?? (answer ? `the server answered ${answer.status}.` : "the server does not answer.");
}
