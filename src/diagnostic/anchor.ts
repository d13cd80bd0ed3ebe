// Ranges that move with the text around them: a stretch of a text has an anchor at its beginning, and each range in it
// is relative to the anchor. If text is inserted before the stretch, only one number changes, not every range.
import type { Range } from "./range.ts";

/** The beginning of a stretch of text, an offset in UTF-16 units. Only the code that made it may move it. */
export interface Anchor {
  /** Changes with the length of the text before it. */
  at: number;
}

/** A range in the stretch of the anchor, which moves with it; `start` and `end` are present offsets in the text. */
export function anchoredRange(anchor: Anchor, start: number, end: number): Range {
  return new AnchoredRange(anchor, start - anchor.at, end - anchor.at);
}

/**
 * A class for its getters: there are hundreds of thousands of ranges, and closures would be two more objects for each.
 */
class AnchoredRange implements Range {
  constructor(private readonly anchor: Anchor, private readonly from: number, private readonly to: number) {}

  get start(): number {
    return this.anchor.at + this.from;
  }

  get end(): number {
    return this.anchor.at + this.to;
  }
}
