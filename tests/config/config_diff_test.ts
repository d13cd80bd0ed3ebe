import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { applyPatch } from "rfc6902";
import { countChanges } from "../../src/config/changes.ts";
import { type BlockDiff, countBlocks, diffConfigs, patchOf } from "../../src/config/config_diff.ts";
import { maskedConfig, maskingConfigs } from "../../src/config/masked_config.ts";
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { atOnce } from "../../src/time/turns.ts";

const EMPTY: JsonObject = { dataSources: {}, services: {}, layers: {}, caches: {}, variables: {} };

async function diff(from: JsonObject, to: JsonObject): Promise<readonly BlockDiff[]> {
  return await diffConfigs({ ...EMPTY, ...from }, { ...EMPTY, ...to });
}

/** The only block that differs, with its settings. */
async function settings(from: JsonObject, to: JsonObject): Promise<unknown[]> {
  const [block, ...others] = await diff({ layers: { a: from } }, { layers: { a: to } });
  assertEquals(others, []);
  return (block?.settings ?? []).map(({ path, change, from, to, secretChanged }) => [
    path.join("."),
    change,
    ...(secretChanged ? ["secret"] : []),
    ...(from === undefined ? [] : [from]),
    ...(to === undefined ? [] : [to]),
  ]);
}

Deno.test("blocks are matched by their ids, and come in the second configuration's order, the removed ones last", async () => {
  const from = { honua: { version: "1.0" }, layers: { gone: { t: 1 }, kept: { t: 1 }, moved: { t: 1 } } };
  const to = { layers: { moved: { t: 1 }, fresh: { t: 2 }, kept: { t: 3 } }, rateLimit: { enabled: true } };
  const blocks = await diff(from, to);
  assertEquals(blocks.map(({ change, type, name, at }) => [change, type, name, at.join("/")]), [
    ["added", "layer", "fresh", "layers/fresh"],
    ["changed", "layer", "kept", "layers/kept"],
    ["removed", "layer", "gone", "layers/gone"],
    ["added", "rate_limit", null, "rateLimit"],
    ["removed", "honua", null, "honua"],
  ]);
  assertEquals(countBlocks(blocks), { added: 2, removed: 2, changed: 1 });
});

Deno.test("a part that is there only once, or is no map of blocks, is one block", async () => {
  const about = async (from: JsonObject, to: JsonObject) =>
    (await diffConfigs(from, to)).map(({ change, type, at }) => [change, type, at.join("/")]);
  assertEquals(await about({}, { layers: { a: {} } }), [["added", "layer", "layers"]]);
  assertEquals(await about({ layers: { a: {} } }, {}), [["removed", "layer", "layers"]]);
  assertEquals(await about({ layers: { a: {} } }, { layers: [] }), [["changed", "layer", "layers"]]);
  assertEquals(await about({ layers: 1 }, { layers: 1 }), []);
});

Deno.test("a changed setting has its path, its old and its new value, and no other is named", async () => {
  assertEquals(
    await settings({ title: "a", same: 1, geometry: { srid: 1, type: "Point" }, gone: null }, {
      title: "b",
      same: 1,
      geometry: { srid: 2, type: "Point" },
      fresh: { x: null },
    }),
    [
      ["title", "changed", "a", "b"],
      ["geometry.srid", "changed", 1, 2],
      ["fresh", "added", { x: null }],
      ["gone", "removed", null],
    ],
  );
});

Deno.test("a list is one setting, but objects in lists of one length differ by setting", async () => {
  assertEquals(await settings({ s: ["a", "b"] }, { s: ["a", "c"] }), [["s", "changed", ["a", "b"], ["a", "c"]]]);
  assertEquals(await settings({ s: [{ x: 1 }] }, { s: [{ x: 1 }, {}] }), [["s", "changed", [{ x: 1 }], [
    { x: 1 },
    {},
  ]]]);
  assertEquals(await settings({ s: [{ x: 1, y: 1 }, {}] }, { s: [{ x: 2, y: 1 }, {}] }), [["s.0.x", "changed", 1, 2]]);
  assertEquals(await settings({ s: [{ x: 1 }] }, { s: [null] }), [["s", "changed", [{ x: 1 }], [null]]]);
  assertEquals(await settings({ s: [{}, 1] }, { s: [{}, 2] }), [["s", "changed", [{}, 1], [{}, 2]]]);
  assertEquals(await settings({ s: {} }, { s: [] }), [["s", "changed", {}, []]]);
});

Deno.test("an added block lists all its settings, a removed one none, and a block may be one value", async () => {
  const [added, removed] = await diff({ layers: { old: { title: "x" } } }, { layers: { new: { title: "y", n: 1 } } });
  assertEquals(added!.settings.map(({ path, to }) => [path, to]), [[["title"], "y"], [["n"], 1]]);
  assertEquals(removed!.settings, []);
  const [variable] = await diff({ variables: { v: 1 } }, { variables: { v: [2] } });
  assertEquals(variable!.settings, [{ path: [], change: "changed", from: 1, to: [2], secretChanged: false }]);
});

