// Makes the announcement of an instance; members that a test does not name get values that have no effect.
import type { Announcement } from "../../src/agreement/announcing.ts";
import type { Skip } from "../../src/agreement/skip.ts";

/** A skip of the hash. */
export function skipOf(hash: string, reason = "it was rolled back"): Skip {
  return { hash, by: "ada", at: "2026-01-02T03:04:05.678Z", reason };
}

/** A change on `base` (null: the instance never agreed), which restores a lost head and is never an older state. */
export function announcementOf(
  hash: string,
  base: string | null = null,
  more: Partial<Announcement> = {},
): Announcement {
  const harmless = { unanswered: [], since: Number.MAX_SAFE_INTEGER, floor: 0, restores: true, force: false };
  return { hash, base, ...harmless, skips: [], undoes: [], ...more };
}
