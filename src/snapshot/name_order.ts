// The canonical order of names, by UTF-16 code units (RFC 8785, 3.2.3). Names that are those of the last time, in the order
// of that, are not sorted again. Rests where it yields.

/** Remembers the last order of each kind of names. */
export interface NameOrder {
  /** Sorts names, each of which stands there once. */
  sorted(kind: string, given: readonly string[]): Generator<void, readonly string[]>;
}

/** So few names are sorted sooner than they are remembered, which also bounds how many kinds are. */
const MIN_REMEMBERED = 64;

/** So many names are dealt with between two rests: about a millisecond's worth. */
const STEP_NAMES = 2048;

/** An order that remembers nothing yet. */
export function openNameOrder(): NameOrder {
  const orders = new Map<string, { readonly given: readonly string[]; readonly sorted: readonly string[] }>();
  return {
    *sorted(kind, given) {
      if (given.length < MIN_REMEMBERED) {
        orders.delete(kind);
        return given.toSorted();
      }
      const last = orders.get(kind);
      if (last?.given.length === given.length && last.given.every((name, at) => name === given[at])) return last.sorted;
      const sorted = yield* sortNames(given);
      orders.set(kind, { given, sorted });
      return sorted;
    },
  };
}

/** Sorts runs of names, which are then merged. */
function* sortNames(names: readonly string[]): Generator<void, readonly string[]> {
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
  const result: string[] = [];
  let [left, right] = [0, 0];
  while (left < one.length && right < other.length) {
    result.push(one[left]! < other[right]! ? one[left++]! : other[right++]!);
    if (result.length % STEP_NAMES === 0) yield;
  }
  return result.concat(one.slice(left), other.slice(right));
}
