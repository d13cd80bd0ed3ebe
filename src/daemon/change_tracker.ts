// What a new configuration changes against the one in force, part by part. That one is kept to compare with: it is mostly
// made of the very objects that the loader remembers for as long as their blocks stand in the source.
import { type Changed, countChanges } from "../config/changes.ts";
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
  let inForce: JsonObject = existing.state === "in-force" ? existing.config : {};
  // What was checked is mostly what comes into force next.
  let last: { readonly config: JsonObject; readonly changes: Changes } | null = null;
  const against = (config: JsonObject): Changes => {
    if (config === inForce) return {};
    if (last?.config === config) return last.changes;
    const changes = countChanges(inForce, config);
    // What says the same takes its place: the loader has it anyway, and what was read from a snapshot can go.
    if (Object.keys(changes).length === 0) inForce = config;
    last = { config, changes };
    return changes;
  };
  return {
    against,
    moveTo(config) {
      const changes = against(config);
      inForce = config;
      last = null;
      return changes;
    },
  };
}
