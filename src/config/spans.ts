// Ranges that are computed from other ranges at each access, so that a remembered range moves with its text.
import type { Range } from "../diagnostic/range.ts";

/** The range from the start of one range to the end of another. */
export function spanOf(first: Range, last: Range): Range {
  return new Span(first, last);
}

/** The part of a range between two offsets from its start, in UTF-16 units. */
export function partOf(whole: Range, from: number, to: number): Range {
  return new Part(whole, from, to);
}

/** A class for its getters, since closures for each range would cost more. */
class Span implements Range {
  constructor(private readonly first: Range, private readonly last: Range) {}

  get start(): number {
    return this.first.start;
  }

  get end(): number {
    return this.last.end;
  }
}

class Part implements Range {
  constructor(private readonly whole: Range, private readonly from: number, private readonly to: number) {}

  get start(): number {
    return this.whole.start + this.from;
  }

  get end(): number {
    return this.whole.start + this.to;
  }
}
