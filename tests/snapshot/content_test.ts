// Pieces that are taken over from the last config, or from the other form, are correct: each case is as near as can be
// to one that may be taken over.
import { assertEquals } from "@std/assert";
import type { Json, JsonObject } from "../../src/snapshot/canonical.ts";
import { openSealer } from "../../src/snapshot/snapshot.ts";
import { sealWholeFile } from "./whole_file_sealing.ts";

async function assertSealedAsWhole(...configs: readonly (readonly [config: JsonObject, portable: JsonObject])[]) {
  const sealer = openSealer();
  for (const [config, portable] of configs) {
    const { hash, contentHash, bytes } = await sealer.seal(config, portable);
    const expected = sealWholeFile(config, portable);
    assertEquals<string[]>([hash, contentHash], [expected.hash, expected.contentHash], JSON.stringify(configs));
    assertEquals(new TextDecoder().decode(bytes), new TextDecoder().decode(expected.bytes));
  }
}

Deno.test("a value is not taken for the equal one that was a table deeper under its name, or less deep", async () => {
  for (const value of [1, "x", null, [1]]) {
    const [deep, flat]: JsonObject[] = [{ a: { a: value } }, { a: value }];
    await assertSealedAsWhole([deep!, deep!], [flat!, flat!], [deep!, deep!]);
  }
});

Deno.test("an entry that gets another name is not the one that has its value", async () => {
  const [before, after]: JsonObject[] = [{ t: { a: 1, b: 2, d: 4 } }, { t: { a: 1, c: 2, d: 4 } }];
  await assertSealedAsWhole([before!, before!], [after!, after!]);
  await assertSealedAsWhole([before!, after!], [after!, before!]);
});

Deno.test("a value of one form is taken for that of the other only if it says the same", async () => {
  const nested = (depth: number, value: Json): Json => depth === 0 ? value : { n: [nested(depth - 1, value)] };
  const values: Json[] = [
    ...[null, true, false, 0, 1, "", "0", [], {}],
    ...[[1], [1, 2], [2, 1], [[1]], { x: 1 }, { x: 1, y: 2 }, { x: 1, z: 2 }, { y: 2, x: 1 }, { x: [1] }, {
      x: { y: 1 },
    }],
    ...[{ 0: 1 }, { length: 0 }, [null], [[]], [{}], nested(40, 1), nested(40, 2)],
  ];
  for (const one of values) {
    for (const other of values) {
      await assertSealedAsWhole([{ t: { a: one } }, { t: { a: structuredClone(other) } }]);
    }
  }
});

Deno.test("tables without members, and members of no table, are at the places of their names", async () => {
  const config: JsonObject = { a: {}, b: 1, c: { d: {} }, e: [], f: { g: 1, h: 2 } };
  await assertSealedAsWhole([config, {}], [{}, config], [config, config]);
});
