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
  // What was checked is mostly what comes into force next.
  const known = new WeakMap<JsonObject, EntryDigests>();
  const digestsOf = (config: JsonObject): EntryDigests => {
    const digests = known.get(config) ?? digestEntries(config);
    known.set(config, digests);
    return digests;
  };
  return {
    against: (config) => countChanges(inForce, digestsOf(config)),
    moveTo(config) {
      const digests = digestsOf(config);
      const changes = countChanges(inForce, digests);
      inForce = digests;
      return changes;
    },
  };
}
