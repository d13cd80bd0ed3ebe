// What an instance asks of a notifier, with what a test does not care about filled in so that it stands in no way.
import type { Announcement } from "../../src/agreement/announcing.ts";

/** A change on `base` (null: on nothing that was agreed on), which restores a lost head and is never an older state. */
export function announcementOf(
  hash: string,
  base: string | null = null,
  more: Partial<Announcement> = {},
): Announcement {
  const harmless = { unanswered: [], since: Number.MAX_SAFE_INTEGER, floor: 0, restores: true, force: false };
  return { hash, base, ...harmless, ...more };
}
