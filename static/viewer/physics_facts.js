/** What a performance under physics says of itself wherever it is shown: whether it fell, and what held it up. */

const NOTHING_N = 0.5; // below, a force is rounding

const seconds = (value) => `${Number(value.toFixed(1))} s`;
const share = (value) => `${Math.round(100 * value)}\u00a0%`;

/** "fell at 2.3 s", while a better one is sought "best so far: 2.3 s held", or "" where there is nothing to say. */
export function fallOf({ physics, improving }) {
  if (!physics) return "";
  const { fell_s: fell } = physics;
  if (improving) return fell === null ? "best so far: whole motion held" : `best so far: ${seconds(fell)} held`;
  return fell === null ? "" : `fell at ${seconds(fell)}`;
}

/** "held by 212 N, 48 % of body weight" or "no residual force"; "" for what is no performance. */
export function forceOf({ physics }) {
  if (!physics) return "";
  if (physics.force_n < NOTHING_N) return "no residual force";
  return `held by ${Math.round(physics.force_n)} N, ${share(physics.force_share)} of body weight`;
}

/** Where on the clock the shown motions fell: [{time s, text, held}]; `held`: a better one is still being sought. */
export function fallsOf(motions, shown, titleOf) {
  return motions
    .filter((motion) => shown.includes(motion.name) && motion.physics && motion.physics.fell_s !== null)
    .map((motion) => ({
      time: motion.physics.fell_s,
      text: `${titleOf(motion.name, motions)}: ${fallOf(motion)}`,
      held: Boolean(motion.improving),
    }));
}
