// The place and the words of a rule's remark, and the result of reading in two forms.
import { assertEquals, assertStrictEquals } from "@std/assert";
import type { Json } from "../../src/config/json.ts";
import { checkName, emptyPair, listOf, shareEqualForms } from "../../src/config/reading.ts";
import { load, loadValid, plain, remarks } from "./loading.ts";

/** The text at the place of each remark of a kind, with its summary. */
function reported(text: string, code: string): string[] {
  const loaded = load(text);
  const all = loaded.ok ? loaded.warnings : loaded.diagnostics;
  return all.filter((one) => one.code === `config/${code}`).map(({ place, summary }) =>
    `${place === null ? null : text.slice(place.range.start, place.range.end)}: ${summary}`
  );
}

const LAYER = '"title":"t","dataSource":"d","table":"t"';
const SOURCES = '"dataSources":{"d":{"provider":"sqlite","connection":"x"}},"services":{"odata":{}}';

Deno.test("an unknown service is reported at its item of a list, and at the text if it is in one", () => {
  const layer = (services: string) => `{${SOURCES},"layers":{"l":{${LAYER},"idField":"i","services":${services}}}}`;
  assertEquals(reported(layer('["odata","x","y"]'), "unknown-reference"), [
    ...['"x": Layer l names an unknown service x', '"y": Layer l names an unknown service y'],
  ]);
  assertEquals(reported(layer('"odata, x"'), "unknown-reference"), ['"odata, x": Layer l names an unknown service x']);
});

Deno.test("a field that is not among the fields is reported at the setting that names it", () => {
  const text = `{${SOURCES},"layers":{"l":{${LAYER},"idField":"i","displayField":"n","services":["odata"],` +
    '"geometry":{"column":"g","type":"Point"},"fields":{"f":"int"}}}}';
  assertEquals(reported(text, "unknown-field"), [
    ...['"i": The id_field i is not among the fields', '"n": The display_field n is not among the fields'],
    '"g": The geometry column g is not among the fields',
  ]);
});

Deno.test("a setting that is missing is reported at its block, and one that is empty at its value", () => {
  assertEquals(reported('{"caches":{"c":{"type":"redis"}}}', "missing-setting"), ['"c": connection is missing']);
  assertEquals(reported('{"caches":{"c":{"type":"redis","connection":" "}}}', "missing-setting"), [
    '" ": connection is empty',
  ]);
  assertEquals(
    reported('{"layers":{"l":{"geometry":{"column":"g"}}}}', "missing-setting").at(-1),
    '{"column":"g"}: type is missing',
  );
  assertEquals(reported('{"caches":{"c":{"connection":"x"}}}', "cache-without-type"), [
    '"x": A cache with a connection has no type',
  ]);
});

Deno.test("a setting that production lacks is reported at the block that is there, or at no place", () => {
  const text = (rest: string) =>
    `{"honua":{"environment":"production","cors":{"allowAnyOrigin":true}},"caches":{"c":{}}${rest}}`;
  const limit = ',"rateLimit":{"enabled":false,"rules":{"r":{}}}';
  const valid = (rest: string) =>
    text(`,${SOURCES},"layers":{"l":{${LAYER},"idField":"i","services":["odata"]}}${rest}`);
  assertEquals(reported(valid(limit), "production-no-rate-limit"), [
    '"rateLimit": Rate limiting is not enabled in production',
  ]);
  assertEquals(reported(valid(""), "production-no-rate-limit"), ["null: Rate limiting is not enabled in production"]);
  assertEquals(reported(valid(limit), "production-any-origin"), ["true: Any origin is allowed in production"]);
  assertEquals(reported(valid(limit), "production-memory-cache"), ['"c": There are only memory caches in production']);
});

Deno.test("a number that is too small is reported with its name and its minimum", () => {
  const text =
    '{"dataSources":{"d":{"pool":{"minSize":-1,"maxSize":0,"timeout":-2}}},"rateLimit":{"rules":{"r":{"requests":0}}}}';
  assertEquals(reported(text, "out-of-range"), [
    ...["-1: min_size has to be at least 0", "0: max_size has to be at least 1", "-2: timeout has to be at least 0"],
    "0: requests has to be at least 1",
  ]);
  assertEquals(reported(text, "pool-bounds"), []);
  assertEquals(reported('{"dataSources":{"d":{"pool":{"minSize":3,"maxSize":2}}}}', "pool-bounds"), [
    `{"minSize":3,"maxSize":2}: The pool's min_size is above its max_size`,
  ]);
});

