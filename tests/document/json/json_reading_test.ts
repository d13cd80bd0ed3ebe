import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { sourceText } from "../../../src/diagnostic/range.ts";
import type { Document, ParsedDocument } from "../../../src/document/document.ts";
import {
  type JsonReader,
  openJsonReader,
  parseJsonDocument,
  parseJsonInSteps,
} from "../../../src/document/json/json_document.ts";
import { openPace } from "../../../src/time/pace.ts";
import { EDITED_JSON, nextJson } from "../../support/json_edits.ts";
import { randomFrom } from "../../support/random.ts";
import { asText } from "../../support/rereading.ts";

function shown(parsed: ParsedDocument): string {
  if (!parsed.ok) return asText(parsed);
  const { blocks, attributes, mistakes } = parsed.document;
  return asText({ blocks, attributes, mistakes });
}

/** A snapshot of that many layers, as one that was printed looks. */
function snapshot(layerCount: number, edits: Record<number, string> = {}, hash = "x"): string {
  const layers = Array.from({ length: layerCount }, (_, index) => [`l${index}`, {
    id: `l${index}`,
    title: edits[index] ?? `A layer of some title ${index}`,
    fields: { a: { type: "string" } },
    connection: "${env:A}",
  }]);
  const dataSources = { db: { provider: "postgis", connection: "${env:DB}" } };
  const whole = { $snapshot: { hash }, honua: { version: "1.0" }, dataSources, layers: Object.fromEntries(layers) };
  return JSON.stringify({ ...whole, variables: { one: 1, two: 2 }, other: [3] }, null, 2);
}

async function documentOf(reader: JsonReader, text: string): Promise<Document> {
  const parsed = await reader.read(sourceText("t.json", text), openPace());
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.document;
}

Deno.test("after any earlier texts, a reader gives the result of a fresh one, every place included", async () => {
  await fc.assert(
    fc.asyncProperty(fc.integer(), async (seed) => {
      const random = randomFrom(seed);
      const reader = openJsonReader();
      const texts = [EDITED_JSON];
      for (let step = 0; step < 20; step++) {
        const text = texts.at(-1)!;
        const source = sourceText("t.json", text);
        const again = await reader.read(source, openPace());
        assertEquals(shown(again), shown(parseJsonDocument(source)), JSON.stringify(texts.slice(-3)));
        texts.push(nextJson(texts, random));
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("reading again costs as much as the change, not as the source", async () => {
  const text = snapshot(500);
  const layer = text.match(/^ {4}"l7": .*?^ {4}\},\n/ms)![0];
  const edits: [string, string, [scanned: number, placed: number]][] = [
    ["touch", text, [0, 0]],
    ["a comment in front of all", "// first\n" + text, [0, 0]],
    ["a comment in a layer", text.replace('"title"', '/* of the first */ "title"'), [1, 1]],
    ["a value", snapshot(500, { 7: "Seven" }), [1, 1]],
    ["a value and the hash", snapshot(500, { 7: "Seven" }, "y"), [2, 1]],
    ["two values far from each other", snapshot(500, { 7: "Seven", 490: "x" }), [2, 2]],
    ["a value of the first and the last layer", snapshot(500, { 0: "First", 499: "Last" }), [2, 2]],
    ["a layer more at the end", snapshot(501), [1, 1]],
    ["a layer moved", text.replace(layer, "").replace('    "l400"', `${layer}    "l400"`), [0, 0]],
    ["a layer less", text.replace(layer, ""), [0, 0]],
    ["a layer under another name", text.replace('"l7": ', '"m": '), [1, 1]],
    ["a variable", text.replace('"two": 2', '"two": 22'), [1, 1]],
    ["a setting", text.replace('"1.0"', '"1.1"'), [1, 1]],
    ["an attribute", text.replace(/3\s*\]/, "4]"), [1, 1]],
  ];
  for (const [what, edited, cost] of edits) {
    const reader = openJsonReader();
    await documentOf(reader, text);
    await documentOf(reader, edited);
    assertEquals([reader.work.scanned, reader.work.placed], cost, what);
  }
});

Deno.test("an unchanged block is the same object, and its places move with it", async () => {
  const reader = openJsonReader();
  const before = await documentOf(reader, snapshot(100));
  const text = "// one line more\n" + snapshot(100, { 7: "Seven" }, "y");
  const after = await documentOf(reader, text);
  assertEquals(after.blocks.filter((block) => !before.blocks.includes(block)).map(({ labels }) => labels[0]?.text), [
    "l7",
  ]);
  assertEquals(after.blocks.length, before.blocks.length);
  assert(after.attributes[0] === before.attributes[0]);
  for (const { range, labels, body } of after.blocks) {
    const first = labels[0] ?? { text: "honua", range: { start: range.start, end: range.start + '"honua"'.length } };
    assertEquals(text.slice(first.range.start, first.range.end), JSON.stringify(first.text));
    assertEquals(text.slice(range.start, range.end).at(-1), text[body.range.end - 1]);
    for (const { value } of body.entries) {
      if (value.kind !== "template") continue;
      const [, name] = value.text.match(/"(.*)"/)!;
      assertEquals(value.codes.map(({ start, end }) => text.slice(start, end)), [`env:${name}`]);
    }
  }
});

Deno.test("a source caught half-written, broken or empty is whole again at no cost", async () => {
  const reader = openJsonReader();
  const text = snapshot(100);
  const { blocks } = await documentOf(reader, text);
  for (const broken of ["", text.slice(0, 1_000), text.replace(":", ""), "[]", `${"[".repeat(300)}`]) {
    await reader.read(sourceText("t.json", broken), openPace());
    const again = await documentOf(reader, text);
    assertEquals(reader.work.placed, 0);
    assert(again.blocks.every((block, index) => block === blocks[index]));
  }
});

Deno.test("a reading that is not wanted any more ends at its next rest, and the next one is right", async () => {
  const reader = openJsonReader();
  await documentOf(reader, snapshot(100));
  const text = snapshot(200, { 50: "Fifty" }, "y");
  for (let rests = 0; rests < 3; rests++) {
    const abort = new AbortController();
    const pace = openPace({ turnMilliseconds: 0, signal: abort.signal });
    let left = rests;
    const counting = { isSpent: () => true, rest: () => (left-- > 0 ? Promise.resolve() : pace.rest()) };
    abort.abort(new Error("enough"));
    await assertRejects(() => reader.read(sourceText("t.json", text), counting), Error, "enough");
  }
  const source = sourceText("t.json", text);
  assertEquals(shown(await reader.read(source, openPace())), shown(parseJsonDocument(source)));
});

Deno.test("a large source is read in many steps, each of them small", () => {
  const steps = (layerCount: number) => {
    let count = 0;
    for (const work = parseJsonInSteps(sourceText("t.json", snapshot(layerCount))); !work.next().done;) count++;
    return count;
  };
  assert(steps(1_000) > 1_000);
  const broken = parseJsonInSteps(sourceText("t.json", snapshot(1_000).slice(0, -3)));
  let count = 0;
  while (!broken.next().done) count++;
  assert(count > 100);
});
