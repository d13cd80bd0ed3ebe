// Reads JSON that another process may have damaged.

/** The value of a text; null if it is no JSON. */
export function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
