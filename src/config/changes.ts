// Counts the changes between two resolved configurations: enough for a log line and for a choice of hooks, and without
// any value.

/** The counts of one part of a configuration; a part without entries counts as one entry. */
export interface Changed {
  readonly added: number;
  readonly removed: number;
  readonly changed: number;
}

/** The parts whose members are blocks under an id. */
export const PARTS_WITH_ENTRIES: ReadonlySet<string> = new Set([
  "dataSources",
  "services",
  "layers",
  "caches",
  "variables",
]);

/** A resolved configuration, as a snapshot contains it. */
export type Config = Readonly<Record<string, unknown>>;

/**
 * Counts the changes of each part, without the unchanged parts. The same object counts as unchanged without a look at
 * its members, so a comparison of two loads costs little if little changed.
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

/** A member's value, or undefined, which is no JSON value, if there is none. */
function memberOf(object: Config, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The entries of a part; a value that is no object becomes one entry with an empty id. */
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

/** Whether two values are the same JSON, in any order of members, as the order has no meaning. */
export function isSame(one: unknown, other: unknown): boolean {
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

/** Describes the changes for people: `layers +1 ~2, honua ~1`; `nothing` if there are none. */
export function describeChanges(changes: Readonly<Record<string, Changed>>): string {
  const parts = Object.entries(changes).map(([part, { added, removed, changed }]) => {
    const counts = [added && `+${added}`, removed && `-${removed}`, changed && `~${changed}`].filter(Boolean);
    return `${part} ${counts.join(" ")}`;
  });
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
