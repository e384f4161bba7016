/** Asks the site; what it refuses is an error with the sentence that it gave. */

export async function ask(url, method = "GET", body = undefined) {
  const headers = { Accept: "application/json", ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
  let answer;
  try {
    answer = await fetch(url, { method, headers, body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store" });
  } catch {
    throw new Error("The site cannot be reached at the moment.");
  }
  const content = await answer.json().catch(() => ({}));
  if (!answer.ok) throw new Error(content.error ?? `The site answered ${answer.status}.`);
  return content;
}
