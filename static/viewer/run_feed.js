/** Reads one run from the server, again and again until it is finished. */

const FINISHED = new Set(["done", "failed", "cancelled"]);
const PERIOD_MS = 1000;
const HIDDEN_MS = 5000; // nobody looks
const LONGEST_PERIOD_MS = 8000;

export const isFinished = (run) => FINISHED.has(run.state);

/** The address of a run's JSON, or of a challenge's cell ("challenge:NAME:ROW:COLUMN"), relative to /viewer/index.html. */
export function runUrl(id) {
  const [kind, name, ...cell] = id.split(":").map(encodeURIComponent);
  const path = kind === "challenge" && cell.length === 2 ? `challenges/${name}/cells/${cell.join("/")}` : `runs/${encodeURIComponent(id)}`;
  return new URL(`../api/${path}`, document.baseURI);
}

/** An address from the run's JSON made absolute; "files/x" is taken to lie below the run. */
export const artifactUrl = (id, url) => new URL(url, `${runUrl(id).href}/`).href;

/**
 * Poll the run. `onRun(run)` is called with every answer, `onTrouble({kind, message})` where none came: kind is
 * "missing" (no such run: polling ends) or "connection" (it goes on, ever slower, and onTrouble(null) says that all is
 * well again).
 * @returns {() => void} a function that ends the polling
 */
export function watchRun(id, onRun, onTrouble) {
  let stopped = false;
  let failures = 0;
  let timer = 0;
  let waiting = false;

  async function ask() {
    waiting = false;
    let next = PERIOD_MS;
    try {
      const answer = await fetch(runUrl(id), { headers: { Accept: "application/json" }, cache: "no-cache" });
      if (stopped) return;
      if (answer.status === 404 || answer.status === 422) {
        onTrouble({ kind: "missing", message: `There is no run “${id}”.` });
        return;
      }
      if (!answer.ok) throw new Error(`the server answered ${answer.status}`);
      const run = await answer.json();
      if (stopped) return;
      if (failures) onTrouble(null);
      failures = 0;
      onRun(run);
      if (isFinished(run)) return;
    } catch (error) {
      if (stopped) return;
      failures += 1;
      next = Math.min(PERIOD_MS * 2 ** failures, LONGEST_PERIOD_MS);
      onTrouble({ kind: "connection", message: `The run cannot be read at the moment (${error.message}). Trying again.` });
    }
    timer = setTimeout(ask, document.hidden ? Math.max(next, HIDDEN_MS) : next);
    waiting = true;
  }

  const onShown = () => {
    if (document.hidden || !waiting) return;
    clearTimeout(timer);
    ask();
  };
  document.addEventListener("visibilitychange", onShown);
  ask();
  return () => {
    stopped = true;
    clearTimeout(timer);
    document.removeEventListener("visibilitychange", onShown);
  };
}
