import { assertEquals } from "@std/assert";
import { load, remarks } from "./loading.ts";

/** `severity code path` of all that is reported about the server's file. */
function saidOf(source: unknown, environment: Record<string, string> = {}, validate = true): string[] {
  return remarks(load(source, environment, validate)).filter((remark) => / server\/(?!no-data-source)/.test(remark));
}

const layer = (fields: Record<string, unknown>, others: Record<string, unknown> = {}) => ({
  layers: { l: { title: "t", dataSource: "d", table: "t", idField: "id", services: ["s"], fields, ...others } },
});

Deno.test("a setting that a server's grammar cannot say is warned about once, at its place", () => {
  const settings = {
    ...{ text: "a", whole: -1, truth: true, list: ["a"], least: -(2 ** 31), most: 2 ** 31 - 1, zero: -0 },
    ...{ float: 1.5, object: {}, nothing: null, big: 2 ** 31, mixed: ["a", 1], nested: [["a"]], "a-b": 1, "😀": 1 },
    ...{ type: "x", enabled: "y" },
  };
  assertEquals(saidOf({ services: { s: { settings } } }), [
    ...["float", "object", "nothing", "big", "mixed", "nested", "a-b", "😀", "type", "enabled"].map((name) =>
      `warning server/not-supported service.s.${name}`
    ),
  ]);
  assertEquals(
    saidOf({
      dataSources: { d: { readOnly: true, maxReplicationLag: 5 }, e: { readOnly: false } },
      rateLimit: { rules: { "per-ip": {}, default: {} } },
      variables: { a: 1, b: 1.5, c: { d: 1 }, "any name": "x", e: null, f: ["a", 1], g: 2 ** 31 },
    }),
    [
      "warning server/not-supported data_source.d.read_only",
      "warning server/not-supported data_source.d.max_replication_lag",
      "warning server/not-supported rate_limit.rules.per-ip",
      "warning server/not-supported variable.b",
      "warning server/not-supported variable.c",
      "warning server/not-supported variable.f",
      "warning server/not-supported variable.g",
    ],
  );
  assertEquals(saidOf(layer({ id: { type: "int" }, "a-b": { type: "int" }, "": { type: "int" } })), [
    "warning server/not-supported layer.l.fields.a-b",
    "warning server/not-supported layer.l.fields.",
  ]);
});

Deno.test("a setting that is unknown anyway is warned about once, with the name that was meant", () => {
  const loaded = load({ services: { s: { enabeld: 1.5 } }, honua: { logLevle: null }, extra: { a: 1.5 } });
  const reported = loaded.ok ? loaded.warnings : loaded.diagnostics;
  assertEquals(
    reported.filter(({ code }) => code === "server/not-supported").map(({ path, suggestion }) => [path, suggestion]),
    [
      ["service.s.enabeld", "Did you mean enabled?"],
      ["honua.logLevle", "Did you mean logLevel?"],
      ["extra", null],
    ],
  );
});

Deno.test("a value that the server needs and that cannot be expressed is an error", () => {
  for (const value of [1.5, 2 ** 31, {}, [1]]) {
    assertEquals(saidOf({ services: { s: { settings: { max_page_size: value, csv_enabled: value } } } }), [
      "error server/not-supported service.s.max_page_size",
      "error server/not-supported service.s.csv_enabled",
    ]);
  }
  assertEquals(saidOf({ services: { s: { settings: { default_crs: null } } } }), [
    "warning server/not-supported service.s.default_crs",
  ]);
});

Deno.test("a setting of a type other than the server looks for is warned about, unless it spells it", () => {
  const settings = { max_page_size: "${env:X}", default_crs: 4326, wfs_enabled: "${env:X}", csv_enabled: 1 };
  const all = ["max_page_size", "default_crs", "wfs_enabled", "csv_enabled"];
  const warnings = (names: readonly string[]) => names.map((name) => `warning server/wrong-type service.s.${name}`);
  assertEquals(saidOf({ services: { s: { settings } } }, { X: "many" }), warnings(all));
  assertEquals(saidOf({ services: { s: { settings } } }, { X: "2147483648" }), warnings(all));
  assertEquals(saidOf({ services: { s: { settings } } }, { X: " 7 " }), warnings(all.slice(1)));
  assertEquals(saidOf({ services: { s: { settings } } }, { X: "FALSE" }), warnings([all[0]!, all[1]!, all[3]!]));
});

Deno.test("a layer that has only fields which the server cannot read is an error, unless they are introspected", () => {
  const fields = { "a-b": { type: "int" }, "c d": { type: "int" } };
  assertEquals(saidOf(layer(fields, { introspectFields: false })), ["error server/not-supported layer.l.fields"]);
  const each = Object.keys(fields).map((name) => `warning server/not-supported layer.l.fields.${name}`);
  assertEquals(saidOf(layer(fields)), each);
  assertEquals(saidOf(layer({ ...fields, id: { type: "int" } }, { introspectFields: false })), each);
  assertEquals(saidOf(layer(fields, { introspectFields: "perhaps" })), each);
});

Deno.test("the rules are skipped with all others", () => {
  assertEquals(saidOf({ services: { s: { settings: { max_page_size: 1.5 } } } }, {}, false), []);
});

Deno.test("no value of the environment is quoted", () => {
  const loaded = load({ services: { s: { settings: { max_page_size: "${env:X}" } } } }, { X: "hunter22" });
  assertEquals(JSON.stringify(loaded.ok ? loaded.warnings : loaded.diagnostics).includes("hunter22"), false);
});

Deno.test("the advice for a setting that cannot be written fits its name and its kind of value", () => {
  const suggestion = (name: string, value: unknown) => {
    const loaded = load({ services: { s: { settings: { [name]: value } } } });
    const reported = loaded.ok ? loaded.warnings : loaded.diagnostics;
    return reported.find(({ path }) => path === `service.s.${name}`)?.suggestion;
  };
  const removed = "Write one of these, or remove it";
  assertEquals([suggestion("a", { b: 1 }), suggestion("a", [1, "b"]), suggestion("a", 1.5), suggestion("a", null)], [
    "Write its settings into the service itself",
    ...[removed, removed, removed],
  ]);
  assertEquals(["a-b c", "\u00e4-1", "\u{10428}x", "-"].map((name) => suggestion(name, 1)), [
    ...["a_b_c", "\u00e4_1", "_x", "_"].map((name) => `Rename it, for example to ${name}`),
  ]);
});

Deno.test("a layer that is not introspected needs one field at least that the server can be given", () => {
  const reported = (...names: string[]) => {
    const fields = Object.fromEntries(names.map((name) => [name, { type: "int" }]));
    return saidOf(layer(fields, { introspectFields: false }));
  };
  assertEquals([reported("a-b"), reported("a-b", "c-d"), reported("a-b", "id"), reported()], [
    ["error server/not-supported layer.l.fields"],
    ["error server/not-supported layer.l.fields"],
    ["warning server/not-supported layer.l.fields.a-b"],
    [],
  ]);
});
