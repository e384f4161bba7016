/** What a person's own challenge is of: policies and motions to tick, their own before those that ship. */

import { element } from "../viewer/dom.js";
import { ask } from "./api.js";

const KINDS = { policy: ["policies", "Policies"], motion: ["motions", "Motions"] };

/**
 * Fill `form` with all that can be challenged. `onStart({policies, motions})` is given the keys of what was ticked;
 * `onCancel` is called where nothing is to be.
 */
export async function showChoice(form, onStart, onCancel) {
  const found = await ask("/api/challenges/own/choices");
  const count = element("p", { className: "quiet", role: "status" });
  const start = element("button", { type: "submit", className: "primary" }, "Challenge these");
  const cancel = element("button", { type: "button", on: { click: onCancel } }, "Cancel");
  const ticked = (kind) => [...form.querySelectorAll(`[name=${kind}]:checked`)].map(({ value }) => value);

  function tell() {
    const [rows, columns] = [ticked("policy").length, ticked("motion").length];
    const tooMany = rows > found.most_policies || columns > found.most_motions;
    start.disabled = !rows || !columns || tooMany;
    count.textContent = tooMany
      ? `At most ${found.most_policies} policies and ${found.most_motions} motions at once.`
      : !rows || !columns
        ? "Tick at least one policy and one motion."
        : `${numbered(rows, "policy", "policies")} on ${numbered(columns, "motion", "motions")}`;
  }

  form.replaceChildren(
    ...Object.entries(KINDS).map(([kind, [list, title]]) => fieldset(kind, title, found[list], new Set(found.chosen))),
    element("div", { className: "bar" }, start, cancel, count),
  );
  form.onchange = tell;
  form.onsubmit = (event) => {
    event.preventDefault();
    onStart({ policies: ticked("policy"), motions: ticked("motion") });
  };
  tell();
}

function fieldset(kind, title, all, chosen) {
  const part = (own) => all.filter((each) => each.own === own).map(({ key, name }) => line(kind, key, name, chosen));
  const [own, others] = [part(true), part(false)];
  const none = element("p", { className: "quiet" }, kind === "policy" ? "None yet: train one on a finished run." : "None yet: start a run.");
  return element(
    "fieldset",
    {},
    element("legend", {}, title),
    element("div", { className: "part" }, element("h3", {}, "Yours"), ...(own.length ? own : [none])),
    element("div", { className: "part" }, element("h3", {}, "That ship"), ...others),
  );
}

function line(kind, key, name, chosen) {
  const box = element("input", { type: "checkbox", name: kind, value: key, checked: chosen.has(`${kind}:${key}`) });
  return element("label", { className: "check" }, box, element("span", { title: name }, name));
}

const numbered = (count, one, many) => `${count} ${count === 1 ? one : many}`;
