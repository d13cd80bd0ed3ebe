import fc from "fast-check";
import { assertEquals } from "@std/assert";
import { printParseErrorCode, visit } from "jsonc-parser";
import type { Value } from "../../../src/document/document.ts";
import { openMemberReading, readTree } from "../../../src/document/json/json_tree.ts";
import { atOnce } from "../../../src/time/turns.ts";
import { EDITED_JSON, nextJson } from "../../support/json_edits.ts";
import { randomFrom } from "../../support/random.ts";

/** The values and the mistakes, each with its place, in their order. */
interface Reading {
  readonly values: readonly unknown[];
  readonly mistakes: readonly unknown[];
}

/** As jsonc-parser's own visitor has it: the first mistake of each line. */
function visited(text: string): Reading {
  const values: unknown[] = [];
  const mistakes: unknown[] = [];
  let lastLine = -1;
  const mistake = (code: string, start: number, length: number, line: number) => {
    if (line !== lastLine) mistakes.push([code, start, start + length]);
    lastLine = line;
  };
  visit(text, {
    onObjectBegin: (start) => void values.push(["{", start]),
    onArrayBegin: (start) => void values.push(["[", start]),
    onObjectEnd: (start, length) => void values.push(["}", start + length]),
    onArrayEnd: (start, length) => void values.push(["]", start + length]),
    onObjectProperty: (name, start, length, line) => {
      if (!name.isWellFormed()) mistake("LoneSurrogate", start, length, line);
      values.push([name.normalize("NFC"), start, start + length]);
    },
    onLiteralValue: (value, start, length, line) => {
      if (typeof value === "string" && !value.isWellFormed()) mistake("LoneSurrogate", start, length, line);
      values.push([value, start, start + length]);
    },
    onError: (code, start, length, line) => mistake(printParseErrorCode(code), start, length, line),
  }, { allowTrailingComma: true });
  return { values, mistakes };
}

function read(text: string): Reading {
  const members = openMemberReading(() => null, null);
  const bounds = { maxMistakes: Infinity, maxNesting: Infinity, maxCommas: Infinity };
  const { root, mistakes } = atOnce(readTree(text, { members, ...bounds }));
  return {
    values: root ? flat(root) : [],
    mistakes: mistakes.map(({ code, range: { start, end } }) => [code, start, end]),
  };
}

function flat(value: Value): unknown[] {
  const { start, end } = value.range;
  if (value.kind === "literal") return [[value.value, start, end]];
  if (value.kind === "list") return [["[", start], ...value.items.flatMap(flat), ["]", end]];
  if (value.kind !== "fields") return [];
  const inside = value.entries.flatMap(({ name, nameRange, value }) => [
    [name, nameRange.start, nameRange.end],
    ...flat(value),
  ]);
  return [["{", start], ...inside, ["}", end]];
}

/** A text with mistakes has no meaning: only the mistakes count. */
function compare(text: string): void {
  const [expected, got] = [visited(text), read(text)];
  assertEquals(got.mistakes, expected.mistakes, JSON.stringify(text));
  if (expected.mistakes.length === 0) assertEquals(got.values, expected.values, JSON.stringify(text));
}

Deno.test("a text is read as jsonc-parser visits it, and has the same mistakes", () => {
  const token = fc.constantFrom(
    ...'{}[]:,"\\/*\n1 a-.e'.split(""),
    ...[
      "//",
      "/*",
      "*/",
      "\r",
      "\r\n",
      '"a"',
      '"b":',
      "{}",
      "[]",
      '"\\ud800"',
      '"\\x"',
      "1e999",
      "true",
      "null",
      "\u0001",
    ],
  );
  fc.assert(fc.property(fc.array(token, { maxLength: 30 }), (parts) => compare(parts.join(""))), { numRuns: 2_000 });
  fc.assert(fc.property(fc.json(), (text) => compare(text)));
});

Deno.test("an edited file is read as jsonc-parser visits it, and has the same mistakes", () => {
  fc.assert(fc.property(fc.integer(), (seed) => {
    const random = randomFrom(seed);
    const texts = [EDITED_JSON];
    for (let step = 0; step < 10; step++) {
      texts.push(nextJson(texts, random));
      compare(texts.at(-1)!);
    }
  }));
});

Deno.test("reading rests behind every 64 members or items", () => {
  const members = openMemberReading(() => null, null);
  const bounds = { maxMistakes: 1, maxNesting: 9, maxCommas: Infinity };
  const rests = (text: string) => [...readTree(text, { members, ...bounds })].length;
  const list = (count: number) => `[${Array(count).fill("1").join(",")}]`;
  // The end of the list counts as well.
  assertEquals([62, 63, 126, 127, 191].map((count) => rests(list(count))), [0, 1, 1, 2, 3]);
  const object = (count: number) => `{${Array.from({ length: count }, (_, index) => `"${index}":1`).join(",")}}`;
  assertEquals([62, 63, 127].map((count) => rests(object(count))), [0, 1, 2]);
});