Deno.test("a secret that changed shows only that it did", async () => {
  const change = { path: ["connection"], change: "changed", from: "[masked]", to: "[masked]", secretChanged: true };
  const of = (connection: string) => ({ dataSources: { db: { provider: "postgresql", connection } } });
  const [block] = await diff(of("Host=db;Password=hunter2"), of("Host=db;Password=hunter3"));
  assertEquals(block!.settings, [change as BlockDiff["settings"][number]]);
  const reference = '${env("DB")}';
  const [opened] = await diff(of("Host=db;Password=hunter2"), of(reference));
  assertEquals(opened!.settings.map(({ from, to }) => [from, to]), [["[masked]", reference]]);
  assertEquals(await settings({ tokens: ["abc", "d"] }, { tokens: ["abc", "e"] }), [
    ["tokens", "changed", "secret", ["[masked]", "[masked]"], ["[masked]", "[masked]"]],
  ]);
});

Deno.test("a variable that is part of a secret is a secret, under any name", async () => {
  const of = (value: string) => ({
    variables: { harmless: value, shown: `not ${value.length}` },
    dataSources: { db: { connection: `Host=db;Password=${value}` } },
  });
  const blocks = await diff(of("hunter2"), of("correct horse"));
  assert(!/hunter2|correct horse/.test(JSON.stringify([blocks, [...patchOf(blocks)]])));
  const variables = blocks.filter(({ type }) => type === "variable");
  assertEquals(variables.map(({ name, settings: [one] }) => [name, one!.from, one!.secretChanged]), [
    ["harmless", "[masked]", true],
    ["shown", "not 7", false],
  ]);
});

Deno.test("a block that is the same object is not looked into, and names that a prototype has are names", async () => {
  const unread = new Proxy({}, {
    ownKeys() {
      throw new Error("looked into");
    },
  });
  const of = (title: string) => ({ layers: { a: unread, b: { title } }, services: unread });
  assertEquals((await diff(of("x"), of("y"))).map(({ name }) => name), ["b"]);
  const hostile = JSON.parse('{ "layers": { "__proto__": { "toString": 1 } } }');
  const [added] = await diff({}, hostile);
  assertEquals([added!.name, added!.settings[0]!.path], ["__proto__", ["toString"]]);
  assertEquals(
    JSON.stringify([...patchOf([added!])]),
    '[{"op":"add","path":"/layers/__proto__","value":{"toString":1}}]',
  );
});

Deno.test("a variable that is a secret in one version only is hidden in both", async () => {
  const connection = "Host=db;Password=hunter2";
  const from = { variables: { harmless: "hunter2" }, dataSources: { db: { connection } } };
  const blocks = await diff(from, { variables: { renamed: "hunter2" } });
  assert(!JSON.stringify([blocks, [...patchOf(blocks)]]).includes("hunter2"));
});

Deno.test("a masked configuration hides secrets and the variables in them, and nothing else", () => {
  const config = {
    variables: { harmless: "hunter2", port: 5432, pin: 123456 },
    dataSources: { db: { connection: "Host=db;Password=hunter2", pool: { maxSize: 5432 } } },
    services: { s: { settings: { secret_number: 123456 } } },
    $x: [1, null],
  };
  assertEquals(JSON.parse(JSON.stringify(maskedConfig(config, {}))), {
    variables: { harmless: "[masked]", port: 5432, pin: "[masked]" },
    dataSources: { db: { connection: "[masked]", pool: { maxSize: 5432 } } },
    services: { s: { settings: { secret_number: "[masked]" } } },
    $x: [1, null],
  });
});

const NAMES = ["a", "b", "title", "password", "x/y", "m~n", "connection", "0"];
const { config } = fc.letrec((tie) => ({
  leaf: fc.constantFrom(null, true, 0, 1, 123_456, "", "a", "hunter2", "Password=hunter2", '${env("X")}'),
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    tie("leaf"),
    fc.array(tie("value"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(fc.constantFrom(...NAMES), tie("value"), { maxKeys: 4 }),
  config: fc.record({
    dataSources: tie("object"),
    layers: tie("object"),
    variables: tie("object"),
    honua: tie("value"),
    other: tie("value"),
  }, { requiredKeys: ["dataSources", "layers", "variables"] }),
}));

const anyConfig = config as fc.Arbitrary<JsonObject>;

Deno.test("the patch of a diff makes the second masked configuration of the first", async () => {
  await fc.assert(
    fc.asyncProperty(anyConfig, anyConfig, async (from, to) => {
      const masked = atOnce(maskingConfigs([from, to], { keepReferences: true }));
      const [patched, expected] = JSON.parse(JSON.stringify(masked));
      const failures = applyPatch(patched, JSON.parse(JSON.stringify([...patchOf(await diffConfigs(from, to))])));
      assertEquals(failures.filter((one) => one !== null), []);
      assertEquals(patched, expected);
    }),
    { numRuns: 500 },
  );
});

Deno.test("a diff counts as the changes of a reload do, and is empty only for equal configurations", async () => {
  await fc.assert(fc.asyncProperty(anyConfig, anyConfig, async (from, to) => {
    const sum = { added: 0, removed: 0, changed: 0 };
    for (const changed of Object.values(countChanges(from, to))) {
      for (const kind of ["added", "removed", "changed"] as const) sum[kind] += changed[kind];
    }
    assertEquals(countBlocks(await diffConfigs(from, to)), sum);
    assertEquals(await diffConfigs(from, structuredClone(from)), []);
  }));
});
