// Where things stand in a block, as the scanner saw it: the places that hcl2json's result lacks. An outline claims
// nothing about what is valid; hcl2json stays the judge of that.
import type { Range } from "../../diagnostic/range.ts";

/** The place of a value, and of what is inside it. */
export type Outline = ExpressionOutline | ListOutline | FieldsOutline;

/** A scalar or any expression. */
export interface ExpressionOutline {
  /** Tells the kinds of outlines apart. */
  readonly kind: "expression";
  /** A string in quotes, a heredoc, or anything else. */
  readonly form: "quoted" | "heredoc" | "bare";
  /** Where it stands. */
  readonly range: Range;
  /** The insides of its `${…}` in the order of the source; of an expression that stands bare, the whole of it. */
  readonly codes: readonly Range[];
}

/** `[ … ]` with an outline for each item. */
export interface ListOutline {
  /** Tells the kinds of outlines apart. */
  readonly kind: "list";
  /** Where it stands. */
  readonly range: Range;
  /** In their order. */
  readonly items: readonly Outline[];
}

/** `{ … }`: an object, or the body of a block. */
export interface FieldsOutline {
  /** Tells the kinds of outlines apart. */
  readonly kind: "fields";
  /** Where it stands. */
  readonly range: Range;
  /** In the order of the source. */
  readonly entries: readonly OutlineEntry[];
}

/**
 * A named value. `key` is its name in hcl2json's result, which differs from the `name` where a quoted attribute name
 * had to become an identifier; both are null where only evaluation could tell (`{ (x) = 1 }`). `labels` is null for
 * an attribute or an object's key, and a (maybe empty) list for a nested block.
 */
export interface OutlineEntry {
  /** Decoded. */
  readonly name: string | null;
  /** Its name in hcl2json's result. */
  readonly key: string | null;
  /** Where the name stands. */
  readonly nameRange: Range;
  /** Null for what is not a block. */
  readonly labels: readonly OutlineLabel[] | null;
  /** The outline of what it names. */
  readonly value: Outline;
}

/** A label of a block; null where it does not decode (hcl2json will say why). */
export interface OutlineLabel {
  /** Decoded. */
  readonly text: string | null;
  /** Where it stands. */
  readonly range: Range;
}
