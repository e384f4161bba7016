/** Draws one frame of keypoints (BlazePose's 33 names) over a picture shown with object-fit: contain. */

const SEEN = 0.3; // visibility below which a point is left out
const COLOURS = { left: "#ffb35c", right: "#5cd0ff", middle: "#ffffff" };

// In BlazePose's order the points from 11 on alternate: odd ones are the person's left, even ones the right.
const LEFT_FACE = new Set([1, 2, 3, 7, 9]);
const sideOf = (i) => {
  if (i === 0) return "middle";
  if (i < 11) return LEFT_FACE.has(i) ? "left" : "right";
  return i % 2 ? "left" : "right";
};

/**
 * @param {CanvasRenderingContext2D} context of a canvas that covers the pane
 * @param {number[][]} points [33][3]: x px, y px (of the clip), visibility in [0, 1]
 * @param {{width: number, height: number, edges: number[][]}} track
 * @param {number} ratio device pixels per CSS pixel
 */
export function drawKeypoints(context, points, track, ratio) {
  const { width, height } = context.canvas;
  const scale = Math.min(width / track.width, height / track.height);
  const left = (width - track.width * scale) / 2;
  const top = (height - track.height * scale) / 2;
  const at = (i) => [left + points[i][0] * scale, top + points[i][1] * scale];
  const visibility = (i) => points[i]?.[2] ?? 0;

  context.lineCap = "round";
  for (const [a, b] of track.edges ?? []) {
    const seen = Math.min(visibility(a), visibility(b));
    if (seen < SEEN) continue;
    const side = sideOf(a) === sideOf(b) ? sideOf(a) : "middle";
    stroke(context, at(a), at(b), "rgb(0 0 0 / 0.45)", 4.5 * ratio, seen);
    stroke(context, at(a), at(b), COLOURS[side], 2.5 * ratio, seen);
  }
  for (let i = 0; i < points.length; i++) {
    if (visibility(i) < SEEN) continue;
    dot(context, at(i), (i < 11 ? 1.8 : 3.2) * ratio, COLOURS[sideOf(i)], visibility(i));
  }
  context.globalAlpha = 1;
}

function stroke(context, [x0, y0], [x1, y1], colour, width, alpha) {
  context.globalAlpha = alpha;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x0, y0);
  context.lineTo(x1, y1);
  context.stroke();
}

function dot(context, [x, y], radius, colour, alpha) {
  context.globalAlpha = alpha;
  context.fillStyle = colour;
  context.strokeStyle = "rgb(0 0 0 / 0.6)";
  context.lineWidth = radius * 0.45;
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.fill();
  context.stroke();
}
