/** Within another page of this site: the frame grows with its content, so that nobody scrolls in two places. */

const NARROW_PX = 760; // below, the panes are stacked and the clock stays at the frame's foot: there the frame scrolls

/** Fit the frame that holds this document to it, as long as the frame is wide enough. */
export function fitFrame() {
  const frame = window.frameElement; // null outside a frame, and in one of another site
  if (!frame) return;
  const fit = () => {
    const wide = window.innerWidth >= NARROW_PX;
    // The panes' height follows the window's, and not the frame's, which follows the panes.
    document.documentElement.style.setProperty("--screen", wide ? `${window.parent.innerHeight}px` : "100vh");
    const borders = frame.offsetHeight - frame.clientHeight;
    frame.style.height = wide ? `${Math.ceil(document.body.getBoundingClientRect().height) + borders}px` : "";
  };
  new ResizeObserver(fit).observe(document.body);
  window.parent.addEventListener("resize", fit);
  fit();
}
