// That a configuration that a server refuses when it builds its catalog is refused here, at both places.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { NO_FACTS } from "../../src/config/facts.ts";
import { loadConfig } from "../../src/config/load.ts";
import { serverRules } from "../../src/config/rules_of_server.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";

type Blocks = Readonly<Record<string, unknown>>;

const layer = (...services: string[]) => ({ title: "T", dataSource: "db", table: "t", idField: "id", services });
const dataSource = { provider: "sqlite", connection: "x" };
const DATA_SOURCES = { db: dataSource };

/** Loads a configuration; each value of the source is on its own line. */
function load(blocks: Blocks, validate = true) {
  const parsed = parseJsonDocument(
    sourceText("test.json", JSON.stringify({ dataSources: DATA_SOURCES, ...blocks }, null, 1)),
  );
  assert(parsed.ok);
  return loadConfig({ document: parsed.document, environment: () => "from-the-environment", validate });
}

function diagnosticsOf(blocks: Blocks): readonly Diagnostic[] {
  const loaded = load(blocks);
  return loaded.ok ? loaded.warnings : loaded.diagnostics;
}

/** `severity code path: summary` of the diagnostics of the third phase. */
function reported(blocks: Blocks): string[] {
  return diagnosticsOf(blocks).filter(({ code }) => code.startsWith("server/"))
    .map(({ severity, code, path, summary }) => `${severity} ${code} ${path}: ${summary}`);
}

/** The lines of both places of each diagnostic, as they are written. */
function linesOf(blocks: Blocks): (string | null)[][] {
  const lines = JSON.stringify({ dataSources: DATA_SOURCES, ...blocks }, null, 1).split("\n");
  return diagnosticsOf(blocks).filter(({ code }) => code.startsWith("server/")).map(({ place, other }) =>
    [place, other?.place].map((one) => one ? lines[one.line - 1]!.trim() : null)
  );
}

Deno.test("a layer that names a disabled service is refused once, at the name and at the setting that disables the service", () => {
  const blocks = {
    services: { odata: {}, wfs: { enabled: false } },
    layers: { a: layer("odata", "wfs"), b: layer("service.wfs") },
  };
  assertEquals(reported(blocks), [
    "error server/disabled-service layer.a.services: Layer a names a disabled service wfs",
    "error server/disabled-service layer.b.services: Layer b names a disabled service wfs",
  ]);
  assertEquals(linesOf(blocks), [['"wfs"', '"enabled": false'], ['"service.wfs"', '"enabled": false']]);
  assertEquals(diagnosticsOf(blocks).filter(({ path }) => path === "layer.b.services").length, 1);
  const fromEnvironment = { services: { w: { enabled: false } }, layers: { a: layer("${env:W}") } };
  assert(!JSON.stringify(diagnosticsOf(fromEnvironment)).includes("from-the-environment"));
});

Deno.test("a service that a layer names twice is refused at the second name and the first", () => {
  const blocks = { services: { odata: {}, wfs: {} }, layers: { a: layer("odata", "wfs", "service.odata") } };
  assertEquals(reported(blocks), [
    "error server/repeated-service layer.a.services: Layer a names service odata twice",
  ]);
  assertEquals(linesOf(blocks), [['"service.odata"', '"odata",']]);
  // Two services that are one to the server are reported at the services, and not once more in the layer.
  assertEquals(reported({ services: { a: {}, A: {} }, layers: { l: layer("a", "A") } }), [
    "error server/duplicate-id service.A: The ids a and A differ only in upper and lower case",
  ]);
});

Deno.test("layers that would be published under one id are refused, each pair once", () => {
  const shared = (layers: Blocks) => reported({ services: { odata: {}, wfs: {}, b_wfs: {} }, layers });
  const refused = (id: string, other: string, publishedId: string) => [
    `error server/duplicate-id layer.${id}: Layers ${other} and ${id} are both published as ${publishedId}`,
  ];
  assertEquals(shared({ a: layer("b_wfs", "odata"), a_b: layer("odata", "wfs") }), refused("a_b", "a", "a_b_wfs"));
  assertEquals(shared({ a: layer("odata", "wfs"), a_wfs: layer("odata") }), refused("a_wfs", "a", "a_wfs"));
  assertEquals(shared({ a: layer("odata", "wfs"), A: layer("wfs", "odata") }), refused("A", "a", "a_wfs"));
  assertEquals(shared({ a: layer("odata"), A: layer("odata") }), refused("A", "a", "a"));
  // One has two services, and the other is published under its own id.
  assertEquals(shared({ a: layer("odata", "wfs"), A: layer("odata") }), []);
  assertEquals(shared({ a: layer("odata"), A: layer() }), []);
});

