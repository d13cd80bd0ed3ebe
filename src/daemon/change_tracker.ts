// Counts the changes of a new configuration against the one in force, part by part. The one in force is kept for that:
// it shares most of its objects with the loader, which remembers them as long as their blocks are in the source.
import { type Changed, countChanges } from "../config/changes.ts";
import type { JsonObject } from "../snapshot/canonical.ts";
import type { Existing } from "../snapshot/store.ts";

/** How many entries of each part were added, removed or changed; a part without changes is left out. */
export type Changes = Readonly<Record<string, Changed>>;

/** Compares configurations with the one in force. */
export interface ChangeTracker {
  /** Returns the changes that a configuration would bring. */
  against(config: JsonObject): Changes;
  /** Takes a configuration as the one in force; returns its changes. */
  moveTo(config: JsonObject): Changes;
}

/** Begins with the snapshot found at the start; if there is none, every entry is a change. */
export function trackChanges(existing: Existing): ChangeTracker {
  let inForce: JsonObject = existing.state === "in-force" ? existing.config : {};
  // The configuration that was checked is mostly the one that comes into force next.
  let last: { readonly config: JsonObject; readonly changes: Changes } | null = null;
  const against = (config: JsonObject): Changes => {
    if (config === inForce) return {};
    if (last?.config === config) return last.changes;
    const changes = countChanges(inForce, config);
    // An equal configuration replaces it: the loader holds that one anyway, so the one read from a snapshot is freed.
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
