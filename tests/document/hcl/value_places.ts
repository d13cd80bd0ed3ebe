// The places of values in random sources, compared with the text there.
import { assertEquals } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import type { Document, Value } from "../../../src/document/document.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { decodeQuoted } from "../../../src/document/hcl/strings.ts";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { mutate } from "../../support/mutate.ts";
import { randomFrom } from "../../support/random.ts";
import { hclSources } from "../../support/sources.ts";

/** Reads the real sources and `edits` random edits of them; resolves with the number of values that were at their place. */
export async function checkPlaces(seed: number, edits: number): Promise<number> {
  const random = randomFrom(seed);
  const sources = hclSources();
  await using parser = openBlockParser();
  let values = 0;
  for (let round = 0; round < sources.length + edits; round++) {
    const text = round < sources.length ? sources[round]! : mutate(random.pick(sources), random);
    // A lone CR, which no editor writes, is a token to the scanner: an object with one behind it is taken as a whole.
    if (/\r(?!\n)/.test(text)) continue;
    const parsed = await openHclReader(parser).read(sourceText("t.hcl", text));
    // An object with a computed name is taken as a whole; it is a mistake, and its values are never used.
    if (!parsed.ok || parsed.document.mistakes.length > 0) continue;
    for (const value of valuesOf(parsed.document)) {
      values++;
      assertEquals(misplaced(text, value), null, JSON.stringify(text));
    }
  }
  return values;
}

function* valuesOf({ blocks, attributes }: Document): Generator<Value> {
  for (const { body } of blocks) yield* inside(body);
  for (const { value } of attributes) yield* inside(value);
}

function* inside(value: Value): Generator<Value> {
  yield value;
  if (value.kind === "list") { for (const item of value.items) yield* inside(item); }
  if (value.kind === "fields") { for (const entry of value.entries) yield* inside(entry.value); }
}

/** The fault of the place of a value; null: none. */
function misplaced(text: string, value: Value): string | null {
  const { start, end } = value.range;
  const written = text.slice(start, end);
  const says = `${value.kind} at ${start}: ${JSON.stringify(written)}`;
  if (value.kind === "list") return written.startsWith("[") && written.endsWith("]") ? null : says;
  // A variable that is assigned is a block whose body is the assignment.
  if (value.kind === "fields") return /^\{[^]*\}$|^=/.test(written) ? null : says;
  if (value.kind === "template") {
    return value.codes.every((code) => code.start >= start && code.end <= end) ? null : says;
  }
  if (typeof value.value !== "string") {
    return written.replace(/^-\s+/, "-") === (value.text ?? String(value.value)) ? null : says;
  }
  if (written.startsWith("<<")) return null;
  return decodeQuoted(written) === value.value ? null : says;
}
