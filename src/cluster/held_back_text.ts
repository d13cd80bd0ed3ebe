// Why an instance does not run its valid source, in words.
import type { HeldBack } from "./peer_record.ts";

const TEXTS: ReadonlyMap<string, string> = new Map<HeldBack, string>([
  ["rolled-back", "its file was rolled back"],
  ["frozen", "changes are held"],
  ["staged", "its file waits for its rollout"],
  ["overtaken", "another change took the place of its file"],
  ["taken-back", "the fleet's release was taken back here"],
  ["unapproved", "its file waits for approval"],
]);

/** Returns the words for a {@linkcode HeldBack}; null: it is that of a later version. */
export function heldBackText(heldBack: string): string | null {
  return TEXTS.get(heldBack) ?? null;
}
