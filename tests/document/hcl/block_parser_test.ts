// The work of the block parser for fixed edits, counted: it does not depend on the machine.
import { assert, assertEquals } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { scanSource } from "../../support/whole_scan.ts";
import { openCounting } from "./counting_parser.ts";

/** A configuration with that many layers, all alike but for their names. */
function layers(count: number): string {
  const head =
    'honua {\n  version = "1.0"\n}\ndata_source "db" {\n  provider = "sqlite"\n  connection = "Data Source=a"\n}\n' +
    'service "odata" {\n  enabled = true\n}\n';
  const layer = (index: number) =>
    `layer "l${index}" {\n  title = "Layer ${index}"\n  data_source = data_source.db\n  table = "t${index}"\n` +
    '  id_field = "id"\n  geometry {\n    column = "geom"\n    type = "Point"\n  }\n  services = [service.odata]\n}\n';
  return head + Array.from({ length: count }, (_, index) => layer(index)).join("");
}

Deno.test("the parser's work follows the change, not the source", async () => {
  await using parser = openCounting();
  const source = layers(1_000);
  const edits: [string, string, number[]][] = [
    ["cold", source, [1_003, 4, 0, 1]],
    ["touch", source, [0, 0, 0, 0]],
    ["a comment between layers", source.replace("layer", "# later\nlayer"), [0, 0, 0, 0]],
    ["a comment in a layer", source.replace('title = "Layer 7"', '# none\n title = "Layer 7"'), [1, 0, 0, 0]],
    ["a value", source.replace('"Layer 7"', '"Seven"'), [1, 0, 0, 0]],
    ["a value of another kind", source.replace('"Layer 7"', '["${env:SEVEN}", 7, null]'), [1, 0, 0, 0]],
    ["a name", source.replace("title", "tilte"), [1, 0, 0, 0]],
    ["a layer more", source + source.slice(source.lastIndexOf("layer")).replaceAll("999", "new"), [1, 0, 0, 0]],
    ["a layer twice", source.slice(source.lastIndexOf("layer")) + source, [1, 0, 0, 0]],
    ["a setting more", source.replace('title = "Layer 7"', 'title = "Layer 7"\n  x = 1'), [1, 1, 0, 1]],
    ["an expression", source.replace('"Layer 7"', '1 == 1 ? "a" : "b"'), [1, 0, 1, 1]],
    ["a mistake in the structure", source.replace('title = "Layer 7"', "x = 1\n  x = 2"), [1, 1, 1, 2]],
    ["a mistake in a value", source.replace('"Layer 7"', '"Layer 7'), [1, 0, 1, 1]],
    ["the same as at first", source, [0, 0, 0, 0]],
  ];
  for (const [what, text, cost] of edits) {
    assertEquals(await parser.costOf(text), cost, what);
    await parser.costOf(source);
  }
});

Deno.test("shapes are known after texts without them", async () => {
  await using parser = openCounting();
  const source = layers(10);
  await parser.costOf(source);
  for (const other of ["x = 1\n", "x = 2\n", "y {\n}\n", "x = 3\n"]) await parser.costOf(other);
  assertEquals(await parser.costOf(source), [13, 0, 0, 0]);
});

Deno.test("hcl2json sees no name and no value that is certain without it", async () => {
  await using parser = openCounting();
  await parser.costOf('secret "hunter2" {\n  hunter3 = "hunter4"\n}\nx = f(1)\n');
  assertEquals(parser.requests, [['n0 "n1" {\nn2 = "0"\n}\n', "x = f(1)\n"]]);
});

Deno.test("a meaning is the same each time it is asked for, also when its item is forgotten", async () => {
  await using parser = openBlockParser();
  const text = layers(2).replace("Layer 1", 'Layer ${env("X")}');
  const judged = await parser.judge(text, scanSource(text).items);
  assert(judged.ok);
  const meanings = () => judged.verdicts.map((verdict) => "value" in verdict ? JSON.stringify(verdict.value) : null);
  const first = meanings();
  assert(first[4]?.includes('"title":"Layer ${env(\\"X\\")}"'), first[4]!);
  for (const other of [layers(1), layers(3)]) assert((await parser.judge(other, scanSource(other).items)).ok);
  assertEquals(meanings(), first);
});
