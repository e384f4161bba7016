/** Numbers and instants as people say them. */

export function bytesInWords(bytes) {
  if (bytes >= 1e9) return `${(bytes / 1e9).toFixed(1)} GB`;
  if (bytes >= 1e6) return `${(bytes / 1e6).toFixed(bytes >= 1e7 ? 0 : 1)} MB`;
  return `${Math.ceil(bytes / 1e3)} kB`;
}

export function agoInWords(instant, now = Date.now()) {
  const seconds = Math.max(0, (now - Date.parse(instant)) / 1000);
  for (const [size, unit] of [[86400, "day"], [3600, "hour"], [60, "minute"]]) {
    const count = Math.floor(seconds / size);
    if (count >= 1) return `${count} ${unit}${count > 1 ? "s" : ""} ago`;
  }
  return "just now";
}

/** "2.6 s to 6 s", "from 3 s", or nothing for the whole source. */
export function windowInWords([start, end]) {
  const say = (seconds) => `${Number(seconds.toFixed(2))} s`;
  if (end !== null) return `${say(start)} to ${say(end)}`;
  return start ? `from ${say(start)}` : "";
}
