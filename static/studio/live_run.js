/**
 * Keeps a run's page up to date while the run is at work: words and bars are put in here; where buttons or the viewer's
 * frame have to change as well, the page itself is asked to look (the unseen button #look).
 */

const PERIOD_MS = 1000;
const HIDDEN_MS = 5000; // nobody looks
const LONGEST_MS = 8000; // while the site does not answer
let timer = 0;
let failures = 0;

const head = () => document.querySelector("[data-live=head][data-run]");
const part = (name) => document.querySelector(`[data-live=${name}]`);
const look = () => document.querySelector("#look")?.click();

/** Ask how far the run is, and show it; again after a while. */
async function follow() {
  clearTimeout(timer);
  const shown = head();
  let next = PERIOD_MS;
  if (shown?.dataset.going) {
    try {
      const answer = await fetch(`/api/runs/${shown.dataset.run}/page`, { headers: { Accept: "application/json" }, cache: "no-cache" });
      if (answer.status === 404) look(); // deleted, in another tab
      else if (!answer.ok) throw new Error(`${answer.status}`);
      else if (head() === shown) show(await answer.json(), shown);
      failures = 0;
    } catch {
      failures += 1;
      next = Math.min(PERIOD_MS * 2 ** failures, LONGEST_MS);
    }
  }
  timer = setTimeout(follow, document.hidden ? Math.max(next, HIDDEN_MS) : next);
}

function show(now, shown) {
  for (const name of ["head", "stages", "links"]) {
    const place = part(name);
    if (!place || place.shows === now[name]) continue;
    place.shows = now[name];
    const open = place.querySelector("details")?.open;
    place.innerHTML = now[name]; // made and escaped by the site, as it was when the page was built
    if (open) place.querySelector("details")?.setAttribute("open", "");
  }
  if (now.key !== shown.dataset.key) look();
}

document.addEventListener("visibilitychange", () => document.hidden || follow());
follow();
