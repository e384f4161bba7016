/** The samples of the first page move while somebody points at them, or has their button in the focus. */

const filmOf = (target) => target.closest?.(".samples > .column")?.querySelector("video[data-src]");

function play({ target }) {
  const film = filmOf(target);
  if (!film || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  if (!film.src) film.src = film.dataset.src;
  film.play().then(() => film.classList.add("moving")).catch(() => {});
}

function rest({ target, relatedTarget }) {
  const film = filmOf(target);
  if (!film || (relatedTarget instanceof Element && filmOf(relatedTarget) === film)) return;
  film.pause();
  film.classList.remove("moving");
}

for (const event of ["pointerover", "focusin"]) document.addEventListener(event, play);
for (const event of ["pointerout", "focusout"]) document.addEventListener(event, rest);
