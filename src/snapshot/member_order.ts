// The canonical order of an object's members, by UTF-16 code units (RFC 8785, 3.2.3), and the groups in which they are
// remembered. What is known of the members before is not done again: what came or went is put in, and the groups on both
// sides of it stay. Rests where it yields.
import { commonElements } from "../document/common_ends.ts";

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

/** So many names are dealt with between two rests: about a millisecond's worth. */
const STEP_NAMES = 2048;

/** Orders names, each of which stands there once; `last` is the order of before, where there is one. */
export function* orderMembers(
  given: readonly string[],
  last: MemberOrder | undefined,
): Generator<void, MemberOrder> {
  if (last !== undefined) {
    const { before, behind } = commonElements(last.given, given);
    if (before === given.length && before === last.given.length) return last;
    const gone = last.given.slice(before, last.given.length - behind);
    const come = given.slice(before, given.length - behind);
    if (gone.length + come.length <= MAX_MOVED) return { given, ...yield* moved(last, gone, come) };
  }
  const sorted = yield* sortNames(given);
  return { given, sorted, groups: yield* groupsOf(sorted) };
}

/** Sorts names canonically: runs of them at once, which are then merged. */
export function* sortNames(names: readonly string[]): Generator<void, readonly string[]> {
  let runs: string[][] = [];
  for (let from = 0; from < names.length; from += STEP_NAMES) {
    runs.push(names.slice(from, from + STEP_NAMES).sort());
    yield;
  }
  while (runs.length > 1) {
    const longer: string[][] = [];
    for (let at = 0; at < runs.length; at += 2) longer.push(yield* merged(runs[at]!, runs[at + 1] ?? []));
    runs = longer;
  }
  return runs[0] ?? [];
}

/** JavaScript compares strings by UTF-16 code units, as sorting does. */
function* merged(one: string[], other: string[]): Generator<void, string[]> {
  if (other.length === 0) return one;
  if (one.at(-1)! < other[0]!) return one.concat(other);
  const result: string[] = [];
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    result.push(one[left]! < other[right]! ? one[left++]! : other[right++]!);
    if (result.length % STEP_NAMES === 0) yield;
  }
  return result.concat(one.slice(left), other.slice(right));
}

/** The order of before without the names that went and with those that came; some may have done both. */
function* moved(
  last: MemberOrder,
  gone: readonly string[],
  come: readonly string[],
): Generator<void, Pick<MemberOrder, "sorted" | "groups">> {
  const [left, arrived] = [new Set(gone).difference(new Set(come)), new Set(come).difference(new Set(gone))];
  const edited = [...left, ...arrived].sort();
  if (edited.length === 0) return { sorted: last.sorted, groups: last.groups };
  const parts: (readonly string[])[] = [];
  let from = 0;
  for (const name of edited) {
    const at = placeOf(last.sorted, name);
    parts.push(last.sorted.slice(from, at));
    if (arrived.has(name)) parts.push([name]);
    from = left.has(name) ? at + 1 : at;
  }
  const sorted = ([] as string[]).concat(...parts, last.sorted.slice(from));
  return { sorted, groups: yield* groupsOf(sorted, { last, start: placeOf(last.sorted, edited[0]!), end: from }) };
}

/** Where the name stands or belongs. */
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

/** What part of the names that were sorted before is another now. */
interface Edited {
  readonly last: Pick<MemberOrder, "sorted" | "groups">;
  /** What stood before it stands where it stood. */
  readonly start: number;
  /** What stood from here on is at the end still. */
  readonly end: number;
}

const ALL: Edited = { last: { sorted: [], groups: [] }, start: 0, end: 0 };

/** A group that begins where one began before, with the same names after it, is followed by the same groups. */
function* groupsOf(sorted: readonly string[], { last, start, end }: Edited = ALL): Generator<void, number[]> {
  const shift = sorted.length - last.sorted.length;
  const groups = last.groups.filter((at) => at < start);
  const after = last.groups.filter((at) => at >= end).map((at) => at + shift);
  let next = 0;
  for (let at = start; at < sorted.length; at++) {
    if (at % STEP_NAMES === 0) yield;
    if (at > 0 && at - groups.at(-1)! < MAX_GROUP && !beginsGroup(sorted[at]!)) continue;
    while (next < after.length && after[next]! < at) next++;
    if (after[next] === at) return groups.concat(after.slice(next));
    groups.push(at);
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
