/** Ties the window picker of an upload to the two fields for its times; the fields stay what counts. */

const field = (which) => document.querySelector(`#${which} input, #${which} textarea`);
const LEAST_S = 0.1;

/** 2:55, 12.35: as the fields are written. */
function clock(seconds) {
  const minutes = Math.floor(seconds / 60);
  const rest = Number((seconds - 60 * minutes).toFixed(2));
  return `${minutes}:${rest < 10 ? "0" : ""}${rest}`;
}

function parse(text, otherwise) {
  const parts = text.trim().replace(",", ".").split(":").map(Number);
  return text.trim() && parts.every(Number.isFinite) ? parts.reduce((sum, part) => sum * 60 + part, 0) : otherwise;
}

const handle = (picker, which) => picker.querySelector(`input.${which}`);

/** Draw what is chosen and say it. */
function draw(picker) {
  const length = Number(picker.dataset.seconds);
  const [from, to] = ["from", "to"].map((which) => Number(handle(picker, which).value));
  const chosen = picker.querySelector(".chosen");
  chosen.style.left = `${(100 * from) / length}%`;
  chosen.style.right = `${100 - (100 * to) / length}%`;
  const most = Number(picker.dataset.most);
  const long = to - from > most + 0.01;
  picker.querySelector("output").textContent = `${clock(from)} to ${clock(to)}, ${(to - from).toFixed(1)} s${long ? ` (at most ${most} s are taken)` : ""}`;
  picker.classList.toggle("too-long", long);
}

/** Write a handle's time into its field, as a person would. */
function tell(picker, which) {
  const time = Number(handle(picker, which).value);
  const input = field(which);
  if (!input) return;
  const whole = which === "from" ? time <= 0 : time >= Number(picker.dataset.seconds) - 0.04;
  input.value = whole ? "" : clock(time);
  input.dispatchEvent(new Event("input", { bubbles: true }));
}

/** Move a handle; the other one stays at its side of it. */
function move(picker, which, time) {
  const other = Number(handle(picker, which === "from" ? "to" : "from").value);
  const kept = which === "from" ? Math.min(time, other - LEAST_S) : Math.max(time, other + LEAST_S);
  handle(picker, which).value = Math.max(0, kept);
  draw(picker);
  tell(picker, which);
}

document.addEventListener("input", ({ target }) => {
  const picker = target.closest?.(".picker");
  if (picker && target.type === "range") {
    const which = target.classList.contains("from") ? "from" : "to";
    move(picker, which, Number(target.value));
    const video = picker.querySelector("video");
    video?.pause();
    if (video) video.currentTime = Number(target.value);
    return;
  }
  const which = ["from", "to"].find((name) => target === field(name));
  const shown = document.querySelector(".picker");
  if (!which || !shown) return;
  const given = parse(target.value, which === "from" ? 0 : Number(shown.dataset.seconds));
  handle(shown, which).value = given;
  draw(shown);
});

document.addEventListener("click", ({ target }) => {
  const button = target.closest?.(".picker [data-take]");
  if (!button) return;
  const picker = button.closest(".picker");
  const video = picker.querySelector("video");
  if (video) move(picker, button.dataset.take, video.currentTime);
});

// What the browser cannot play is picked by the strip alone.
document.addEventListener(
  "error",
  ({ target }) => {
    const picker = target.closest?.(".picker");
    if (picker && target.tagName === "VIDEO") {
      target.remove();
      picker.querySelectorAll("[data-take]").forEach((button) => button.remove());
    }
  },
  true,
);

function begin(picker) {
  picker.dataset.begun = "1";
  for (const which of ["from", "to"]) {
    const given = field(which)?.value ?? "";
    if (given.trim()) handle(picker, which).value = parse(given, Number(handle(picker, which).value));
  }
  draw(picker);
}

new MutationObserver(() => document.querySelectorAll(".picker:not([data-begun])").forEach(begin)).observe(document.documentElement, { childList: true, subtree: true });
