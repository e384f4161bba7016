/** Which run, person and motion stand behind the name of a pane, and the curves of those that are shown. */

import { partsOf, titleOf } from "./casting.js";
import { OtherRuns } from "./other_runs.js";
import { artifactUrl } from "./run_feed.js";

export class Scenes {
  run = null; // as the server has told it last
  #view;
  #others;
  #withPolicies;

  /**
   * @param {object} view the page's @param {{onChange: Function, withPolicies: (person) => person}} events told when
   *   another run has come; a person with their policies among the motions
   */
  constructor(view, { onChange, withPolicies }) {
    this.#view = view;
    this.#others = new OtherRuns(onChange);
    this.#withPolicies = withPolicies;
  }

  urlOf = (url) => artifactUrl(this.#view.run, url);

  /** The person that the page shows, with their policies; null while there is nobody. */
  get person() {
    const people = this.run?.people ?? [];
    return this.#withPolicies(people.find(({ index }) => index === this.#view.person) ?? people[0] ?? null);
  }

  /** Read the other runs that panes of these names want, and no more. */
  keep(names) {
    this.#others.keep(names.map((name) => partsOf(name).run));
  }

  /** What a pane of this name shows of whom: of the page's own run and person, or of another's. */
  of = (wanted) => {
    const { run: id, person, motion } = partsOf(wanted);
    if (id) return { ...this.#others.scene(id, person), name: motion };
    const own = this.person;
    return { key: "", run: this.run, person: own, motions: own?.motions ?? [], name: motion, urlOf: this.urlOf, problem: "" };
  };

  /** The series of every motion on the panes, each once, for the curves. */
  curvesOf(panes) {
    const found = new Map();
    for (const pane of panes.motionPanes) {
      const series = panes.seriesOf(pane);
      if (!series) continue;
      const { key, motions, run } = this.of(pane.wanted);
      const motion = motions.find(({ name }) => name === pane.shown);
      const title = titleOf(pane.shown, motions) + (key ? ` · ${run.name}` : "");
      found.set(series, { title, name: pane.shown, elsewhere: Boolean(key), series, offset: motion?.offset_s ?? 0 });
    }
    return [...found.values()];
  }
}
