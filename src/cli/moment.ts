// A moment of the command line: a time in ISO 8601, or a length of time from now.

const UNITS: ReadonlyMap<string, number> = new Map([["s", 1_000], ["m", 60_000], ["h", 3_600_000], ["d", 86_400_000]]);

/** Parses `90s`, `10m`, `12h` or `7d`; in milliseconds; null: it is no length of time. */
export function parseLength(text: string): number | null {
  const length = /^(\d{1,6})([smhd])$/.exec(text);
  return length === null ? null : Number(length[1]) * UNITS.get(length[2]!)!;
}

/**
 * Parses `2026-01-31`, `2026-01-31T12:00:00Z` (without a zone: this host's) or `90m` (this long before or after `now`);
 * in milliseconds since 1970; null: it is neither.
 */
export function parseMoment(text: string, now: number, direction: "before" | "after" = "before"): number | null {
  const length = parseLength(text);
  if (length !== null) return direction === "before" ? now - length : now + length;
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d)?)?$/.test(text)) return null;
  // A date without a time would be read as UTC's (ECMA-262, Date Time String Format).
  const parsed = Date.parse(text.length === 10 ? `${text}T00:00` : text);
  return Number.isNaN(parsed) ? null : parsed;
}
