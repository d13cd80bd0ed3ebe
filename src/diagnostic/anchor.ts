// Places that move with the text around them: a stretch of a text remembers where it begins, and what stands in it says
// its own place from there. When text is put in before it, one number changes, not every place in it.
import type { Range } from "./range.ts";

/** Where a stretch of text begins, an offset in UTF-16 units. Whoever opened it alone may move it. */
export interface Anchor {
  /** Changes when the text before it does. */
  at: number;
}

/** A range in the stretch that begins at the anchor, wherever that is by now; `start` and `end` are offsets in the text. */
export function anchoredRange(anchor: Anchor, start: number, end: number): Range {
  return new AnchoredRange(anchor, start - anchor.at, end - anchor.at);
}

/** A class for its getters: there are hundreds of thousands of ranges, and closures would cost each of them two more. */
class AnchoredRange implements Range {
  constructor(private readonly anchor: Anchor, private readonly from: number, private readonly to: number) {}

  get start(): number {
    return this.anchor.at + this.from;
  }

  get end(): number {
    return this.anchor.at + this.to;
  }
}
