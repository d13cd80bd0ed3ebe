// The canonical order of an object's members, by UTF-16 code units (RFC 8785, 3.2.3), and the groups in which they are
// remembered. What is the order of members that were ordered before is not sorted again: what came or went is put in.

/** The names of an object's members. */
export interface MemberOrder {
  /** As the object has them. */
  readonly given: readonly string[];
  /** In canonical order. */
  readonly sorted: readonly string[];
  /** Where in `sorted` each group begins. */
  readonly groups: readonly number[];
}

/** A name begins a group by chance, one in so many; so that one more name or less changes no group but its own. */
const MEAN_GROUP = 64;

/** Names that somebody chose so that none begins a group are cut into groups all the same. */
const MAX_GROUP = 4 * MEAN_GROUP;

/** So many members may come or go before sorting them all anew is cheaper. */
const MAX_MOVED = 200;

/** Orders names, each of which stands there once; `last` is the order of before, where there is one. */
export function orderMembers(given: readonly string[], last: MemberOrder | undefined): MemberOrder {
  const { head, tail } = last === undefined ? { head: 0, tail: 0 } : commonEnds(last.given, given);
  if (last !== undefined && head === given.length && given.length === last.given.length) return last;
  const gone = last === undefined ? [] : last.given.slice(head, last.given.length - tail);
  const come = given.slice(head, given.length - tail);
  const sorted = last === undefined || gone.length + come.length > MAX_MOVED
    ? given.toSorted()
    : moved(last.sorted, gone, come);
  return { given, sorted, groups: groupsOf(sorted) };
}

/** How many names are the same from the start on, and from the end back to there. */
function commonEnds(one: readonly string[], other: readonly string[]): { head: number; tail: number } {
  const length = Math.min(one.length, other.length);
  let head = 0;
  while (head < length && one[head] === other[head]) head++;
  let tail = 0;
  while (tail < length - head && one[one.length - 1 - tail] === other[other.length - 1 - tail]) tail++;
  return { head, tail };
}

function moved(sorted: readonly string[], gone: readonly string[], come: readonly string[]): string[] {
  const result = [...sorted];
  for (const name of gone) result.splice(placeOf(result, name), 1);
  for (const name of come) result.splice(placeOf(result, name), 0, name);
  return result;
}

/** Where the name stands or belongs. JavaScript compares strings by UTF-16 code units, as sorting does. */
function placeOf(sorted: readonly string[], name: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < name) low = middle + 1;
    else high = middle;
  }
  return low;
}

function groupsOf(sorted: readonly string[]): number[] {
  const groups: number[] = [];
  let start = 0;
  for (let at = 0; at < sorted.length; at++) {
    if (at > 0 && at - start < MAX_GROUP && !beginsGroup(sorted[at]!)) continue;
    groups.push(at);
    start = at;
  }
  return groups;
}

/** FNV-1a over the code units, with its bits mixed once more: it is the lowest that count. */
function beginsGroup(name: string): boolean {
  let hash = 0x811c9dc5;
  for (let at = 0; at < name.length; at++) hash = Math.imul(hash ^ name.charCodeAt(at), 0x01000193);
  hash ^= hash >>> 15;
  return (Math.imul(hash, 0x2c1b3c6d) >>> 16) % MEAN_GROUP === 0;
}
