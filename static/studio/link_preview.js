/** What is behind a pasted link: its title, picture and length, with the window to choose on it; the site looks, not the browser. */

import { ask } from "./api.js";

const TYPING_MS = 700;
const LOOKS_LIKE = /^\s*(https?:\/\/|www\.|youtu\.be\/|(m\.)?youtube\.com\/)\S+\.\S+|^\s*https?:\/\/\S+\/\S*/i;
const place = () => document.querySelector("#link-preview");
let timer = 0;
let wanted = "";

document.addEventListener("input", ({ target }) => {
  if (!target.closest?.("#link")) return;
  clearTimeout(timer);
  const link = target.value.trim();
  timer = setTimeout(() => look(link), link ? TYPING_MS : 0);
});

const early = document.querySelector("#link input, #link textarea")?.value.trim(); // pasted before this script was here
if (early) look(early);

async function look(link) {
  const shown = place();
  if (!shown || link === wanted) return;
  wanted = link;
  if (!LOOKS_LIKE.test(link)) return shown.replaceChildren();
  shown.replaceChildren(words("p", "quiet looking", "Looking at the link …"));
  try {
    const found = await ask("/api/links/preview", "POST", { link });
    if (link === wanted) shown.replaceChildren(card(found));
  } catch (error) {
    if (link === wanted) shown.replaceChildren(words("p", "quiet", error.message));
  }
}

function card({ title, uploader, seconds, start_s: start, end_s: end, picture, most_seconds: most }) {
  const root = document.createElement("div");
  root.className = "link-card";
  if (picture) {
    const image = document.createElement("img");
    Object.assign(image, { src: picture, alt: "" });
    root.append(image);
  }
  const told = words("div", "", "");
  told.append(words("strong", "", title));
  const facts = [uploader, seconds ? lengthOf(seconds) : "its length is known once it is fetched"].filter(Boolean);
  told.append(words("span", "quiet", facts.join(" · ")));
  root.append(told);
  if (seconds > 0) root.append(picker(seconds, most, start ?? 0, end ?? seconds));
  return root;
}

/** The handles of window_picker.js over the length of the video. */
function picker(seconds, most, start, end) {
  const root = words("div", "picker plain", "");
  root.dataset.seconds = seconds;
  root.dataset.most = most;
  const track = words("div", "track", "");
  track.append(words("span", "chosen", ""));
  for (const [which, value, name] of [["from", start, "The window begins at, in seconds"], ["to", end, "The window ends at, in seconds"]]) {
    const handle = document.createElement("input");
    Object.assign(handle, { type: "range", className: which, min: 0, max: seconds, step: 0.05, value });
    handle.setAttribute("aria-label", name);
    track.append(handle);
  }
  const picked = words("div", "picked", "");
  picked.append(document.createElement("output"));
  root.append(track, picked);
  return root;
}

function lengthOf(seconds) {
  const [minutes, rest] = [Math.floor(seconds / 60), Math.floor(seconds % 60)];
  return `${minutes}:${String(rest).padStart(2, "0")} long`;
}

function words(tag, className, text) {
  return Object.assign(document.createElement(tag), { className, textContent: text });
}
