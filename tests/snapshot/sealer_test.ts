// A sealer gives the result of sealing the whole again, after any earlier config, and writes out the changed pieces.
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { type Json, type JsonObject } from "../../src/snapshot/canonical.ts";
import { isFileOf, openSealer, type Sealer, type Snapshot } from "../../src/snapshot/snapshot.ts";
import { sealSnapshot } from "./sealed_once.ts";
import type { Pace } from "../../src/time/pace.ts";
import { anyJson, anyJsonObject } from "./json_arbitrary.ts";
import { sealWholeFile, type WholeFile } from "./whole_file_sealing.ts";
import { canonicalBytes, sha256Hex } from "./reference_hash.ts";

/** The members of one form of a config: tables of entries, and others. */
type Form = Map<string, Json | Map<string, Json>>;

function objectOf(members: ReadonlyMap<string, Json | Map<string, Json>>): JsonObject {
  const object: JsonObject = Object.create(null);
  for (const [name, value] of members) {
    const inner = value instanceof Map ? objectOf(value) : value;
    Object.defineProperty(object, name, { value: inner, enumerable: true, configurable: true, writable: true });
  }
  return object;
}

const tableName = fc.constantFrom("layers", "services", "__proto__", "10", "9", "$snapshot", "\u{1f600}");
const entryName = fc.oneof(
  fc.constantFrom("__proto__", "constructor", "toJSON", "", "10", "9", "100", "\u{1f600}", "\ufb33", '"', "{"),
  fc.integer({ min: 0, max: 300 }).map((number) => `entry-${number}`),
);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put"), table: tableName, entry: entryName, value: anyJson }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant("differ"), table: tableName, entry: entryName, value: anyJson }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("remove"), table: tableName, entry: entryName }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("rename"), table: tableName, entry: entryName, to: entryName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("whole"), table: tableName, value: anyJson }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("empty"), table: tableName }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("drop"), table: tableName }) },
);
type Step = { do: string; table: string; entry?: string; to?: string; value?: Json };

function take(forms: readonly [Form, Form], { do: what, table, entry, to, value }: Step): void {
  for (const [index, form] of forms.entries()) {
    const found = form.get(table);
    if (what === "drop") form.delete(table);
    else if (what === "empty") form.set(table, new Map());
    else if (what === "whole") form.set(table, value!);
    else if (what === "put" || (what === "differ" && index === 0)) {
      // The other form has an equal value that is not the same object.
      const mine = index === 0 ? value! : structuredClone(value!);
      if (found instanceof Map) found.set(entry!, mine);
      else form.set(table, new Map([[entry!, mine]]));
    } else if (found instanceof Map) {
      const old = found.get(entry!);
      if (what !== "differ") found.delete(entry!);
      if (what === "rename" && old !== undefined) found.set(to!, old);
    }
  }
}

function assertSame(snapshot: Snapshot, expected: WholeFile): void {
  assertEquals<string[]>([snapshot.hash, snapshot.contentHash], [expected.hash, expected.contentHash]);
  assertEquals(new TextDecoder().decode(snapshot.bytes), new TextDecoder().decode(expected.bytes));
  assertEquals(snapshot.byteLength, expected.bytes.length);
}

Deno.test("property: after any edits a sealer gives the result of sealing the whole again, byte for byte", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
      const sealer = openSealer();
      const forms: [Form, Form] = [new Map(), new Map()];
      for (const one of steps) {
        take(forms, one);
        const [config, portable] = [objectOf(forms[0]), objectOf(forms[1])];
        assertSame(await sealer.seal(config, portable), sealWholeFile(config, portable));
        assertEquals<string | null>(await sealer.hash(portable), sealWholeFile(portable, portable).hash);
      }
    }),
    { numRuns: 150 },
  );
});

Deno.test("property: sealing once gives the same as one pass over the whole", async () => {
  await fc.assert(fc.asyncProperty(anyJsonObject, anyJsonObject, async (config, portable) => {
    assertSame(await sealSnapshot(config, portable), sealWholeFile(config, portable));
  }));
});

const COUNT = 1_000;

/** Two forms with a thousand layers; all that differs is one connection. */
function sample(): [Form, Form] {
  const layers = (): [string, Json][] =>
    Array.from({ length: COUNT }, (_, index) => [`layer-${index}`, { id: `layer-${index}`, fields: { a: [index] } }]);
  const form = (connection: string): Form =>
    new Map<string, Json | Map<string, Json>>([
      ["dataSources", new Map<string, Json>([["db", { id: "db", connection }]])],
      ["honua", { version: "1.0" }],
      ["layers", new Map(layers())],
    ]);
  return [form("Host=a"), form('${env("HOST")}')];
}