Deno.test("only the fields of a layer may be a list or texts in the place of objects", () => {
  const errors = (source: unknown) => remarks(load(source, {}, false)).filter((one) => one.startsWith("error"));
  const { config } = loadValid({
    layers: {
      l: { fields: { a: "int" } },
      m: { fields: [{ name: "b", type: "int", nullable: false }, { name: "c" }] },
    },
  });
  assertEquals(plain(config.layers.l!.fields), { a: { type: "int", nullable: true } });
  assertEquals(plain(config.layers.m!.fields), {
    b: { type: "int", nullable: false },
    c: { type: "", nullable: true },
  });
  assertEquals(errors({ rateLimit: { rules: { a: "1m" } } }), ["error wrong-type rate_limit.rules.a"]);
  assertEquals(errors({ rateLimit: { rules: [{ name: "a" }] } }), ["error wrong-type rate_limit.rules"]);
  for (const fields of [[{ type: "int" }], ["a"], [[]], "a", 5, true]) {
    assertEquals(errors({ layers: { l: { fields } } }), ["error wrong-type layer.l.fields"], JSON.stringify(fields));
  }
  assertEquals(errors({ layers: { l: { fields: [{ name: 5 }, { name: ["x"] }] } } }).length, 2);
  assertEquals(errors({ layers: { l: { fields: [{ name: "${env:NONE}" }] } } }), [
    "error missing-environment-variable layer.l.fields",
  ]);
  assertEquals(errors({ layers: { l: { fields: [{ name: "a" }, { name: "a" }] } } }), [
    "error duplicate layer.l.fields.a",
  ]);
  assertEquals(errors({ layers: { l: { fields: null, geometry: null, services: null, title: null } } }), []);
  assertEquals(errors({ layers: { l: { fields: { a: null, b: 5, c: true } } } }), []);
});

Deno.test("a value is of the type that is wanted, or spells it", () => {
  const pool = (timeout: unknown) => {
    const loaded = load({ dataSources: { d: { pool: { timeout } } } }, { T: "7" }, false);
    return loaded.ok ? loaded.config.dataSources.d!.pool!.timeout : null;
  };
  assertEquals([5, "5", " 5\n", "+5", "-5", 5.0, "${env:T}", 2 ** 31 - 1, -(2 ** 31), "2147483647"].map(pool), [
    ...[5, 5, 5, 5, -5, 5, 7, 2 ** 31 - 1, -(2 ** 31), 2147483647],
  ]);
  // A text of more digits than any such number could have is none.
  assertEquals(["5".padStart(20, "0"), "5".padStart(21, "0")].map(pool), [5, null]);
  const wrong = [5.5, "5.0", "", "5x", "x5", "1e2", "--5", "5 5", 2 ** 31, -(2 ** 31) - 1, "2147483648", true, [5], {
    a: 5,
  }];
  assertEquals(wrong.map(pool), wrong.map(() => null));
  const enabled = (value: unknown) => {
    const loaded = load({ services: { s: { enabled: value } } }, { T: "FALSE" }, false);
    return loaded.ok ? loaded.config.services.s!.enabled : null;
  };
  assertEquals([true, false, "True", " false ", "${env:T}", null].map(enabled), [
    true,
    false,
    true,
    false,
    false,
    true,
  ]);
  assertEquals([0, 1, "yes", "", [true], {}].map(enabled), [null, null, null, null, null, null]);
  const title = (value: unknown) => {
    const loaded = load({ layers: { l: { title: value } } }, {}, false);
    return loaded.ok ? loaded.config.layers.l!.title : null;
  };
  assertEquals(["a", 1.5, true, "", null].map(title), ["a", "1.5", "true", "", ""]);
  assertEquals([["a"], { a: 1 }].map(title), [null, null]);
});

Deno.test("a list is one of texts, or a text with commas; another item is reported, and the others stay", () => {
  const hosts = (value: unknown, environment = {}) => {
    const loaded = load({ honua: { allowedHosts: value } }, environment, false);
    return loaded.ok ? loaded.config.honua.allowedHosts : remarks(loaded);
  };
  assertEquals([hosts(["a", "b"]), hosts("a,b"), hosts(" a , ,b,"), hosts(""), hosts([]), hosts(null)], [
    ...[["a", "b"], ["a", "b"], ["a", "b"], [], [], []],
  ]);
  assertEquals([hosts([1, true]), hosts(["${env:A}"], { A: "a,b" })], [["1", "true"], ["a,b"]]);
  const wrong = ["error wrong-type honua.allowed_hosts"];
  assertEquals([hosts(5), hosts(true), hosts({ a: 1 }), hosts([["a"]]), hosts([null]), hosts([{}])], [
    ...[wrong, wrong, wrong, wrong, wrong, wrong],
  ]);
  assertEquals(hosts(["a", "${1 + 1}"]), ["error unsupported-expression honua.allowed_hosts"]);
  assertEquals(hosts(["${env:A}"]), ["error missing-environment-variable honua.allowed_hosts"]);
  const services = (value: unknown) => loadValid({ layers: { l: { services: value } } }).config.layers.l!.services;
  assertEquals([services("service.a, b"), services(["x.y.a"]), services("a.b.c")], [["a", "b"], ["a"], ["c"]]);
  const { portable } = loadValid(
    { honua: { allowedHosts: ["a$${b", "${env:A}"] }, layers: { l: { services: "%%{x" } } },
    { A: "a" },
  );
  const open = plain(portable) as { honua: { allowedHosts: string[] }; layers: { l: { services: string[] } } };
  assertEquals([open.honua.allowedHosts, open.layers.l.services], [["a$${b", '${env("A")}'], [
    "%%{x",
  ]]);
});

