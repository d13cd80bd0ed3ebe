// What an instance asks of a notifier, with what a test does not care about filled in so that it stands in no way.
import type { AnnounceRequest } from "../../src/cluster/notifier.ts";

/** A change on `base` (null: on nothing that was agreed on), which restores a lost head and is never an older state. */
export function request(
  hash: string,
  base: string | null = null,
  more: Partial<AnnounceRequest> = {},
): AnnounceRequest {
  const harmless = { unanswered: [], since: Number.MAX_SAFE_INTEGER, floor: 0, restores: true, force: false };
  return { hash, base, ...harmless, ...more };
}
