/** Other runs whose motions are shown beside this one's: read while some pane wants them. */

import { artifactUrl, watchRun } from "./run_feed.js";

export class OtherRuns {
  #read = new Map(); // id -> {run: object or null, problem, stop}
  #onChange;

  constructor(onChange) {
    this.#onChange = onChange;
  }

  /** Forget the runs that are not among these any more. */
  keep(ids) {
    for (const [id, { stop }] of this.#read) {
      if (ids.includes(id)) continue;
      stop();
      this.#read.delete(id);
    }
  }

  /** A person of another run as a pane needs them; `run` is null and `problem` may tell why while there is nothing yet. */
  scene(id, person) {
    const { run, problem } = this.#read.get(id) ?? this.#watch(id);
    const found = run?.people?.find(({ index }) => index === person) ?? null;
    return {
      key: `${id}~${person}`,
      run,
      person: found,
      motions: found?.motions ?? [],
      problem: run && !found && run.state === "done" ? `“${run.name}” has no person ${person + 1}.` : problem,
      urlOf: (url) => artifactUrl(id, url),
    };
  }

  #watch(id) {
    const entry = { run: null, problem: "", stop: () => {} };
    this.#read.set(id, entry);
    entry.stop = watchRun(
      id,
      (run) => {
        Object.assign(entry, { run, problem: "" });
        this.#onChange();
      },
      (trouble) => {
        entry.problem = entry.run ? "" : trouble?.message ?? "";
        this.#onChange();
      },
    );
    return entry;
  }
}
