/** What the page says beside what it shows. */

import { element } from "./dom.js";

const at = (id) => document.getElementById(id);

/** One sentence at the top of the page; none where `text` is empty. */
export function say(text, kind = "") {
  const notice = at("notice");
  if (notice.textContent !== text) notice.textContent = text;
  notice.dataset.kind = kind;
  notice.hidden = !text;
}

/** Nothing can be shown: say why and what to do, and nothing else. */
export function sayInstead(text, advice) {
  at("show").hidden = true;
  at("tools").hidden = true;
  at("run-state").textContent = "";
  say(`${text} ${advice} `, "error");
  at("notice").append(element("a", { href: "../", target: "_top" }, "First page"));
}

/** What the stages wanted to be known although they went on. */
export function showNotes(notices = []) {
  at("notes").hidden = !notices.length;
  at("notes").replaceChildren(...notices.map((text) => element("li", {}, text)));
}
