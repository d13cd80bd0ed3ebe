// The bench's configurations: they are valid, and the same on every machine.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { CONNECTION_VARIABLE, type EditKind, layerFile, type Variety } from "../../bench/layers.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { compileSource } from "../../src/compile.ts";

const VARIETIES: readonly Variety[] = ["uniform", "mixed"];
const KINDS: readonly EditKind[] = ["one-layer", "new-shape", "comment"];

Deno.test("the same seed makes the same text and the same edits, and another seed another text", () => {
  for (const variety of VARIETIES) {
    const [one, again] = [layerFile(variety, 50, 7), layerFile(variety, 50, 7)];
    assertEquals(one.text, again.text);
    for (const kind of KINDS) assertEquals(one.edited(kind, 3), again.edited(kind, 3));
  }
  assertNotEquals(layerFile("mixed", 50, 7).text, layerFile("mixed", 50, 8).text);
});

Deno.test("no two edits make the same text, and none makes the text that was edited", () => {
  for (const variety of VARIETIES) {
    const file = layerFile(variety, 20, 1);
    const texts = KINDS.flatMap((kind) => Array.from({ length: 200 }, (_, number) => file.edited(kind, number)));
    assertEquals(new Set([file.text, ...texts]).size, texts.length + 1);
  }
});

Deno.test("every text and every edit is a valid configuration, with the layers that were asked for", async () => {
  await using parser = openBlockParser();
  const compile = async (text: string) => {
    const environment = (name: string) => name === CONNECTION_VARIABLE ? "Host=database" : undefined;
    const source = sourceText("bench.hcl", text);
    const compiled = await compileSource({ source, format: "hcl", environment, validate: true, parser });
    assert(compiled.ok, JSON.stringify(compiled.ok ? [] : compiled.diagnostics));
    // With few layers, some services and data sources are used by none; and services have layers of all data sources.
    const expected = ["config/unused", "server/one-data-source"];
    assertEquals(compiled.warnings.filter(({ code }) => !expected.includes(code)), []);
    return compiled;
  };
  for (const variety of VARIETIES) {
    for (const [count, seed] of [[1, 1], [10, 2], [300, 3]] as const) {
      const file = layerFile(variety, count, seed);
      const { counts, snapshot } = await compile(file.text);
      assertEquals(counts.layers, count);
      const commented = await compile(file.edited("comment", 4_095));
      assertEquals(commented.snapshot.contentHash, snapshot.contentHash);
      for (const kind of ["one-layer", "new-shape"] as const) {
        const changed = await Promise.all([4_094, 4_095].map((number) => compile(file.edited(kind, number))));
        const hashes = [snapshot, ...changed.map((one) => one.snapshot)].map(({ contentHash }) => contentHash);
        assertEquals(new Set(hashes).size, 3, `no two of ${kind} mean the same`);
      }
    }
  }
});
