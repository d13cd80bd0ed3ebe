// The skip set: hashes that no instance runs, because a release with them was undone. The store keeps it beside the
// head, where any client can write, so its text is bounded and parsed strictly.
import * as z from "zod";
import { oneLine } from "./one_line.ts";
import { isHash } from "./head.ts";

/** A hash that is not to be run. */
export interface Skip {
  readonly hash: string;
  /** The person or the cause, at most {@linkcode MAX_SKIP_BY_LENGTH} characters. */
  readonly by: string;
  /** The moment in ISO 8601, by the clock of the host that undid the release. */
  readonly at: string;
  /** One masked line, at most {@linkcode MAX_SKIP_REASON_LENGTH} characters. */
  readonly reason: string;
}

/** A skip set keeps the newest. */
export const MAX_SKIPS = 32;
export const MAX_SKIP_BY_LENGTH = 64;
export const MAX_SKIP_REASON_LENGTH = 200;
/**
 * The longest line of a set's text; a valid skip takes at most 916, as a character of UTF-16 takes 3 bytes of UTF-8.
 */
export const MAX_SKIP_LINE_BYTES = 1_024;
/** The longest text of a set, with a line break for each line. */
export const MAX_SKIPS_BYTES = MAX_SKIPS * (MAX_SKIP_LINE_BYTES + 1);

const line = (maxLength: number) => z.string().max(maxLength).regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}]+$/u);

/** Unknown members are left out: a later version may write more. */
const skipSchema = z.object({
  hash: z.custom<string>(isHash),
  by: line(MAX_SKIP_BY_LENGTH),
  at: z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/),
  reason: line(MAX_SKIP_REASON_LENGTH),
});

/** Makes a skip of texts of any length: they are cut, and control characters in them become spaces. */
export function skipFor({ hash, by, at, reason }: Skip): Skip {
  return { hash, at, by: oneLine(by, MAX_SKIP_BY_LENGTH), reason: oneLine(reason, MAX_SKIP_REASON_LENGTH) };
}

/** Parses a skip from outside; null: it is not one. */
export function parseSkip(value: unknown): Skip | null {
  const parsed = skipSchema.safeParse(value);
  return parsed.success ? parsed.data : null;
}

/**
 * Returns the text of a skip set: a line for each skip, with its hash, a space and the rest as JSON. So a script that
 * reads no JSON can join two sets.
 *
 * @throws {RangeError} if {@linkcode parseSkips} would return another set, which is a bug of the caller.
 */
export function skipsText(skips: readonly Skip[]): string {
  const text = skips.map(({ hash, by, at, reason }) => `${hash} ${JSON.stringify({ by, at, reason })}`).join("\n");
  if (parseSkips(text).length !== skips.length) throw new RangeError("a skip set takes at most 32 different skips");
  return text;
}

/**
 * Parses the text of a skip set. A text with another form is no set, as for the script that joins sets. A line that
 * has the form and holds no skip is passed over, so that it costs none of the others.
 */
export function parseSkips(text: unknown): readonly Skip[] {
  if (typeof text !== "string" || text.length > MAX_SKIPS_BYTES) return [];
  const lines = text.split("\n").filter((line) => line !== "");
  const hashes = new Set(lines.map(hashIn));
  if (lines.length > MAX_SKIPS || hashes.size !== lines.length || hashes.has(null)) return [];
  return lines.flatMap((line) => skipIn(line) ?? []);
}

function hashIn(line: string): string | null {
  const hash = line.slice(0, 64);
  return line.length <= MAX_SKIP_LINE_BYTES && isHash(hash) && line[64] === " " ? hash : null;
}

function skipIn(line: string): Skip | null {
  try {
    return parseSkip({ ...JSON.parse(line.slice(65)), hash: line.slice(0, 64) });
  } catch {
    return null;
  }
}

/**
 * Returns the store's skip set after an announcement of `announced`, which is no longer skipped; null: nothing was
 * announced. A hash that is skipped already keeps its entry, so that the same announcement again changes nothing.
 */
export function joinSkips(stored: readonly Skip[], added: readonly Skip[], announced: string | null): readonly Skip[] {
  const news = added.filter(({ hash }) => !isSkipped(hash, stored));
  return [...stored, ...news].filter(({ hash }) => hash !== announced).slice(-MAX_SKIPS);
}

/** Whether the hash is in the skip set. */
export function isSkipped(hash: string, skips: readonly Skip[]): boolean {
  return skips.some((one) => one.hash === hash);
}
