/** The panes, the clock and the curves on the whole screen, and nothing else. */

const showing = () => Boolean(document.fullscreenElement);

document.addEventListener("fullscreenchange", () => document.body.classList.toggle("whole", showing()));

/** Go to the whole screen or come back; a browser that refuses is told so. */
export async function toggleWholeScreen() {
  try {
    if (showing()) await document.exitFullscreen();
    else await document.documentElement.requestFullscreen();
  } catch {
    document.dispatchEvent(new CustomEvent("viewer-trouble", { detail: "This browser does not give the page the whole screen here." }));
  }
}
