// The options file: JSON with comments and trailing commas, in the form of appsettings.json. Every setting keeps its
// line and column. The file is read once, with a limit, and every text, of any size or depth, gives settings or
// diagnostics.
import { createScanner, type Node, type ParseError, parseTree, printParseErrorCode } from "jsonc-parser";
import { type Diagnostic, errorDiagnostic, placeOf } from "../diagnostic/diagnostic.ts";
import { isExactNumber } from "../diagnostic/exact_number.ts";
import { type Range, type SourceText, sourceText } from "../diagnostic/range.ts";
import { NotAFileError, readRegularFile } from "../host/regular_file.ts";
import { isForeign } from "./foreign_setting.ts";
import {
  emptyTree,
  MAX_DEPTH,
  type OptionNode,
  type Origin,
  putSetting,
  type Scalar,
  shownText,
} from "./option_tree.ts";

const MAX_BYTES = 1024 * 1024;
const MAX_NESTING = 64;

/** A file's text, or the one reason why there is none. */
export type OptionsText = { readonly ok: true; readonly source: SourceText } | {
  readonly ok: false;
  readonly diagnostic: Diagnostic;
};

/** Reads an options file of at most 1 MiB of UTF-8; a byte order mark is dropped. */
export async function readOptionsFile(path: string): Promise<OptionsText> {
  const unreadable = (why: string): OptionsText => ({
    ok: false,
    diagnostic: errorDiagnostic("options/unreadable", `The options file ${path} cannot be read`, { why }),
  });
  let bytes: Uint8Array;
  try {
    bytes = await readRegularFile(path, MAX_BYTES);
  } catch (error) {
    if (error instanceof NotAFileError) return unreadable(`It is ${error.kind}, not a file`);
    return unreadable(error instanceof Error ? error.message : String(error));
  }
  if (bytes.length > MAX_BYTES) return unreadable(`It is larger than ${MAX_BYTES} bytes`);
  try {
    return { ok: true, source: sourceText(path, new TextDecoder("utf-8", { fatal: true }).decode(bytes)) };
  } catch {
    return unreadable("It is not valid UTF-8");
  }
}

/**
 * The settings of an options file as a tree; if there are diagnostics, the tree holds the rest. Objects of one name are
 * one section, as in .NET's configuration. Of a foreign setting only the name is kept.
 */
export function parseOptionsFile(source: SourceText): { tree: OptionNode; diagnostics: Diagnostic[] } {
  const tree = emptyTree();
  const tooDeep = firstTooDeep(source.text);
  if (tooDeep !== null) {
    const place = placeOf(source, tooDeep);
    return {
      tree,
      diagnostics: [errorDiagnostic("options/nesting", `Nested deeper than ${MAX_NESTING} levels`, { place })],
    };
  }
  const errors: ParseError[] = [];
  const root = parseTree(source.text, errors, { allowTrailingComma: true });
  const [first] = errors;
  if (first !== undefined) {
    const place = placeOf(source, { start: first.offset, end: first.offset + first.length });
    return {
      tree,
      diagnostics: [
        errorDiagnostic("options/syntax", SYNTAX_SUMMARIES[printParseErrorCode(first.error)] ?? "This is not JSON", {
          place,
        }),
      ],
    };
  }
  if (root === undefined || root.type !== "object") {
    const place = placeOf(source, root === undefined ? { start: 0, end: 0 } : rangeOf(root));
    const suggestion = 'Write { "Snapshot": { … } }';
    return {
      tree,
      diagnostics: [errorDiagnostic("options/syntax", "An options file is one object", { place, suggestion })],
    };
  }
  const diagnostics: Diagnostic[] = [];
  putMembers(source, tree, root, [], diagnostics);
  return { tree, diagnostics };
}

