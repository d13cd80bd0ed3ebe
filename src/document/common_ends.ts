// How much two texts, or two lists, have in common at their beginning and at their end. Those of texts never cut a
// character or a line end (a pair of surrogates, or CRLF), and where a text repeats itself they overlap.

/** How many units or elements two have in common. */
export interface CommonEnds {
  /** At the beginning. */
  readonly before: number;
  /** At the end. */
  readonly behind: number;
}

/** Compared at once at first; twice as many where they are equal. */
const FIRST_UNITS = 1_024;

/** Compares two texts. */
export function commonEnds(one: string, other: string): CommonEnds {
  const limit = Math.min(one.length, other.length);
  let before = equalUnits(limit, (from, to) => one.slice(from, to) === other.slice(from, to));
  if (before === one.length && before === other.length) return { before, behind: before };
  while (before > 0 && (joins(one, before) || joins(other, before))) before--;
  const { length } = one;
  const ofOther = other.length;
  let behind = equalUnits(
    limit,
    (from, to) => one.slice(length - to, length - from) === other.slice(ofOther - to, ofOther - from),
  );
  while (behind > 0 && (joins(one, length - behind) || joins(other, ofOther - behind))) behind--;
  return { before, behind };
}

/** How many of the first `limit` units are equal: in strides that grow, and shrink again where one is not. */
function equalUnits(limit: number, areEqual: (from: number, to: number) => boolean): number {
  let equal = 0;
  let stride = FIRST_UNITS;
  while (equal < limit && areEqual(equal, Math.min(equal + stride, limit))) {
    equal = Math.min(equal + stride, limit);
    stride *= 2;
  }
  for (let known = Math.min(stride, limit - equal); known > 1;) {
    // Somewhere in the next `known` units there is a difference.
    const half = known >> 1;
    if (areEqual(equal, equal + half)) {
      equal += half;
      known -= half;
    } else known = half;
  }
  return equal;
}

/** Whether the two units around an offset belong together. */
function joins(text: string, at: number): boolean {
  const [before, behind] = [text.charCodeAt(at - 1), text.charCodeAt(at)];
  return (before === 13 && behind === 10) || (before >>> 10 === 0x36 && behind >>> 10 === 0x37);
}

/** Compares two lists by the identity of their elements; the ends do not overlap. */
export function commonElements(one: readonly unknown[], other: readonly unknown[]): CommonEnds {
  const limit = Math.min(one.length, other.length);
  let before = 0;
  while (before < limit && one[before] === other[before]) before++;
  let behind = 0;
  while (behind < limit - before && one[one.length - 1 - behind] === other[other.length - 1 - behind]) behind++;
  return { before, behind };
}

/**
 * A result for each element: for those that two lists have in common at their ends the results of before, for the others
 * what `resultOf` says.
 */
export function resultsBetween<Element extends object, Result>(
  elements: readonly Element[],
  before: { readonly elements: readonly Element[]; readonly results: readonly Result[] },
  resultOf: (element: Element) => Result,
): Result[] {
  const common = commonElements(elements, before.elements);
  const end = elements.length - common.behind;
  const results = before.results.slice(0, common.before);
  for (let index = common.before; index < end; index++) results.push(resultOf(elements[index]!));
  return common.behind === 0 ? results : results.concat(before.results.slice(-common.behind));
}
