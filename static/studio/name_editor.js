/** A name that becomes a field where it stands: Enter or leaving it keeps what was written, Escape does not. */

import { element } from "../viewer/dom.js";

/** A card of the library is called otherwise: `card` has `name`, the button `rename`, and `events.onRename`. */
export function renameCard(card, now) {
  if (!card.name.isConnected) return; // it is a field already
  editName(card.name, now, (name) => card.events.onRename(card, name), () => card.rename.focus());
}

/** @param {HTMLElement} name what shows it @param {string} now @param {(written: string) => void} onKept where it is another */
function editName(name, now, onKept, onEnd) {
  const input = element("input", { type: "text", value: now, maxLength: 120, "aria-label": "New name" });
  let open = true;
  const end = (keep) => {
    if (!open) return;
    open = false;
    input.replaceWith(name);
    onEnd();
    if (keep && input.value.trim() !== now) onKept(input.value);
  };
  input.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== "Escape") return;
    event.preventDefault(); // or the button that is focused next would take it for a press
    end(event.key === "Enter");
  });
  input.addEventListener("blur", () => end(true));
  name.replaceWith(input);
  input.focus();
  input.select();
}
