// The places of names and values in a block, as the scanner found them; hcl2json's result lacks them. An outline claims
// nothing about validity, which hcl2json judges.
import type { Range } from "../../diagnostic/range.ts";

/** The place of a value, and of the values inside it. */
export type Outline = ExpressionOutline | ListOutline | FieldsOutline;

/** A scalar or any expression. */
export interface ExpressionOutline {
  readonly kind: "expression";
  /** `bare` is any expression but a string in quotes or a heredoc. */
  readonly form: "quoted" | "heredoc" | "bare";
  readonly range: Range;
  /** The insides of its `${…}` in the order of the source; of a bare expression, its whole range. */
  readonly codes: readonly Range[];
}

/** `[ … ]` with an outline for each item. */
export interface ListOutline {
  readonly kind: "list";
  readonly range: Range;
  readonly items: readonly Outline[];
}

/** `{ … }`: an object, or the body of a block. Entries are in source order. */
export interface FieldsOutline {
  readonly kind: "fields";
  readonly range: Range;
  readonly entries: readonly OutlineEntry[];
}

/**
 * A named value. `key` is its name in hcl2json's result, which differs from `name`, the decoded one, if a quoted
 * attribute name had to become an identifier; both are null if only evaluation can find them (`{ (x) = 1 }`). `labels`
 * is null for an attribute or an object's key, and a list, which may be empty, for a nested block.
 */
export interface OutlineEntry {
  readonly name: string | null;
  readonly key: string | null;
  readonly nameRange: Range;
  readonly labels: readonly OutlineLabel[] | null;
  readonly value: Outline;
}

/** A label of a block; `text` is decoded, and null if that fails (hcl2json reports why). */
export interface OutlineLabel {
  readonly text: string | null;
  readonly range: Range;
}