Deno.test("ids of data sources, and of enabled services, that differ only in case are refused", () => {
  const blocks = {
    dataSources: { db: dataSource, DB: dataSource },
    services: { odata: {}, OData: {}, ODATA: { enabled: false } },
  };
  assertEquals(reported(blocks), [
    "error server/duplicate-id data_source.DB: The ids db and DB differ only in upper and lower case",
    "error server/duplicate-id service.OData: The ids odata and OData differ only in upper and lower case",
  ]);
  assertEquals(linesOf(blocks), [['"DB": {', '"db": {'], ['"OData": {},', '"odata": {},']]);
});

Deno.test("case is compared letter by letter, in upper case", () => {
  const isOne = (one: string, other: string) => reported({ services: { [one]: {}, [other]: {} } }).length > 0;
  const same = ["a A", "σ ς", "é É", "ǆ ǅ", "µ μ", "ᾀ ᾈ", "𐐨 𐐀", "ßσ ßς"].map((pair) => pair.split(" "));
  const different = ["ß \u1e9e", "ß SS", "\u0130 i\u0307", "ı i", "ſ s"].map((pair) => pair.split(" "));
  for (const [one, other] of same) assert(isOne(one!, other!), `${one} ${other}`);
  for (const [one, other] of different) assert(!isOne(one!, other!), `${one} ${other}`);
});

Deno.test("an enabled service without any data source is a warning, reported once", () => {
  const services = { off: { enabled: false }, odata: {}, wfs: {} };
  assertEquals(reported({ dataSources: {}, services }), [
    "warning server/no-data-source service.odata: Service odata is enabled and there is no data source",
  ]);
  assertEquals(reported({ dataSources: {}, services: { off: { enabled: false } } }), []);
  assertEquals(reported({ services }), []);
});

Deno.test("layers of one service with different data sources are warned of once, at the service and a layer that is read elsewhere", () => {
  const dataSources = { a: dataSource, b: dataSource, c: dataSource };
  const from = (dataSource: string, ...services: string[]) => ({ ...layer(...services), dataSource });
  const layers = {
    z: from("a", "odata", "off"),
    m: from("b", "odata", "wfs"),
    n: from("b", "wfs"),
    y: from("c", "odata"),
    unlisted: from("c"),
  };
  const blocks = {
    dataSources,
    services: { odata: {}, wfs: {}, unused: {} },
    layers: { ...layers, z: from("a", "odata") },
  };
  // Of `m`, since the server's file has the layers by id.
  assertEquals(reported(blocks), [
    "warning server/one-data-source service.odata: The server reads all layers of service odata from data source b, also layer z",
  ]);
  assertEquals(linesOf(blocks), [['"odata": {},', '"dataSource": "a",']]);
  const { z: _, y: __, ...others } = layers;
  assertEquals(reported({ dataSources, services: { odata: {}, wfs: {} }, layers: others }), []);
  const secret = { ...blocks, layers: { ...blocks.layers, m: from("${env:D}", "odata") } };
  assert(
    !JSON.stringify(diagnosticsOf({ ...secret, dataSources: { ...dataSources, "from-the-environment": dataSource } }))
      .includes("source from-the-environment"),
  );
});

Deno.test("the third phase waits for the second, and without validation it is not asked", () => {
  const blocks = {
    services: { odata: { enabled: false } },
    layers: { a: layer("odata"), b: layer("unknown") },
  };
  assertEquals(reported(blocks), []);
  assert(
    diagnosticsOf(blocks).some(({ code, path }) => code === "config/unreachable-layer" && path === "layer.a.services"),
  );
  const { b: _, ...layers } = blocks.layers;
  assertEquals(load({ ...blocks, layers }).ok, false);
  assertEquals(load({ ...blocks, layers }, false).ok, true);
});

