// Places made of other places: they are asked for where those are by then, so what is remembered moves with its text.
import type { Range } from "../diagnostic/range.ts";

/** From where one place begins to where another ends. */
export function spanOf(first: Range, last: Range): Range {
  return new Span(first, last);
}

/** A stretch of a place, counted from where that begins: from `from` to `to`, in UTF-16 units. */
export function partOf(whole: Range, from: number, to: number): Range {
  return new Part(whole, from, to);
}

/** Classes for their getters, which closures for each place would cost more than. */
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
