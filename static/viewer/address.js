/** The page's own address: what it asks for, and the link that brings somebody else to the same view. */

const PANE = /^[\w-]{1,64}$/;

/**
 * What the query string asks for.
 * @returns {{run: string, person: number, t: number, panes: string[], panesChosen: boolean, ghost: string, theme: string, follow: boolean,
 *   keypoints: boolean, embedded: boolean}} `embedded`: within a page that has its own head and progress; `ghost` is "" when off; `panes` are "source" or the names of motions, one to four of them.
 */
export function readAddress(search = location.search) {
  const query = new URLSearchParams(search);
  const panes = (query.get("panes") ?? "").split(",").filter((name) => PANE.test(name));
  return {
    run: query.get("run") ?? "",
    person: Math.max(0, Math.trunc(Number(query.get("person"))) || 0),
    t: Math.max(0, Number(query.get("t")) || 0),
    panes: panes.length ? onlyOneSource(panes).slice(0, 4) : ["source", "hmr", "assisted"],
    panesChosen: panes.length > 0,
    ghost: PANE.test(query.get("ghost") ?? "") ? query.get("ghost") : "",
    embedded: query.get("embedded") === "1",
    theme: ["dark", "light"].includes(query.get("theme")) ? query.get("theme") : "",
    follow: query.get("follow") !== "0",
    keypoints: query.get("keypoints") !== "0",
  };
}

/**
 * The absolute link to a view, with everything left out that is as it would be anyway. A link to be shared stands alone:
 * it neither belongs into a frame nor forces a theme on others.
 */
export function addressOf(view, time, { shared = false } = {}) {
  const query = new URLSearchParams({ run: view.run });
  if (view.person) query.set("person", view.person);
  if (time) query.set("t", Number(time.toFixed(3)));
  query.set("panes", view.panes.join(","));
  if (view.ghostOn) query.set("ghost", view.ghost);
  if (view.theme && !shared) query.set("theme", view.theme);
  if (view.embedded && !shared) query.set("embedded", "1");
  if (!view.follow) query.set("follow", "0");
  if (!view.keypoints) query.set("keypoints", "0");
  const link = new URL(location.href);
  link.hash = "";
  link.search = query.toString().replaceAll("%2C", ",");
  return link.href;
}

/** Put the text on the clipboard; within a frame without that right, or without TLS, by way of a selection. */
export async function copyText(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    const copied = document.execCommand("copy");
    area.remove();
    return copied;
  }
}

function onlyOneSource(panes) {
  return panes.filter((name, i) => name !== "source" || panes.indexOf("source") === i);
}
