/** Pictures move unless the person or their system wants rest; what was chosen is kept for the next visit. */

const KEY = "understudy.moving";

/** @param {HTMLInputElement} box the checkbox to choose by */
export function followMotion(box) {
  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const stored = localStorage.getItem(KEY);
  const set = (moving) => document.body.classList.toggle("moving", moving);
  box.checked = stored === null ? !calm.matches : stored === "1";
  set(box.checked);
  box.addEventListener("change", () => {
    localStorage.setItem(KEY, box.checked ? "1" : "0");
    set(box.checked);
  });
}
