// The source parsed: blocks and attributes in the order they were written, each value with the place it came from.
// Whatever the format was (HCL or JSON), a document speaks HCL's names; what it means is config's to say.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";

/** A value as written, with its place: nothing evaluated yet. */
export type Value = Literal | Template | List | Fields;

/** A value with nothing to evaluate: escapes are resolved, and `text` is the source of a number as written (`1.0`). */
export interface Literal {
  /** Tells the kinds of values apart. */
  readonly kind: "literal";
  /** What it is. */
  readonly value: null | boolean | number | string;
  /** A number's own spelling; for every other literal undefined. */
  readonly text?: string;
  /** Where it stands. */
  readonly range: Range;
}

/**
 * A string with expressions: `${…}` is code, `$${` a literal `${`, and likewise `%{`. A lone expression such as
 * `env("X")` is the template `${env("X")}`. `codes` holds the place of each `${…}` in the order they stand in the
 * text, without the `${` and `}` themselves; it may be shorter than what the text has (then the whole range stands in).
 */
export interface Template {
  /** Tells the kinds of values apart. */
  readonly kind: "template";
  /** Decoded. */
  readonly text: string;
  /** The place of each `${…}`. */
  readonly codes: readonly Range[];
  /** Where it stands. */
  readonly range: Range;
}

/** `[ … ]`. */
export interface List {
  /** Tells the kinds of values apart. */
  readonly kind: "list";
  /** In their order. */
  readonly items: readonly Value[];
  /** Where it stands. */
  readonly range: Range;
}

/**
 * `{ … }`: an object or the body of a nested block. Names are in source order. A name stands twice only where a
 * nested block was repeated (`form` of those values is "block"); attributes and keys are unique by now. A nested
 * block's labels became the names of fields within it: `permissions "x" { a = 1 }` is `permissions` with `x` with `a`.
 */
export interface Fields {
  /** Tells the kinds of values apart. */
  readonly kind: "fields";
  /** Whether it was written as a value or as a block. */
  readonly form: "object" | "block";
  /** In the order of the source. */
  readonly entries: readonly Entry[];
  /** Where it stands. */
  readonly range: Range;
}

/**
 * What a name is, where the format says so and not the name: a member that the JSON form does not know (though HCL may
 * have the same word), or an entry of a service's `settings`.
 */
export type Role = "unknown" | "setting";

/** A named value; `name` is decoded (quotes and escapes resolved), `nameRange` is where the name stands. */
export interface Entry {
  /** Decoded. */
  readonly name: string;
  /** Where the name stands. */
  readonly nameRange: Range;
  /** What it is. */
  readonly value: Value;
  /** Left out where the name itself says what it is. */
  readonly role?: Role;
}

/** A top-level block: `layer "roads" { … }` has the type `layer` and one label. */
export interface Block {
  /** The word it begins with. */
  readonly type: string;
  /** Where that word stands. */
  readonly typeRange: Range;
  /** In their order. */
  readonly labels: readonly Label[];
  /** What stands between its braces. */
  readonly body: Fields;
  /** `unknown` where the JSON form does not know it; left out where the type itself says what it is. */
  readonly role?: "unknown";
  /** From the type to the closing brace. */
  readonly range: Range;
}

/** A block's label, decoded. */
export interface Label {
  /** Decoded. */
  readonly text: string;
  /** Where it stands. */
  readonly range: Range;
}

/** A whole source. `attributes` are those that stand outside any block. */
export interface Document {
  /** What it was parsed from. */
  readonly source: SourceText;
  /** In the order of the source. */
  readonly blocks: readonly Block[];
  /** In the order of the source. */
  readonly attributes: readonly Entry[];
  /** Errors that keep it from being a configuration, but not from being read on (a name that occurs twice), and warnings. */
  readonly mistakes: readonly Diagnostic[];
}

/** A document, or every mistake that keeps the source from being one. */
export type ParsedDocument =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
