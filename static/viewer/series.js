/** Motions by frame: what the server tells of a person's feet, jitter, reward, contacts and forces. */

import { artifactUrl } from "./run_feed.js";

const kept = new Map(); // address and version -> {content or null while it is on its way}

/**
 * The series of a person, or null until they are there. `onChange` is called once they have come.
 * @param {string} runId @param {object|null} person of the run's JSON
 */
export function seriesOf(runId, person, onChange) {
  if (!person?.series_url || !person.motions.length) return null;
  const version = person.motions.map(({ name, written }) => `${name}${written ?? ""}`).join();
  const url = artifactUrl(runId, person.series_url);
  const key = `${url} ${version}`;
  if (!kept.has(key)) {
    const before = [...kept].findLast(([each]) => each.startsWith(`${url} `))?.[1].content ?? null;
    const entry = { content: before, loading: true };
    kept.set(key, entry);
    fetch(url)
      .then((answer) => (answer.ok ? answer.json() : null))
      .catch(() => null)
      .then((content) => {
        Object.assign(entry, { content: content ?? before, loading: false });
        onChange();
      });
  }
  return kept.get(key).content;
}

export const seriesLoading = () => [...kept.values()].some(({ loading }) => loading);

/** The index into a motion's series at `time` s of the clip, or -1 before and after it. */
export function indexAt(motion, time) {
  const index = Math.round(time * motion.fps);
  return index >= 0 && index < motion.contacts.length ? index : -1;
}
