// How much two texts, or two lists, have in common at their beginning and at their end. Those of texts never cut a
// character or a line end (a pair of surrogates, or CRLF), and where a text repeats itself they overlap.

/** How many units or elements two have in common. */
export interface CommonEnds {
  /** At the beginning. */
  readonly before: number;
  /** At the end. */
  readonly behind: number;
}

/** Compares two texts. */
export function commonEnds(one: string, other: string): CommonEnds {
  const { length } = one;
  const ofOther = other.length;
  // A slice that ends beyond the shorter text equals none of the longer one.
  let before = equalUnits(length, (from, to) => one.slice(from, to) === other.slice(from, to));
  while (joins(one, before) || joins(other, before)) before--;
  let behind = equalUnits(
    length,
    (from, to) => one.slice(length - to, length - from) === other.slice(ofOther - to, ofOther - from),
  );
  while (joins(one, length - behind) || joins(other, ofOther - behind)) behind--;
  return { before, behind };
}

/** How many of the first `limit` units are equal. */
function equalUnits(limit: number, areEqual: (from: number, to: number) => boolean): number {
  let equal = 0;
  for (let unknown = limit; unknown > 0;) {
    const half = (unknown + 1) >> 1;
    if (areEqual(equal, equal + half)) {
      equal += half;
      unknown -= half;
    } else unknown = half - 1;
  }
  return equal;
}

/** Whether the two units around an offset belong together; at an end of the text there is only one. */
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
