/** `window.understudyViewer`: a handle for tests and for pages that hold the viewer in a frame. */

const LONGEST_WAIT_MS = 5000;

export function exposeHandle({ clock, panes, isUsable, isReady, isAtRest, nextDraw }) {
  const paneOf = (which) => (typeof which === "number" ? panes.list[which] : panes.list.find((pane) => pane.name === which));
  window.understudyViewer = {
    /** True once the run was read, and every pane shows its motion, or the clip, or says why not. */
    get usable() {
      return isUsable();
    },
    /** The same, and the curves under the clock are there. */
    get ready() {
      return isReady();
    },
    /** True where the same, too, and the picture is whole: nothing moves, every pixel is drawn. */
    get atRest() {
      return isReady() && isAtRest();
    },
    /** The frame that all panes show. */
    frame: () => clock.frame,
    /** Pause at the frame that holds `t` (s); resolves once every pane shows it, the video too. */
    async seek(t) {
      clock.pause();
      clock.seekTime(t);
      const end = performance.now() + LONGEST_WAIT_MS;
      do await nextDraw();
      while (!(panes.source?.settled ?? true) && performance.now() < end);
    },
    /** The panes from left to right: the motion wanted, the one shown, and what the pane says. */
    panes: () =>
      panes.list.map((pane) => ({
        name: pane.name,
        shown: pane.name === "source" ? "source" : pane.shown,
        message: pane.message,
        loading: Boolean(pane.loading),
      })),
    /** What is laid over each pane: marks of contact, newtons of the arrow, errors of the joints in m by name, split. */
    overlays: () => {
      panes.pose();
      return panes.motionPanes.map((pane) => ({
        contacts: pane.contacts.shown,
        newtons: pane.newtons ?? null,
        errors: Object.fromEntries(pane.errors.map(({ name, metres }) => [name, metres])),
        split: Boolean(pane.split && pane.other),
      }));
    },
    /** The element whose picture is on the screen in the source's pane: the video, or the canvas it is drawn on; or null. */
    screen: () => panes.source?.screen ?? null,
    /** First and last frame of the loop, or null where everything is played. */
    range: () => clock.range,
    /** The same as the next as it was drawn last, whatever the clock says by now. */
    drawnJoint: (pane, joint) => paneOf(pane)?.actor?.joint(joint)?.toArray() ?? null,
    /** A joint's place [x, y, z] (m, y up) in a pane, by position or name, at the frame shown; null where unknown. */
    jointPosition: (pane, joint) => {
      panes.pose();
      return paneOf(pane)?.actor?.joint(joint)?.toArray() ?? null;
    },
  };
}
