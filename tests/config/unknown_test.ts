// Settings that the schema does not know: how they are carried along and reported; and loading as a whole.
import { assert, assertEquals } from "@std/assert";
import { loadConfig } from "../../src/config/load.ts";
import { errorDiagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import type { Block, Document, Entry, Value } from "../../src/document/document.ts";
import { load, loadValid, plain, remarks } from "./loading.ts";

const nowhere = { start: 0, end: 0 };

function fields(...entries: (readonly [name: string, value: Value])[]): Value & { kind: "fields" } {
  const each = entries.map(([name, value]): Entry => ({ name, nameRange: nowhere, value }));
  return { kind: "fields", form: "block", entries: each, range: nowhere };
}

function literal(value: number | string): Value {
  return { kind: "literal", value, range: nowhere };
}

function block(type: string, labels: readonly string[], body = fields()): Block {
  return { type, typeRange: nowhere, labels: labels.map((text) => ({ text, range: nowhere })), body, range: nowhere };
}

function document(blocks: readonly Block[], attributes: readonly Entry[] = []): Document {
  return { source: sourceText("t.hcl", "x"), blocks, attributes, mistakes: [] };
}

function loadDocument(of: Document, environment: (name: string) => string | undefined = () => undefined) {
  return loadConfig({ document: of, environment, validate: false });
}

Deno.test("a name that occurs more than once becomes a list at every depth, and one that occurs once does not", () => {
  const inner = fields(["a", literal(1)], ["b", literal(2)], ["a", literal(3)], ["a", literal(4)]);
  const loaded = loadDocument(
    document([
      block("extra", ["x"], fields(["c", inner])),
      block("honua", [], fields(["d", inner], ["e", literal(5)], ["e", literal(6)])),
    ]),
  );
  assert(loaded.ok);
  const { extra, honua } = plain(loaded.config) as Record<string, Record<string, unknown>>;
  assertEquals(extra, { x: { c: { a: [1, 3, 4], b: 2 } } });
  assertEquals([honua!.d, honua!.e], [{ a: [1, 3, 4], b: 2 }, [5, 6]]);
  assertEquals(remarks(loaded), [
    ...[
      "warning server/not-supported honua.d",
      "warning server/not-supported honua.e",
      "warning server/not-supported extra",
    ],
  ]);
});

Deno.test("blocks and attributes of one unknown name are one value, blocks first and those with labels last", () => {
  const attribute = (name: string, value: Value): Entry => ({ name, nameRange: nowhere, value });
  const loaded = loadDocument(document(
    [block("x", [], fields(["a", literal(1)])), block("x", ["l"], fields(["b", literal(2)])), block("y", ["m", "n"])],
    [attribute("x", literal(3)), attribute("z", literal(4))],
  ));
  assert(loaded.ok);
  const { x, y, z } = plain(loaded.config) as Record<string, unknown>;
  assertEquals([x, y, z], [[{ a: 1 }, 3, { l: { b: 2 } }], { m: { n: {} } }, 4]);
  assertEquals(remarks(loaded).length, 3);
});

Deno.test("an unknown name is reported with a near one, or with none", () => {
  const reported = (name: string) => {
    const { warnings, config } = loadValid({ honua: { [name]: 1 } });
    const { summary, why, suggestion } = warnings[0]!;
    return [summary, why!.slice(0, 20), suggestion, Object.hasOwn(config.honua, name)];
  };
  assertEquals(reported("versoin"), ["Unknown setting versoin", "Honua's configuratio", "Did you mean version?", true]);
  assertEquals(reported("zzz"), ["Unknown setting zzz", "Honua's configuratio", null, true]);
  assertEquals(reported("ID"), [
    "Unknown setting ID, which is left out of the snapshot",
    "Its name, but for up",
    null,
    false,
  ]);
  const top = (name: string) => loadDocument(document([block(name, [])]));
  const near = (name: string) => {
    const loaded = top(name);
    assert(loaded.ok);
    const { summary, suggestion } = loaded.warnings[0]!;
    return [suggestion, !summary.includes("left out")];
  };
  assertEquals([near("layr"), near("caches"), near("VARIABLES"), near("RateLimit"), near("dataSources")], [
    ["Did you mean layer?", true],
    ...[["Did you mean cache?", false], ["Did you mean variable?", false], ["Did you mean rate_limit?", false], [
      "Did you mean data_source?",
      false,
    ]],
  ]);
});

Deno.test("a name with half a character is refused at every depth, and is not carried", () => {
  const bad = "\ud800";
  for (
    const of of [
      document([block("service", ["s"], fields([bad, literal(1)]))]),
      document([block("service", ["s"], fields(["a", fields([bad, literal(1)])]))]),
      document([block("honua", [], fields([bad, literal(1)]))]),
      document([block("layer", ["l"], fields(["fields", fields([bad, literal("int")])]))]),
      document([block(bad, [])]),
      document([block("extra", [bad])]),
    ]
  ) {
    const loaded = loadDocument(of);
    assert(!loaded.ok);
    const errors = loaded.diagnostics.filter(({ severity }) => severity === "error");
    assertEquals(errors.map(({ code, path }) => [code, path === null]), [["config/not-unicode", false]]);
    assertEquals(JSON.stringify(loaded.portable).includes("\\ud800"), false);
  }
});

Deno.test("blocks need as many names as their type takes: none, or one that is not empty", () => {
  const reported = (type: string, ...labels: string[]) => {
    const loaded = loadDocument(document([block(type, labels)]));
    return loaded.ok ? [] : loaded.diagnostics.filter(({ severity }) => severity === "error")
      .map(({ code, path, summary }) => [code.replace("config/", ""), path, summary]);
  };
  for (const type of ["variable", "data_source", "service", "layer", "cache"]) {
    assertEquals(reported(type, "a"), []);
    const needs = `${type} needs exactly one name`;
    assertEquals([reported(type), reported(type, ""), reported(type, "a", "b")], [
      ...[[["wrong-labels", type, needs]], [["wrong-labels", type, needs]], [["wrong-labels", `${type}.a`, needs]]],
    ]);
    assertEquals(reported(type, "\ud800")[0]![0], "wrong-labels");
  }
  for (const type of ["honua", "rate_limit"]) {
    assertEquals(reported(type), []);
    assertEquals(reported(type, "a"), [["wrong-labels", type, `${type} takes no name`]]);
  }
});

Deno.test("the second of two blocks is reported with the place of the first", () => {
  for (
    const [type, labels, path] of [["honua", [], "honua"], ["service", ["a"], "service.a"], [
      "variable",
      ["v"],
      "variable.v",
    ]] as const
  ) {
    const body = (value: number) => fields([type === "variable" ? "default" : "extra", literal(value)]);
    const loaded = loadDocument(document([block(type, labels, body(1)), block(type, labels, body(2))]));
    assert(!loaded.ok);
    const found = loaded.diagnostics.filter(({ code }) => code === "config/duplicate");
    assertEquals(found.map((one) => [one.path, one.other?.label]), [[path, "first defined here"]]);
    assertEquals(loaded.portable, null);
  }
});

Deno.test("an attribute counts for a block if it is a map, and is reported if it has to be one", () => {
  const attribute = (name: string, value: Value): Entry => ({ name, nameRange: nowhere, value });
  const loaded = loadDocument(document([], [attribute("rate_limit", fields(["store", literal("redis")]))]));
  assert(loaded.ok);
  assertEquals(loaded.config.rateLimit!.store, "redis");
  for (const name of ["rate_limit", "honua", "layer", "variable"]) {
    assertEquals(remarks(loadDocument(document([], [attribute(name, literal(1))]))), [`error not-a-block ${name}`]);
  }
  assertEquals(remarks(loadDocument(document([], [attribute("layer", fields())]))), ["error wrong-labels layer"]);
});

Deno.test("a repeated name that the document reported already is not reported again, and nothing else is left out", () => {
  const twice = [block("service", ["a"]), block("service", ["a"]), block("cache", [])];
  const messages = (path: string) => {
    const mistakes = [errorDiagnostic("document/duplicate", "x", { path })];
    return remarks(loadDocument({ ...document(twice), mistakes })).sort();
  };
  assertEquals(messages("service.a"), ["error document/duplicate service.a", "error wrong-labels cache"]);
  assertEquals(messages("cache"), ["error document/duplicate cache", "error duplicate service.a"]);
  assertEquals(messages("other").length, 3);
  const unknown = {
    ...document([block("honua", [], fields(["a", literal(1)]))]),
    mistakes: [errorDiagnostic("c", "x", { path: "honua.a" })],
  };
  assertEquals(remarks(loadDocument(unknown)).sort(), ["error c honua.a", "warning server/not-supported honua.a"]);
});

Deno.test("the environment is asked for each name once, even if it has none", () => {
  const asked: string[] = [];
  const settings = fields(...["A", "B", "A", "B"].map((name, at) =>
    [`s${at}`, {
      kind: "template",
      text: `\${env("${name}", "x")}`,
      codes: [],
      range: nowhere,
    }] as const
  ));
  loadDocument(document([block("service", ["s"], settings)]), (name) => {
    asked.push(name);
    return name === "A" ? "value" : undefined;
  });
  assertEquals(asked, ["A", "B"]);
});

Deno.test("the dropped mistakes of a block are counted among those that are not shown", () => {
  const many = Object.fromEntries(Array.from({ length: 6_000 }, (_, at) => [`u${at}`, at]));
  const { warnings } = loadValid({ honua: many });
  assertEquals([warnings.length, warnings.at(-1)!.summary], [1_001, "5000 further diagnostics are not shown"]);
});

Deno.test("diagnostics are in the order of their places, and those of the whole file last", () => {
  const loaded = load({ zzz: 1, honua: { version: "9" }, layers: { l: {} } });
  assert(!loaded.ok);
  const starts = loaded.diagnostics.map(({ place }) => place?.range.start ?? Infinity);
  assertEquals(starts, starts.toSorted((one, other) => one - other));
  assertEquals(loaded.diagnostics.at(-1)!.place, null);
});

Deno.test("blocks are counted by kind", () => {
  const { counts } = loadValid({
    dataSources: { a: {} },
    services: { b: {}, c: { enabled: false } },
    layers: { d: {}, e: {}, f: {} },
    caches: { g: {}, h: {}, i: {}, j: {} },
    variables: { k: 1, l: 2, m: 3, n: 4, o: null },
  });
  assertEquals(counts, { dataSources: 1, services: 2, layers: 3, caches: 4, variables: 5 });
});
