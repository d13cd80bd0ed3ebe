// What changed between two resolved configurations, in counts: enough for a log line and for who must act on it,
// and without a value in it.
import { createHash } from "node:crypto";

/** How many entries of a part came, went, or are another now; a part that has no entries of its own counts as one. */
export interface Changed {
  /** Entries that were not there before. */
  readonly added: number;
  /** Entries that are there no more. */
  readonly removed: number;
  /** Entries that are not what they were. */
  readonly changed: number;
}

/** The digest of every entry by part (`layers`) and id; of a part without entries under the empty id. */
export type EntryDigests = ReadonlyMap<string, ReadonlyMap<string, string>>;

const PARTS_WITH_ENTRIES = new Set(["dataSources", "services", "layers", "caches", "variables"]);

/** Digests a resolved config, so that the config itself need not be kept to compare with. */
export function digestEntries(config: Readonly<Record<string, unknown>>): EntryDigests {
  const parts = new Map<string, Map<string, string>>();
  for (const [part, value] of Object.entries(config)) {
    const isPart = PARTS_WITH_ENTRIES.has(part) && value !== null && typeof value === "object" && !Array.isArray(value);
    const entries: [string, unknown][] = isPart ? Object.entries(value as object) : [["", value]];
    parts.set(part, new Map(entries.map(([id, entry]) => [id, digest(entry)])));
  }
  return parts;
}

/** What changed, part by part; parts that did not change are left out. */
export function countChanges(before: EntryDigests, after: EntryDigests): Record<string, Changed> {
  const changes: Record<string, Changed> = Object.create(null);
  for (const part of new Set([...before.keys(), ...after.keys()])) {
    const old = before.get(part) ?? new Map<string, string>();
    const current = after.get(part) ?? new Map<string, string>();
    let added = 0;
    let changed = 0;
    for (const [id, entry] of current) {
      if (!old.has(id)) added++;
      else if (old.get(id) !== entry) changed++;
    }
    const removed = [...old.keys()].filter((id) => !current.has(id)).length;
    if (added + changed + removed > 0) changes[part] = { added, removed, changed };
  }
  return changes;
}

/** The changes as a person reads them: `layers +1 -0 ~2, honua ~1`; `nothing` where there are none. */
export function describeChanges(changes: Readonly<Record<string, Changed>>): string {
  const parts = Object.entries(changes).map(([part, { added, removed, changed }]) => {
    const counts = [added && `+${added}`, removed && `-${removed}`, changed && `~${changed}`].filter(Boolean);
    return `${part} ${counts.join(" ")}`;
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}

/** Independent of the order of members, as the meaning is. */
function digest(entry: unknown): string {
  const ordered = JSON.stringify(
    entry,
    (_name, value) =>
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1))
        : value,
  );
  return createHash("sha256").update(ordered).digest("base64");
}
