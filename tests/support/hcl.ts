// HCL for tests: a document from a text, and a view of it that is easy to compare.
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { positionAt, type Range } from "../../src/diagnostic/range.ts";
import type { BlockParser } from "../../src/document/hcl/block_parser.ts";
import type { Document, Fields, Value } from "../../src/document/document.ts";
import { openHclReader } from "../../src/document/hcl/hcl_document.ts";

/** Reads the document of a valid text; throws the diagnostics of an invalid one. */
export async function documentOf(text: string, parser: BlockParser): Promise<Document> {
  const parsed = await openHclReader(parser).read(sourceText("test.hcl", text));
  const mistakes = parsed.ok ? parsed.document.mistakes : parsed.diagnostics;
  if (!parsed.ok || mistakes.length > 0) throw new Error(JSON.stringify(mistakes, null, 2));
  return parsed.document;
}

/** Returns the mistakes of a text, whether or not it has a document. */
export async function mistakesOf(text: string, parser: BlockParser): Promise<readonly Diagnostic[]> {
  const parsed = await openHclReader(parser).read(sourceText("test.hcl", text));
  return parsed.ok ? parsed.document.mistakes : parsed.diagnostics;
}

/** Code, line and column of each mistake of a text. */
export async function complaintsOf(text: string, parser: BlockParser): Promise<string[]> {
  const mistakes = await mistakesOf(text, parser);
  return mistakes.map(({ code, place }) => `${code} ${place?.line}:${place?.column}`);
}

/** Makes a value without places: templates remain text, nested blocks that repeat become lists. */
export function plain(value: Value): unknown {
  if (value.kind === "template") return value.text;
  if (value.kind === "literal") return value.value;
  if (value.kind === "list") return value.items.map(plain);
  const out: Record<string, unknown> = {};
  for (const { name, value: inner } of value.entries) {
    out[name] = name in out ? [out[name], plain(inner)].flat() : plain(inner);
  }
  return out;
}

/** Returns `line:column text` of every name and value in a body, by path. */
export function placesIn(document: Document, body: Fields): Record<string, string> {
  const places: Record<string, string> = {};
  const show = (range: Range) => {
    const { line, column } = positionAt(document.source, range.start);
    return `${line}:${column} ${document.source.text.slice(range.start, range.end)}`;
  };
  const visit = (value: Value, path: string) => {
    places[path] = show(value.range);
    if (value.kind === "template") value.codes.forEach((code, index) => places[`${path}$${index}`] = show(code));
    if (value.kind === "list") value.items.forEach((item, index) => visit(item, `${path}[${index}]`));
    if (value.kind === "fields") {
      for (const entry of value.entries) visit(entry.value, `${path}.${entry.name}`);
    }
  };
  for (const entry of body.entries) visit(entry.value, entry.name);
  return places;
}