/**
 * Whether the server's catalog takes the configuration: one id for each service and data source, and for each
 * publication.
 */
function isTaken(services: Record<string, { enabled: boolean }>, layers: Record<string, string[]>): boolean {
  const enabled = Object.keys(services).filter((id) => services[id]!.enabled).map((id) => id.toLowerCase());
  const published = Object.entries(layers).flatMap(([id, names]) =>
    names.map((name) => (names.length === 1 ? id : `${id}_${name}`).toLowerCase())
  );
  return new Set(enabled).size === enabled.length && new Set(published).size === published.length &&
    Object.values(layers).flat().every((name) => services[name]!.enabled);
}

Deno.test("a random configuration is refused if and only if one of its publications has no place of its own", () => {
  const counts = { taken: 0, refused: 0 };
  const serviceIds = ["s", "S", "b_s", "t", "B_T"];
  const property = fc.property(
    fc.dictionary(fc.constantFrom(...serviceIds), fc.record({ enabled: fc.nat(7).map((one) => one > 0) }), {
      minKeys: 1,
    }),
    fc.dictionary(fc.constantFrom("a", "A", "a_b", "a_s", "c"), fc.array(fc.nat(9), { maxLength: 3 })),
    (services, picks) => {
      const ids = Object.keys(services);
      const named = Object.fromEntries(
        Object.entries(picks).map(([id, picked]) => [id, picked.map((one) => ids[one % ids.length]!)]),
      );
      const layers = Object.fromEntries(Object.entries(named).map(([id, names]) => [id, layer(...names)]));
      const isExpected = isTaken(services, named);
      counts[isExpected ? "taken" : "refused"]++;
      assertEquals(load({ services, layers }).ok, isExpected);
    },
  );
  fc.assert(property, { numRuns: 500 });
  // Some 65 are taken, give or take 8.
  assert(counts.taken > 20 && counts.refused > 50, JSON.stringify(counts));
});

Deno.test("ids that would come to gigabytes are compared within a bound", () => {
  const services = Object.fromEntries(Array.from({ length: 2_000 }, (_, at) => [`s${at}`, {}]));
  const layers = { ["l".repeat(1_000_000)]: layer(...Object.keys(services)) };
  assertEquals(load({ services, layers }).ok, true);
});

/** The diagnostics of blocks without a place. */
function saidWithoutPlaces(sources: Blocks, services: Blocks, layers: Blocks) {
  const of = (blocks: Blocks) => ({
    entries: Object.entries(blocks).map(([id, block]) => ({ facts: NO_FACTS, resolved: { id, ...block as Blocks } })),
  });
  const blocks = { data_source: of(sources), service: of(services), layer: of(layers) };
  return [...serverRules(blocks as never, { areIn: () => false })];
}

Deno.test("published ids are compared up to the bound, and not beyond it", () => {
  const layer = { services: ["s"], dataSource: "d" };
  const codes = (length: number) =>
    saidWithoutPlaces({ d: {} }, { s: { enabled: true } }, { ["0".repeat(length)]: layer, a: layer, A: layer })
      .map(({ code }) => code);
  // Each layer takes its id and its service's; the last of them may come to the bound.
  const most = 16 * 1024 * 1024 - "sasAs".length;
  assertEquals([codes(most), codes(most + 1)], [["server/duplicate-id"], []]);
});

Deno.test("a second place is named only if there is one", () => {
  const found = saidWithoutPlaces({ d: {}, D: {} }, { s: { enabled: true }, off: { enabled: false } }, {
    a: { services: ["s", "s", "off"], dataSource: "d" },
    b: { services: ["s"], dataSource: "d" },
    B: { services: ["s"], dataSource: "D" },
  });
  assertEquals(found.map(({ code, range, other }) => [code, range, other]), [
    ["server/duplicate-id", null, null],
    ["server/repeated-service", null, null],
    ["server/disabled-service", null, null],
    ["server/duplicate-id", null, null],
    ["server/one-data-source", null, null],
  ]);
});
