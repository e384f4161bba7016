/** Dark or light: as the system says, or as ?theme= says. The colours themselves stand in style/page.css. */

const system = matchMedia("(prefers-color-scheme: dark)");

/** Take the theme of the address ("dark", "light" or "" for the system's) and call back on every change. */
export function applyTheme(theme, onChange) {
  const root = document.documentElement;
  if (theme) root.dataset.theme = theme;
  const isDark = () => (theme || (system.matches ? "dark" : "light")) === "dark";
  if (!theme) system.addEventListener("change", () => onChange(isDark()));
  onChange(isDark());
}

/** A custom property of the style sheet as the colour that it has now, "rgb(…)". */
export function styleColour(name, within = document.body) {
  const probe = document.createElement("i");
  probe.style.color = `var(${name})`;
  within.append(probe);
  const colour = getComputedStyle(probe).color;
  probe.remove();
  return colour;
}
