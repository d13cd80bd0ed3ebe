// What changed between two resolved configurations, in counts: enough for a log line and for who must act on it,
// and without a value in it.
/** How many entries of a part came, went, or are another now; a part that has no entries of its own counts as one. */
export interface Changed {
  /** Entries that were not there before. */
  readonly added: number;
  /** Entries that are there no more. */
  readonly removed: number;
  /** Entries that are not what they were. */
  readonly changed: number;
}

const PARTS_WITH_ENTRIES = new Set(["dataSources", "services", "layers", "caches", "variables"]);

/** A resolved configuration, as a snapshot holds it. */
export type Config = Readonly<Record<string, unknown>>;

/**
 * What changed, part by part; parts that did not change are left out. What is the same object is the same without a
 * look into it, so two loads of much the same source are compared at next to no cost.
 */
export function countChanges(before: Config, after: Config): Record<string, Changed> {
  const changes: Record<string, Changed> = Object.create(null);
  for (const part of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const [old, current] = [memberOf(before, part), memberOf(after, part)];
    if (old === current) continue;
    const changed = PARTS_WITH_ENTRIES.has(part)
      ? countEntries(asEntries(old), asEntries(current))
      : countEntries(asPart(old), asPart(current));
    if (changed.added + changed.changed + changed.removed > 0) changes[part] = changed;
  }
  return changes;
}

/** A member's value, or undefined where there is none: JSON has no such value. */
function memberOf(object: Config, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The entries of a part; what has none of its own is one, under an empty id. */
function asEntries(value: unknown): Config {
  return value === undefined || isObject(value) ? value ?? {} : { "": value };
}

function asPart(value: unknown): Config {
  return value === undefined ? {} : { "": value };
}

function countEntries(before: Config, after: Config): Changed {
  let added = 0;
  let changed = 0;
  const ids = Object.keys(after);
  for (const id of ids) {
    const current = after[id];
    const old = memberOf(before, id);
    if (old === current) continue;
    if (old === undefined) added++;
    else if (!isSame(old, current)) changed++;
  }
  return { added, removed: Object.keys(before).length - (ids.length - added), changed };
}

/** Whether two values are the same JSON; the order of members is nothing, as it is to the meaning. */
function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (Array.isArray(one)) {
    return Array.isArray(other) && one.length === other.length && one.every((item, at) => isSame(item, other[at]));
  }
  if (!isObject(one) || !isObject(other)) return false;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && isSame(one[name], other[name]));
}

function isObject(value: unknown): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The changes as a person reads them: `layers +1 -0 ~2, honua ~1`; `nothing` where there are none. */
export function describeChanges(changes: Readonly<Record<string, Changed>>): string {
  const parts = Object.entries(changes).map(([part, { added, removed, changed }]) => {
    const counts = [added && `+${added}`, removed && `-${removed}`, changed && `~${changed}`].filter(Boolean);
    return `${part} ${counts.join(" ")}`;
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