/** jsonc-parser recurses, so depth is counted on tokens before it runs; a token is known by its first character. */
function firstTooDeep(text: string): Range | null {
  const scanner = createScanner(text, true);
  let depth = 0;
  for (scanner.scan(); scanner.getTokenOffset() < text.length; scanner.scan()) {
    const start = scanner.getTokenOffset();
    const first = text[start];
    if (first === "{" || first === "[") depth++;
    if (first === "}" || first === "]") depth--;
    if (depth > MAX_NESTING) return { start, end: start + 1 };
  }
  return null;
}

function putMembers(
  source: SourceText,
  tree: OptionNode,
  node: Node,
  path: readonly string[],
  into: Diagnostic[],
): void {
  for (const [index, child] of (node.children ?? []).entries()) {
    if (node.type === "array") {
      putValue(source, tree, { path: [...path, String(index)], name: child, value: child }, into);
      continue;
    }
    const [name, value] = child.children ?? [];
    if (name === undefined || value === undefined) continue;
    // .NET's configuration takes a colon in a key for nesting, so "Snapshot:Path" is a key like any other.
    const written = String(name.value).split(":");
    putValue(source, tree, { path: [...path, ...written], name, value }, into);
  }
}

function putValue(
  source: SourceText,
  tree: OptionNode,
  { path, name, value }: { path: readonly string[]; name: Node; value: Node },
  into: Diagnostic[],
): void {
  const nameOrigin: Origin = { kind: "file", place: placeOf(source, rangeOf(name)) };
  const valueOrigin: Origin = { kind: "file", place: placeOf(source, rangeOf(value)) };
  const form = value.type === "object" ? "group" as const : value.type === "array" ? "list" as const : null;
  if (isForeign(path)) {
    putSetting(tree, { path, nameOrigin, what: { form: "group" }, valueOrigin: nameOrigin });
    return;
  }
  const what = form === null ? { value: value.value as Scalar } : { form };
  const before = putSetting(tree, { path, nameOrigin, what, valueOrigin });
  const areGroups = form === "group" && before !== null && "form" in before.what && before.what.form === "group";
  if (before?.origin.kind === "file" && !areGroups) {
    into.push(errorDiagnostic("options/duplicate", `${shownText(path.join(":"))} is written twice`, {
      path: shownText(path.join(":")),
      why: "Names are the same in any case, and one of the two would be lost",
      suggestion: "Remove one of the two",
      place: nameOrigin.place,
      other: { label: "first written here", place: before.origin.place },
    }));
  }
  if (value.type === "number" && !isExactNumber(textOf(source, value))) {
    into.push(
      errorDiagnostic("options/inexact-number", `${shownText(path.join(":"))} is a number that would be rounded`, {
        path: shownText(path.join(":")),
        suggestion: "Write it with fewer digits",
        place: valueOrigin.place,
      }),
    );
  }
  if (form !== null && path.length < MAX_DEPTH) putMembers(source, tree, value, path, into);
}

function textOf(source: SourceText, { offset, length }: Node): string {
  return source.text.slice(offset, offset + length);
}

function rangeOf(node: Node): Range {
  return { start: node.offset, end: node.offset + node.length };
}

const SYNTAX_SUMMARIES: Readonly<Record<string, string>> = {
  PropertyNameExpected: "Expected a name in double quotes",
  ValueExpected: "Expected a value",
  ColonExpected: "Expected a colon",
  CommaExpected: "Expected a comma",
  CloseBraceExpected: "Expected a closing brace",
  CloseBracketExpected: "Expected a closing bracket",
  EndOfFileExpected: "Expected the end of the file",
  UnexpectedEndOfComment: "A comment is not closed",
  UnexpectedEndOfString: "A string is not closed",
  InvalidSymbol: "Expected a value or a name in double quotes",
  InvalidUnicode: "A string has an escape that JSON does not know",
  InvalidEscapeCharacter: "A string has an escape that JSON does not know",
  InvalidCharacter: "A string has a control character that must be escaped",
};
