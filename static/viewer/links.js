/** A link for every artifact of the run, by folder, with its size. */

import { element, size } from "./dom.js";

const MEANINGS = [
  [/^clip\.mp4$/, "the window that was used"],
  [/^people\.json$/, "everybody who was found"],
  [/^people\/.*\.npz$/, "keypoints as they were found"],
  [/^people\/.*\.jpg$/, "thumbnail"],
  [/track\.npz$/, "keypoints over time"],
  [/hmr\.npz$/, "recovered mesh, frame by frame"],
  [/hmr\.glb$/, "recovered mesh, animated"],
  [/motion\.npz$/, "reconstructed motion"],
  [/motion\.glb$/, "reconstructed motion, animated"],
  [/reference\.txt$/, "DeepMimic reference for the humanoid"],
  [/policies\/.*card\.md$/, "what it learned, how well, and its limits"],
  [/policies\/.*policy\.(zip|onnx)$/, "the policy's network"],
  [/policies\/.*play\.(py|npz)$/, "plays the policy without this program"],
  [/-humanoid\.glb$/, "the humanoid's own solids"],
  [/rollouts\/policy-.*-body\.glb$/, "latest performance of a policy, on the same body"],
  [/rollouts\/.*-body\.glb$/, "performance under physics, on the same body"],
  [/rollouts\/.*\.npz$/, "performance under physics: states, torques, contacts"],
  [/curves\.json$/, "the reconstruction's objective, term by term"],
  [/motion\.bvh$/, "reconstructed motion for animation programs"],
  [/side_by_side\.mp4$/, "source, mesh over the source, physics: one video"],
  [/^metrics\.json$/, "all figures"],
  [/^run\.json$/, "settings, versions and timings"],
];

/**
 * @param {string} whole the address of the whole run as one zip, "" while there is none
 * @param {Node} takeAs the form for other programs' formats, which keeps what is chosen in it
 */
export function showLinks(container, all, urlOf, whole, takeAs) {
  const artifacts = all?.filter(({ path }) => !path.includes("/checkpoints/")); // shown where policies are
  const key = JSON.stringify([artifacts, whole]);
  if (container.dataset.key === key) return;
  container.dataset.key = key;
  container.hidden = !artifacts?.length;
  if (container.hidden) return;
  const groups = new Map(); // title -> files
  for (const artifact of artifacts) {
    const title = groupOf(artifact.path);
    groups.set(title, [...(groups.get(title) ?? []), artifact]);
  }
  const total = artifacts.reduce((sum, artifact) => sum + artifact.bytes, 0);
  container.replaceChildren(
    element("h2", { id: "links-title" }, "Files", element("small", {}, ` ${artifacts.length}, together ${size(total)}`)),
    whole && element("p", {}, element("a", { href: whole, download: "" }, "Everything as one zip"), " · opens again on the first page, here or elsewhere"),
    takeAs,
    ...[...groups].map(([title, files]) => (title ? folded(title, files, urlOf) : fileList(files, urlOf))),
  );
}

/** What a file belongs to: "" for the run itself. */
function groupOf(path) {
  const [folder, ...rest] = path.split("/");
  if (!rest.length) return "";
  const person = folder.replace(/^person-(\d+)$/, (_, n) => `Person ${Number(n) + 1}`);
  if (folder === "people") return "People as they were found";
  if (rest[0] === "policies" || rest.at(-1).startsWith("policy-")) return `${person}, policies`;
  return rest[0] === "rollouts" ? `${person}, under physics` : person;
}

/** Files behind one line, which says how many they are. */
function folded(title, files, urlOf) {
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  const summary = element("summary", {}, title, element("small", {}, ` ${files.length}, ${size(bytes)}`));
  return element("details", {}, summary, fileList(files, urlOf));
}

const fileList = (files, urlOf) => element("ul", {}, ...files.map((file) => fileItem(file, urlOf)));

function fileItem(file, urlOf) {
  const name = file.path.split("/").slice(file.path.includes("/policies/") ? -2 : -1).join("/");
  const meaning = MEANINGS.find(([pattern]) => pattern.test(file.path))?.[1];
  return element(
    "li",
    {},
    element("a", { href: urlOf(file.url), download: "" }, name),
    element("span", { className: "bytes" }, size(file.bytes)),
    element("span", { className: "meaning" }, meaning ?? ""),
  );
}