function layersOf(form: Form): Map<string, Json> {
  return form.get("layers") as Map<string, Json>;
}

/** The sealed forms, which must equal the result of sealing the whole again. */
async function sealed(sealer: Sealer, forms: [Form, Form]): Promise<Snapshot> {
  const [config, portable] = [objectOf(forms[0]), objectOf(forms[1])];
  const snapshot = await sealer.seal(config, portable);
  assertSame(snapshot, sealWholeFile(config, portable));
  return snapshot;
}

Deno.test("an entry is written out once, for any number of seals and any order", async () => {
  let looked = 0;
  const watched = (value: JsonObject) =>
    new Proxy(value, { ownKeys: (of) => (looked++, Reflect.ownKeys(of)) }) as JsonObject;
  const sealer = openSealer();
  const costOf = async (layers: JsonObject) => {
    looked = 0;
    const snapshot = await sealer.seal({ layers }, { layers });
    const cost = looked;
    assertSame(snapshot, sealWholeFile({ layers }, { layers }));
    return cost;
  };
  const layers = Object.fromEntries(Array.from({ length: COUNT }, (_, at) => [`l${at}`, watched({ at })]));
  const one = await costOf(layers) / COUNT;
  assert(one > 0);
  assertEquals(await costOf(layers), 0);
  assertEquals(await costOf(Object.fromEntries(Object.entries(layers).reverse())), 0);
  assertEquals(await costOf({ ...layers, l7: watched({ at: -7 }) }), one);
  const { l9: _, ...fewer } = layers;
  assertEquals(await costOf(fewer), 0);
  // Under another name it is another member.
  assert(await costOf({ ...layers, other: layers.l9! }) > 0);
});

Deno.test("bytes are the earlier ones if no entry among them changed, in both forms and in the file", async () => {
  const forms = sample();
  const sealer = openSealer();
  const before = await sealed(sealer, forms);
  for (const form of forms) layersOf(form).set("layer-999", { id: "layer-999", title: "Edited" });
  const after = await sealed(sealer, forms);
  const known = new Set(before.pieces);
  assert(before.pieces.length > COUNT / 200);
  assertEquals(after.pieces.filter((piece) => !known.has(piece)).length, 2); // That of the header, and of the layer.
});

Deno.test("a snapshot is not changed by those that are sealed after it", async () => {
  const forms = sample();
  const sealer = openSealer();
  const of = await sealed(sealer, forms);
  const bytes = of.bytes;
  for (let edit = 0; edit < 20; edit++) {
    for (const form of forms) layersOf(form).set(`layer-${edit * 37}`, { edit });
    await sealed(sealer, forms);
  }
  assertEquals(of.bytes, bytes);
});

Deno.test("a value that JSON cannot express is refused as before, even if an equal form had it, and then forgotten", async () => {
  const cycle: Record<string, Json> = {};
  cycle.self = cycle;
  const impossible: unknown[] = [NaN, "\ud800", { "\ud800": 1 }, [1n], cycle, { deep: [Infinity] }];
  const good = { layers: { a: { id: "a" } }, list: [1] };
  const sealer = openSealer();
  await sealer.seal(good, good);
  for (const value of impossible) {
    for (const bad of [{ layers: { ...good.layers, b: value } }, { list: value }, { honua: [value] }]) {
      const config = { ...good, ...bad } as JsonObject;
      await assertRejects(() => sealSnapshot(config, good), TypeError, "cannot write the value as canonical JSON");
      await assertRejects(() => sealSnapshot(good, config), TypeError);
      await assertRejects(() => sealer.seal(config, good), TypeError);
      await assertRejects(() => sealer.seal(good, config), TypeError);
      assertEquals(await sealer.hash(config), null);
      assertSame(await sealer.seal(good, good), sealWholeFile(good, good));
    }
  }
  for (const named of [{ "\ud800": { a: 1 } }, { layers: { "\ud800": 1 } }]) {
    await assertRejects(() => sealSnapshot(named, {}), TypeError);
  }
});

Deno.test("members that are absent in JSON are left out, at every depth", async () => {
  const config = { a: undefined, layers: { b: undefined, c: { d: undefined } }, none: { e: undefined } };
  const given = config as unknown as JsonObject;
  assertSame(await sealSnapshot(given, given), sealWholeFile(given, given));
  assertSame(await openSealer().seal(given, given), sealWholeFile(given, given));
});

Deno.test("objects that are more than their members are sealed as ever", async () => {
  const date = new Date(0);
  const config = { layers: { a: date, b: new Number(1) }, date, boxed: new String("x") } as unknown as JsonObject;
  const portable = { ...config, layers: { a: new Date(1), b: new Number(2) } } as unknown as JsonObject;
  assertSame(await sealSnapshot(config, portable), sealWholeFile(config, portable));
});

