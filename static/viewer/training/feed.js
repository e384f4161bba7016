/** Reads a run's trainings and the curve of one of them, again and again while something happens to them. */

const PERIOD_MS = 1500;
const LONGEST_PERIOD_MS = 10000;
const ENDED = new Set(["done", "failed", "stopped"]);
const FILES_WITHIN_MS = 120000; // after its end a training's files are still being written

export const isEnded = (training) => ENDED.has(training.state);

/** What the server answers as JSON; an Error with its own sentence where it refuses. */
export async function ask(url, { method = "GET", body = null } = {}) {
  const headers = { Accept: "application/json", ...(body && { "Content-Type": "application/json" }) };
  const answer = await fetch(url, { method, headers, cache: "no-store", body: body && JSON.stringify(body) });
  const content = await answer.json().catch(() => null);
  if (!answer.ok) throw new Error(content?.error ?? `The server answered ${answer.status}.`);
  return content;
}

export class TrainingFeed {
  trainings = [];
  curves = new Map(); // id -> curve
  isRead = false;
  #timer = 0;
  #url = "";
  #failures = 0;
  #endedAt = new Map(); // id -> ms when it was first seen to have ended

  /** @param {{onChange: () => void, onTrouble: (text: string) => void, wanted: () => string[]}} events `wanted`: ids of the curves that are shown */
  constructor(events) {
    this.events = events;
  }

  /** Begin with the trainings at an address; again does nothing. */
  watch(url) {
    if (url === this.#url) return;
    this.#url = url;
    this.look();
  }

  /** Look now, and go on looking while there is something to wait for. */
  async look() {
    clearTimeout(this.#timer);
    let next = PERIOD_MS;
    try {
      this.trainings = (await ask(this.#url)).trainings;
      this.isRead = true;
      const open = this.events.wanted().map((id) => this.trainings.find((each) => each.id === id)).filter(Boolean);
      await Promise.all(open.map((training) => this.#readCurve(training)));
      if (this.#failures) this.events.onTrouble("");
      this.#failures = 0;
      this.events.onChange();
    } catch (error) {
      this.#failures += 1;
      next = Math.min(PERIOD_MS * 2 ** this.#failures, LONGEST_PERIOD_MS);
      this.events.onTrouble(`The trainings cannot be read at the moment (${error.message}). Trying again.`);
    }
    if (this.#failures || this.trainings.some((each) => this.#mayChange(each))) this.#timer = setTimeout(() => this.look(), next);
  }

  async #readCurve(training) {
    const known = this.curves.get(training.id);
    const key = `${training.iteration?.samples} ${training.evaluation?.samples}`;
    if (known?.key === key) return;
    const curve = await ask(`${this.#url}/${training.id}/curve`);
    this.curves.set(training.id, Object.assign(curve, { key }));
  }

  #mayChange(training) {
    if (!isEnded(training)) {
      this.#endedAt.delete(training.id);
      return true;
    }
    if (training.bundle_url || training.state === "failed" || !training.evaluation) return false;
    if (!this.#endedAt.has(training.id)) this.#endedAt.set(training.id, Date.now());
    return Date.now() - this.#endedAt.get(training.id) < FILES_WITHIN_MS;
  }
}
