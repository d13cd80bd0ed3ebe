// A parsed source: blocks and attributes in the order of the source, each value with its place in it. A document has
// HCL's names, whether its format is HCL or JSON; config decides their meaning.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import type { Range, SourceText } from "../diagnostic/range.ts";

/** A value as written, with its place, not evaluated. */
export type Value = Literal | Template | List | Fields;

/** A value without expressions: escapes are resolved, and `text` is the source of a number as written (`1.0`). */
export interface Literal {
  readonly kind: "literal";
  readonly value: null | boolean | number | string;
  /** Undefined for a literal that is not a number. */
  readonly text?: string;
  readonly range: Range;
}

/**
 * A string with expressions, decoded: `${…}` is code, `$${` a literal `${`, and likewise `%{`. A bare expression such
 * as `env("X")` is the template `${env("X")}`. `codes` holds the place of each `${…}` in the order of the text, without
 * the `${` and `}`; it may have fewer places than the text has codes (then the whole range replaces the missing ones).
 */
export interface Template {
  readonly kind: "template";
  readonly text: string;
  readonly codes: readonly Range[];
  readonly range: Range;
}

/** `[ … ]`. */
export interface List {
  readonly kind: "list";
  readonly items: readonly Value[];
  readonly range: Range;
}

/**
 * `{ … }`: an object or the body of a nested block. Names are in source order. A name occurs twice only if a nested
 * block was repeated (`form` of those values is "block"); attributes and keys are unique. The labels of a nested block
 * are the names of fields within it: `permissions "x" { a = 1 }` is `permissions` with `x` with `a`.
 */
export interface Fields {
  readonly kind: "fields";
  readonly form: "object" | "block";
  readonly entries: readonly Entry[];
  readonly range: Range;
}

/**
 * The role of a name, if the format decides it and not the name: a member that the JSON form does not know (though HCL
 * may have the same word), or an entry of a service's `settings`.
 */
export type Role = "unknown" | "setting";

/** A named value; `name` is decoded (quotes and escapes resolved), `nameRange` is the place of the name. */
export interface Entry {
  readonly name: string;
  readonly nameRange: Range;
  readonly value: Value;
  /** Left out if the name itself decides it. */
  readonly role?: Role;
}

/** A top-level block: `layer "roads" { … }` has the type `layer` and one label. */
export interface Block {
  readonly type: string;
  readonly typeRange: Range;
  readonly labels: readonly Label[];
  readonly body: Fields;
  /** `unknown` if the JSON form does not know the block; left out if the type itself decides its role. */
  readonly role?: "unknown";
  /** From the type to the closing brace. */
  readonly range: Range;
}

/** A block's label, decoded. */
export interface Label {
  readonly text: string;
  readonly range: Range;
}

/** A whole source. `attributes` are those outside any block. */
export interface Document {
  readonly source: SourceText;
  readonly blocks: readonly Block[];
  readonly attributes: readonly Entry[];
  /** Warnings, and errors that make it invalid as a configuration but do not end the reading (a name twice). */
  readonly mistakes: readonly Diagnostic[];
}

/** A document, or all mistakes that prevent one. */
export type ParsedDocument =
  | { readonly ok: true; readonly document: Document }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };
