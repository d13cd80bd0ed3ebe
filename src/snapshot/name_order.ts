// Sorts names in canonical order, by UTF-16 code units (RFC 8785, 3.2.3). It does not sort the names of the last call
// in the same order again. The generators yield to take turns.

/** Remembers the last order of each kind of names. */
export interface NameOrder {
  /** Sorts names without duplicates. */
  sorted(kind: string, given: readonly string[]): Generator<void, readonly string[]>;
}

/** Sorting fewer names is faster than remembering them. This also bounds the number of kinds that are remembered. */
const MIN_REMEMBERED = 64;

/** Names from one yield to the next: about a millisecond. */
const STEP_NAMES = 2048;

/** Opens an empty memory of orders. */
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

/** Sorts runs of names, then merges them. */
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
