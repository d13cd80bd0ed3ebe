// Masks a model before a view renders it: the escaping of HTML would hide a secret from the mask.

/** Returns a copy of a JSON-like value, every text in it masked; other values are the same. */
export function masked<T>(value: T, mask: (text: string) => string): T {
  return copied(value, mask) as T;
}

function copied(value: unknown, mask: (text: string) => string): unknown {
  if (typeof value === "string") return mask(value);
  if (Array.isArray(value)) return value.map((item) => copied(item, mask));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, copied(member, mask)]));
}
