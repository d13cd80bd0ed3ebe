import { assert, assertEquals, assertRejects } from "@std/assert";
import { layerFile } from "../../../bench/layers.ts";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import type { Document } from "../../../src/document/document.ts";
import { type HclReader, openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { openItemMemory } from "../../../src/document/hcl/item_memory.ts";
import { openPace } from "../../../src/time/pace.ts";
import { asText } from "../../support/rereading.ts";
import { scanSource } from "../../support/whole_scan.ts";

/** 1,000 layers alike behind a `honua`, a `data_source` and a `service`. */
const SOURCE = layerFile("uniform", 1_000, 1).text;
const LAYERS = SOURCE.split(/^(?=layer)/m).slice(1);
const HEAD = SOURCE.slice(0, SOURCE.indexOf("layer"));

/** The cost of reading a text: items scanned, judged, and placed. */
async function costOf(reader: HclReader, text: string): Promise<number[]> {
  await reader.read(sourceText("t.hcl", text));
  const { scanned, items, placed } = reader.work;
  return [scanned, items, placed];
}

async function documentOf(reader: HclReader, text: string): Promise<Document> {
  const parsed = await reader.read(sourceText("t.hcl", text));
  assert(parsed.ok, JSON.stringify(parsed));
  return parsed.document;
}

Deno.test("reading again costs as much as the change, not as the source", async () => {
  await using parser = openBlockParser();
  const moved = [...LAYERS.slice(0, 10), ...LAYERS.slice(11, 900), LAYERS[10]!, ...LAYERS.slice(900)].join("");
  const edited = (layer: string, index: number) => index % 2 === 0 ? layer.replace("title", "name") : layer;
  const swapped = [LAYERS[900]!, ...LAYERS.slice(1, 900), LAYERS[0]!, ...LAYERS.slice(901)];
  swapped[450] = edited(swapped[450]!, 0);
  const edits: [string, string, number[]][] = [
    ["touch", SOURCE, [0, 0, 0]],
    ["a comment in front of all", "# first\n" + SOURCE, [0, 0, 0]],
    ["a comment between layers", SOURCE.replace("layer", "# later\nlayer"), [0, 0, 0]],
    ["a comment behind all", SOURCE + "# last", [0, 0, 0]],
    ["a value", SOURCE.replace('"Layer 7"', '"Seven"'), [1, 1, 1]],
    ["a value of the first block", SOURCE.replace('"1.0"', '"1.1"'), [1, 1, 1]],
    ["a value of the last layer", SOURCE.replace('"Layer 999"', '"Last"'), [1, 1, 1]],
    ["an expression", SOURCE.replace('"Layer 7"', '1 == 1 ? "a" : "b"'), [1, 1, 1]],
    ["two values far from each other", SOURCE.replace('"Layer 7"', '"A"').replace('"Layer 9"', '"B"'), [2, 2, 2]],
    ["the first block and the last", SOURCE.replace('"1.0"', '"1.1"').replace('"Layer 999"', '"B"'), [2, 2, 2]],
    ["every other layer", HEAD + LAYERS.map(edited).join(""), [500, 500, 500]],
    ["a layer more in the middle", SOURCE.replace(LAYERS[7]!, LAYERS[7]! + LAYERS[7]!.replaceAll("7", "x")), [1, 1, 1]],
    ["a layer more at the end", SOURCE + LAYERS[7]!.replaceAll("7", "y"), [1, 1, 1]],
    ["a layer less", SOURCE.replace(LAYERS[7]!, ""), [0, 0, 0]],
    ["a layer moved", HEAD + moved, [0, 0, 0]],
    ["the last layer moved to the front", HEAD + LAYERS.at(-1) + LAYERS.slice(0, -1).join(""), [0, 0, 0]],
    ["the last layer moved before all", LAYERS.at(-1) + HEAD + LAYERS.slice(0, -1).join(""), [0, 0, 0]],
    ["a layer moved to the end of a line", HEAD.trimEnd() + " " + LAYERS.at(-1) + LAYERS.slice(0, -1).join(""), [
      2,
      2,
      2,
    ]],
    ["all layers in the other order", HEAD + LAYERS.toReversed().join(""), [0, 0, 0]],
    ["a layer twice, far from the first", SOURCE + LAYERS[7], [1, 1, 1]],
    ["two layers swapped, and one edited", HEAD + swapped.join(""), [1, 1, 1]],
    ["a mistake in a value", SOURCE.replace('"Layer 7"', '"Layer 7'), [1, 1, 0]],
    ["a block that is not closed", SOURCE.replace(LAYERS[7]!, LAYERS[7]!.slice(0, -2)), [1, 1, 0]],
    ["half of it", SOURCE.slice(0, SOURCE.indexOf('"Layer 500"')), [1, 1, 0]],
    ["nothing", "", [0, 0, 0]],
  ];
  for (const [what, text, cost] of edits) {
    const reader = openHclReader(parser);
    assertEquals(await costOf(reader, SOURCE).then(([scanned]) => scanned), 1_003);
    assertEquals(await costOf(reader, text), cost, what);
    const [, ...back] = await costOf(reader, SOURCE);
    assertEquals(back[0], 0, `${what}, and back`);
  }
});

Deno.test("a source caught half-written, broken or empty is whole again at no cost", async () => {
  await using parser = openBlockParser();
  const reader = openHclReader(parser);
  const { blocks } = await documentOf(reader, SOURCE);
  const half = (part: number) => SOURCE.slice(0, SOURCE.length * part);
  for (const texts of [[""], [half(0.3), half(0.6)], ["", half(0.5)], [SOURCE.replace("{", "")], ["/*" + SOURCE]]) {
    for (const text of texts) await reader.read(sourceText("t.hcl", text));
    assertEquals(await costOf(reader, SOURCE), [0, 0, 0]);
  }
  const again = await documentOf(reader, SOURCE);
  assert(again.blocks.every((block, index) => block === blocks[index]));
});

Deno.test("an unchanged block is the same object, and its places move with it", async () => {
  await using parser = openBlockParser();
  const reader = openHclReader(parser);
  const before = await documentOf(reader, SOURCE + "x = 1\n");
  await documentOf(reader, "# one line more\n" + SOURCE + "x = 1\n");
  const text = "# one line more\n" + SOURCE.replace('"Layer 7"', '"Seven"') + "x = 1\n";
  const after = await documentOf(reader, text);
  assertEquals(after.blocks.length, before.blocks.length);
  assertEquals(after.blocks.filter((block) => !before.blocks.includes(block)).map(({ labels }) => labels[0]!.text), [
    "l7",
  ]);
  assertEquals(after.attributes[0] === before.attributes[0], true);
  for (const { body } of after.blocks) {
    for (const { name, nameRange } of body.entries) assertEquals(text.slice(nameRange.start, nameRange.end), name);
  }
});

Deno.test("a moved block is the same object, once, for any number of equal texts", async () => {
  await using parser = openBlockParser();
  const reader = openHclReader(parser);
  const before = await documentOf(reader, SOURCE);
  const text = HEAD.replace('"1.0"', '"1.1"') + LAYERS[7]! + LAYERS.toReversed().join("") + LAYERS[7]! + "x = 1\n";
  const { blocks } = await documentOf(reader, text);
  assertEquals(blocks.length, before.blocks.length + 2);
  const known = new Set(before.blocks);
  assertEquals(blocks.filter((block) => known.delete(block)).length, before.blocks.length - 1);
  for (const { type, typeRange, labels } of blocks) {
    assertEquals(text.slice(typeRange.start, typeRange.end), type);
    for (const { text: label, range } of labels) assertEquals(text.slice(range.start, range.end), `"${label}"`);
  }
});

Deno.test("a mistake in a block that did not change is reported again, at its current place", async () => {
  await using parser = openBlockParser();
  const reader = openHclReader(parser);
  const text = 'a "b" {\n  x = { (y) = 1, z = 1, z = 2 }\n}\n';
  for (const before of ["", "\n\n", "\n", 'a "c" {\n}\n', "x = 1\n\n\n"]) {
    const { mistakes } = await documentOf(reader, before + text);
    const line = before.split("\n").length + 1;
    assertEquals(mistakes.map(({ code, place, other }) => [code, place?.line, place?.column, other?.place.column]), [
      ["document/computed-name", line, 9, undefined],
      ["document/duplicate", line, 25, 18],
    ]);
  }
});

Deno.test("places move with a text beyond the bounds too", async () => {
  const memory = openItemMemory();
  const texts = ["a = 1\nb = 2\n", "# x\na = 1\nb = 2\nc = 1e10000\n"];
  for (const text of texts) assertEquals(asText(await memory.scan(text, openPace())), asText(scanSource(text)));
});

Deno.test("an aborted scan forgets and moves nothing", async () => {
  const memory = openItemMemory();
  const { items } = await memory.scan(SOURCE, openPace());
  const starts = items.map(({ range }) => range.start);
  const signal = AbortSignal.abort(new Error("enough"));
  const text = "# moved\n" + SOURCE.replaceAll("title", "name");
  await assertRejects(() => memory.scan(text, openPace({ turnMilliseconds: 0, signal })), Error, "enough");
  assertEquals(items.map(({ range }) => range.start), starts);
  await memory.scan(SOURCE, openPace());
  assertEquals(memory.scanned, 0);
});

Deno.test("a text that is forgotten is scanned again, and the one before it is at its places again", async () => {
  const memory = openItemMemory();
  const scan = (text: string) => memory.scan(text, openPace());
  const { items } = await scan(SOURCE);
  memory.keep();
  const starts = items.map(({ range }) => range.start);
  const other = "x = 1\n" + SOURCE;
  await scan(other);
  assertEquals([memory.scanned, items[0]!.range.start], [1, starts[0]! + 6]);
  memory.forget();
  memory.forget();
  const again = await scan(SOURCE);
  assertEquals([memory.scanned, again.items.every((item, index) => item === items[index])], [0, true]);
  assertEquals(items.map(({ range }) => range.start), starts);
  await scan(other);
  assertEquals(memory.scanned, 1);
});

Deno.test("the last two whole texts are known after any others, and an equal text ages nothing", async () => {
  const memory = openItemMemory();
  const scannedIn = async (text: string, isWhole = true) => {
    await memory.scan(text, openPace());
    if (isWhole) memory.keep();
    return memory.scanned;
  };
  const [a, b, c] = ["a = 1\n", "b = 1\n", "c = 1\n"] as const;
  assertEquals([await scannedIn(a), await scannedIn(b), await scannedIn(b), await scannedIn(`# x\n${b}`)], [
    1,
    1,
    0,
    0,
  ]);
  assertEquals([await scannedIn("x", false), await scannedIn("y", false), await scannedIn(a)], [1, 1, 0]);
  assertEquals([await scannedIn(b), await scannedIn(c), await scannedIn(a)], [0, 1, 1]);
});

Deno.test("an item is found again if all the text that it looked at is there, and a line begins there or not as before", async () => {
  const memory = openItemMemory();
  const scannedIn = async (text: string) => {
    await memory.scan(text, openPace());
    return memory.scanned;
  };
  await memory.scan("a = 1\nb = 2\na = 1\nc = [\n1]\n", openPace());
  memory.keep();
  for (
    const [text, count] of [
      ["b = 2\na = 1\na = 1\na = 1\nc = [\n1]\nc = [\n2]\n", 2],
      // The rest of its line belongs to the text that its scan looked at.
      ["b = 2 + 1\n", 1],
      ["b = 2", 1],
      ["b = 2 # x\n", 1],
      ["x = 1, b = 2\n", 2],
      [" b = 2\n", 0],
      ["/* x */ b = 2\n", 0],
    ] as const
  ) {
    assertEquals(await scannedIn(text), count, text);
  }
});

Deno.test("of items with one first line four are compared for one place, and one whose line goes on for long is none", async () => {
  const bodies = Array.from({ length: 6 }, (_, at) => `a {\n b = ${at}\n}\n`);
  for (const [which, scanned] of [[0, 0], [1, 0], [3, 0], [4, 1], [5, 1]] as const) {
    const memory = openItemMemory();
    await memory.scan(bodies.join(""), openPace());
    await memory.scan(`# x\n${bodies[which]}`, openPace());
    assertEquals(memory.scanned, scanned, `${which}`);
  }
  const memory = openItemMemory();
  for (const [length, scanned] of [[130, [1, 0]], [131, [1, 1]]] as const) {
    const text = `a = 1 #${"-".repeat(length)}\n`;
    const counts = [];
    for (let time = 0; time < 2; time++) {
      await memory.scan(text, openPace());
      counts.push(memory.scanned);
    }
    assertEquals<readonly number[]>(counts, scanned, `${length}`);
  }
});
