// What a new configuration changes against the one in force, part by part, without keeping either of them.
import { type Changed, countChanges, digestEntries, type EntryDigests } from "../config/changes.ts";
import type { JsonObject } from "../snapshot/canonical.ts";
import type { Existing } from "../snapshot/store.ts";

/** How many entries of each part came, went or are another now; parts that did not change are left out. */
export type Changes = Readonly<Record<string, Changed>>;

/** Compares with what is in force. */
export interface ChangeTracker {
  /** What a configuration would change. */
  against(config: JsonObject): Changes;
  /** Takes a configuration as the one in force; returns what it changed. */
  moveTo(config: JsonObject): Changes;
}

/** Tracks from what was found in force; from nothing, all is a change. */
export function trackChanges(existing: Existing): ChangeTracker {
  let inForce: EntryDigests = existing.state === "in-force" ? digestEntries(existing.config) : new Map();
  return {
    against: (config) => countChanges(inForce, digestEntries(config)),
    moveTo(config) {
      const digests = digestEntries(config);
      const changes = countChanges(inForce, digests);
      inForce = digests;
      return changes;
    },
  };
}