Deno.test("values nested a hundred thousand deep are sealed", async () => {
  const deep = (): Json => {
    let value: Json = 1;
    for (let depth = 0; depth < 100_000; depth++) value = depth % 2 === 0 ? [value] : { a: value };
    return value;
  };
  const [config, portable] = [{ layers: { deep: deep() } }, { layers: { deep: deep() } }];
  assertSame(await openSealer().seal(config, portable), sealWholeFile(config, portable));
});

Deno.test("sealing rests between its steps, and gives up if the rest does", async () => {
  const forms = sample();
  const [config, portable] = [objectOf(forms[0]), objectOf(forms[1])];
  let rests = 0;
  const restless: Pace = { isSpent: () => true, rest: () => Promise.resolve(void rests++) };
  const sealer = openSealer();
  assertSame(await sealer.seal(config, portable, restless), sealWholeFile(config, portable));
  assert(rests > COUNT, `${rests} rests`);
  for (const form of forms) layersOf(form).set("layer-0", { id: "layer-0", title: "Edited" });
  const reason = new Error("not wanted any more");
  const given: Pace = { isSpent: () => true, rest: () => Promise.reject(reason) };
  await assertRejects(() => sealer.seal(objectOf(forms[0]), objectOf(forms[1]), given), Error, reason.message);
  await sealed(sealer, forms);
});

Deno.test("a table of 60,000 entries that is the same again is sealed in turns too", async () => {
  const names = Array.from({ length: 60_000 }, (_, index) => `variable_${(index * 7919) % 60_013}`);
  const entries = Object.fromEntries(names.map((name) => [name, name]));
  let [looked, longest] = [0, 0];
  const variables = new Proxy(entries, {
    get(target, name) {
      longest = Math.max(longest, ++looked);
      return Reflect.get(target, name);
    },
  });
  const pace: Pace = { isSpent: () => (looked = 0) > 0, rest: () => Promise.resolve() };
  const sealer = openSealer();
  const cold = await sealer.seal({ variables }, { variables }, pace);
  const again = await sealer.seal({ variables }, { variables }, pace);
  assertEquals(again.hash, cold.hash);
  assert(longest > 0 && longest <= 1_024, `${longest} entries between two rests`);
});

Deno.test("two sealings at a time do not disturb one another", async () => {
  const sealer = openSealer();
  const pace: Pace = { isSpent: () => true, rest: () => new Promise((resolve) => setTimeout(resolve)) };
  const configs = [{ layers: { a: { n: 1 } } }, { layers: { a: { n: 2 }, b: { n: 3 } } }, {}];
  const sealed = await Promise.all(configs.map((config) => sealer.seal(config, config, pace)));
  for (const [index, config] of configs.entries()) assertSame(sealed[index]!, sealWholeFile(config, config));
});

Deno.test("the hash of a rejected config is that of its canonical bytes", async () => {
  const sealer = openSealer();
  const portable: JsonObject = { layers: { a: { id: "a" } }, variables: { x: 1, y: null } };
  assertEquals(await sealer.hash(portable), sha256Hex(canonicalBytes(portable)));
  // Only a value that JSON cannot express has no hash; a bug is no answer.
  const broken = Object.defineProperty({}, "a", {
    enumerable: true,
    get: () => {
      throw new RangeError("broken");
    },
  });
  await assertRejects(() => sealer.hash(broken), RangeError, "broken");
  assertEquals(await sealer.hash({}), sha256Hex(canonicalBytes({})));
});

Deno.test("a file is a snapshot's if every byte is", async () => {
  const snapshot = await sealSnapshot({ layers: { a: { id: "a" }, b: 1 } }, {});
  const { bytes } = snapshot;
  assert(isFileOf(bytes, snapshot));
  assert(!isFileOf(bytes.subarray(1), snapshot) && !isFileOf(new Uint8Array([...bytes, 10]), snapshot));
  for (let at = 0; at < bytes.length; at++) {
    const other = Uint8Array.from(bytes);
    other[at]! ^= 1;
    assert(!isFileOf(other, snapshot), `byte ${at}`);
  }
});

Deno.test("nothing is kept of entries that are gone", async () => {
  const child = new URL("sealer_memory_child.ts", import.meta.url);
  const args = ["run", "-A", "--no-check", "--v8-flags=--expose-gc", child.pathname];
  const { stdout } = await new Deno.Command(Deno.execPath(), { args, stderr: "inherit" }).output();
  const { entriesAlive, buffersAlive } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(entriesAlive, 0);
  assert(buffersAlive < 10, `${buffersAlive} buffers of 20 snapshots`);
});