Deno.test("a setting without a value on this host keeps its expression for others, and one without any is left out", () => {
  const loaded = load(
    {
      layers: { l: { title: "${env:A}", services: ["${env:A}"], description: '${env("B", "x") ? null : "y"}' } },
      services: { s: { settings: { a: "${env:A}", b: ["${env:A}", 1] } } },
    },
    { B: "true" },
    false,
  );
  assertEquals(loaded.ok, false);
  const { layers, services } = plain(loaded.portable) as Record<string, Record<string, Record<string, unknown>>>;
  assertEquals([layers!.l!.title, layers!.l!.services], ['${env("A")}', ['${env("A")}']]);
  assertEquals(layers!.l!.description, '${env("B", "x") ? null : "y"}');
  assertEquals(services!.s!.settings, { a: '${env("A")}', b: ['${env("A")}', 1] });
  const { config } = loadValid({ layers: { l: { description: '${env("B") ? null : "y"}' } } }, { B: "true" });
  assertEquals(Object.hasOwn(config.layers.l!, "description"), false);
});

Deno.test("a default that is a list or a map is one of its own each time", () => {
  const { config } = loadValid({ rateLimit: {}, caches: { a: {}, b: {} } });
  assertEquals([Object.getPrototypeOf(config.rateLimit!.rules), Object.keys(config.rateLimit!.rules)], [null, []]);
  assertEquals(config.caches.a!.requiredIn === config.caches.b!.requiredIn, false);
});

Deno.test("a known name that occurs twice is reported with both places, and the first counts", () => {
  const text =
    '{"services":{"s":{"type":"a"}},"layers":{"l":{"fields":[{"name":"f","type":"int"},{"name":"f","type":"long"}]}}}';
  const loaded = load(text, {}, false);
  const [one] = loaded.ok ? [] : loaded.diagnostics.filter(({ code }) => code === "config/duplicate");
  const at = (range: { start: number; end: number }) => `${range.start} ${text.slice(range.start, range.end)}`;
  assertEquals([at(one!.place!.range), at(one!.other!.place.range)], [
    `${text.lastIndexOf('"f"')} "f"`,
    `${text.indexOf('"f"')} "f"`,
  ]);
  assertEquals(JSON.stringify(loaded.portable).includes("long"), false);
});

Deno.test("both forms are one object if they have the same members in the same order, and two if not", () => {
  const alike = (resolved: Json | undefined, portable: Json | undefined) => {
    const both = shareEqualForms({ resolved, portable });
    return both.portable === both.resolved;
  };
  const inner = {};
  const same: [Json, Json][] = [[{}, {}], [[], []], [{ a: 1 }, { a: 1 }], [[1, "b"], [1, "b"]], [{ a: inner }, {
    a: inner,
  }]];
  for (const [one, other] of same) assertEquals(alike(one, other), true, JSON.stringify([one, other]));
  const others: [Json | undefined, Json | undefined][] = [
    ...[[{}, []], [[], {}], [{ a: 1 }, { a: 2 }], [{ a: 1 }, { b: 1 }], [{ a: 1 }, {}], [{}, { a: 1 }], [[1], [2]]],
    ...[[[1], [1, 2]], [[1, 2], [1]], [{ a: 1, b: 2 }, { b: 2, a: 1 }], [{ a: {} }, { a: {} }], [null, {}], [{}, null]],
    ...[[null, []], [undefined, {}], [{}, undefined], ["a", {}], [{}, "a"], [1, "1"], [null, undefined]],
  ] as [Json | undefined, Json | undefined][];
  for (const [one, other] of others) assertEquals(alike(one, other), false, JSON.stringify([one, other]));
  const both = { resolved: inner, portable: inner };
  assertStrictEquals(shareEqualForms(both), both);
});

Deno.test("a list has the items of each form that are there", () => {
  const list = listOf([{ resolved: 1, portable: "a" }, { resolved: undefined, portable: "b" }, {
    resolved: null,
    portable: undefined,
  }]);
  assertEquals(list, { resolved: [1, null], portable: ["a", "b"] });
  assertEquals(Object.getPrototypeOf(emptyPair().resolved), null);
  assertEquals(checkName({} as never, "a", "a", { start: 0, end: 0 }), true);
});
