/** Small helpers for building the page; text only ever goes in as text, never as markup. */

/**
 * A new element. `properties` are set as properties where the element has them, else as attributes; `dataset` and
 * `on` (event name -> listener) are understood too. Children are nodes or text; null and false are left out.
 */
export function element(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "on") Object.entries(value).forEach(([event, listener]) => made.addEventListener(event, listener));
    else if (name === "dataset") Object.assign(made.dataset, value);
    else if (name in made) made[name] = value;
    else made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null && child !== false));
  return made;
}

/** A dialog with a title and a way to close it, put at the end of the page. */
export function titledDialog(title, className, ...content) {
  const close = element("button", { type: "button", className: "close", on: { click: () => dialog.close() } }, "Close");
  const dialog = element("dialog", { className }, element("header", {}, element("h2", {}, title), close), ...content);
  dialog.setAttribute("aria-label", title);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  document.body.append(dialog);
  return dialog;
}

/** Open a dialog where it is in sight, also within a frame that is higher than the screen. */
export function openDialog(dialog) {
  const hidden = window.frameElement ? -window.frameElement.getBoundingClientRect().top : 0; // px above the screen
  dialog.style.marginTop = window.frameElement ? `${Math.max(hidden, 0) + 60}px` : "";
  if (window.frameElement) dialog.style.maxHeight = `${window.parent.innerHeight - 100}px`;
  dialog.showModal();
}

/** A labelled checkbox; returns the label with the input as its `input` property. */
export function checkbox(text, checked, onChange, title = "") {
  const input = element("input", { type: "checkbox", checked, on: { change: () => onChange(input.checked) } });
  return Object.assign(element("label", { className: "check", title }, input, text), { input });
}

/** A labelled select. `options` are [value, text] pairs; `fill` replaces them and keeps the choice where it can. */
export function choice(text, options, onChange, { hiddenLabel = false } = {}) {
  const select = element("select", { on: { change: () => onChange(select.value) } });
  const label = element(
    "label",
    { className: "choice" },
    element("span", { className: hiddenLabel ? "aside" : "" }, text),
    select,
  );
  const fill = (pairs, chosen) => {
    const key = JSON.stringify(pairs);
    if (select.dataset.key !== key) {
      select.replaceChildren(...pairs.map(([value, name]) => element("option", { value }, name)));
      select.dataset.key = key;
    }
    select.value = chosen;
  };
  fill(options, options[0]?.[0]);
  return Object.assign(label, { select, fill });
}

/** 1536 -> "1.5 KB": bytes for a person, in powers of 1000. */
export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const power = Math.min(Math.floor(Math.log10(bytes) / 3), 4);
  const value = bytes / 1000 ** power;
  return `${value.toFixed(value < 10 ? 1 : 0)} ${["B", "KB", "MB", "GB", "TB"][power]}`;
}
