// That a loader with a memory gives the result of a fresh one, and that its cost follows the change.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { loadConfig, type Loaded, type Loader, openLoader } from "../../src/config/load.ts";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import type { Document } from "../../src/document/document.ts";
import { parseJsonDocument } from "../../src/document/json/json_document.ts";
import { openPace } from "../../src/time/pace.ts";
import { type BlockDocuments, openBlockDocuments } from "./block_document.ts";
import { checkLoads } from "./load_property.ts";

Deno.test("after any edit, a load with memory gives the result of a fresh one", async () => {
  await checkLoads(20);
});

async function withDocuments(test: (documents: BlockDocuments, loader: Loader) => Promise<void>): Promise<void> {
  await using parser = openBlockParser();
  await test(openBlockDocuments(parser), openLoader());
}

async function loadValid(loader: Loader, document: Document, environment: Record<string, string> = {}) {
  const loaded = await loader.load({ document, environment: (name) => environment[name], validate: true });
  assert(loaded.ok, JSON.stringify(loaded.ok || loaded.diagnostics[0]));
  return loaded;
}

const COUNT = 1_000;
const HEAD = [
  'honua { version = "1.0" }',
  'data_source "main" {\n  provider = "plugin"\n  connection = env("CONNECTION")\n}',
  'service "odata" {}',
  'service "wfs" {}',
  'variable "srid" { default = 4326 }',
  'variable "title" { default = "Roads" }',
];
const ENVIRONMENT = { CONNECTION: "Host=database" };

function layerText(number: number, title = `"Layer ${number}"`, service = "odata"): string {
  return `layer "l${number}" {
  title = ${title}
  data_source = data_source.main
  table = "t"
  id_field = "id"
  services = [service.${service}]
}`;
}

/** 1,000 layers, three of which have a variable for their title, and one the other service. */
function manyTexts(): string[] {
  const title = (number: number) => number % 400 === 1 ? "var.title" : undefined;
  const layers = Array.from({ length: COUNT }, (_, at) => layerText(at, title(at), at === 7 ? "wfs" : "odata"));
  return [...HEAD, ...layers];
}

Deno.test("a load costs as much as the change", async () => {
  await withDocuments(async (documents, loader) => {
    const texts = manyTexts();
    const cost = async (environment: Record<string, string> = ENVIRONMENT, head = "") => {
      await loadValid(loader, await documents.of(texts, head), environment);
      return loader.work;
    };
    const blocks = texts.length;
    assertEquals(await cost(), { blocksRead: blocks, definitionsEvaluated: 2, rulesRun: blocks - 2 + COUNT });
    assertEquals(await cost(), { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 }, "a touch");
    assertEquals(
      await cost(ENVIRONMENT, "moved"),
      { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 },
      "a comment",
    );

    texts[HEAD.length + 500] = layerText(500, '"Another"');
    assertEquals(await cost(), { blocksRead: 1, definitionsEvaluated: 0, rulesRun: 2 }, "a layer's title");
    texts.splice(HEAD.length, 1);
    assertEquals(await cost(), { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 }, "a layer removed");
    texts[5] = 'variable "title" { default = "Streets" }';
    assertEquals(await cost(), { blocksRead: 4, definitionsEvaluated: 1, rulesRun: 6 }, "a variable of three layers");
    texts[4] = 'variable "srid" { default = 25832 }';
    assertEquals(await cost(), { blocksRead: 1, definitionsEvaluated: 1, rulesRun: 0 }, "a variable that nobody uses");
    const other = { CONNECTION: "Host=elsewhere" };
    assertEquals(
      await cost(other),
      { blocksRead: 1, definitionsEvaluated: 0, rulesRun: 1 },
      "a value of the environment",
    );

    texts[3] = 'service "wms" {}';
    texts[texts.indexOf(layerText(7, undefined, "wfs"))] = layerText(7, undefined, "wms");
    const renamed = { blocksRead: 2, definitionsEvaluated: 0, rulesRun: 2 + COUNT - 1 };
    assertEquals(await cost(other), renamed, "a service that one layer names renamed");
    texts[3] = 'service "wms" { note = "x" }';
    assertEquals(await cost(other), { blocksRead: 1, definitionsEvaluated: 0, rulesRun: 1 }, "a service's setting");
    texts[4] = 'variable "db_password" { default = "quoted" }';
    const secret = { blocksRead: 1, definitionsEvaluated: 1, rulesRun: 1 };
    assertEquals(await cost(other), secret, "a secret, and one value that is quoted unless it is one");
  });
});

type Parts = Record<string, Record<string, unknown>>;

Deno.test("unchanged parts are the same objects, and the given document stays as it was", async () => {
  await withDocuments(async (documents, loader) => {
    const texts = [...HEAD, layerText(0), layerText(1), 'extra "a" { x = 1 }', 'rate_limit = { store = "memory" }'];
    const first = await loadValid(loader, await documents.of(texts), ENVIRONMENT);
    const said = JSON.stringify(first);
    texts[HEAD.length] = layerText(0, '"Another"');
    const second = await loadValid(loader, await documents.of(texts, "moved"), ENVIRONMENT);
    assertEquals(JSON.stringify(first), said);
    for (const form of ["config", "portable"] as const) {
      const [before, after] = [first[form], second[form]] as unknown as [Parts, Parts];
      assertEquals(Object.keys(before).length, 8, Object.keys(before).join(" "));
      for (const part of Object.keys(before)) {
        if (part !== "layers") assertStrictEquals(after[part], before[part], part);
      }
      assert(after.layers!.l0 !== before.layers!.l0);
      assertStrictEquals(after.layers!.l1, before.layers!.l1);
    }
  });
});

Deno.test("an entry that depends on more than one block is read again if one of them changed", async () => {
  const agree = async (before: readonly string[], after: readonly string[]) => {
    await withDocuments(async (documents, loader) => {
      const seen = [];
      for (const texts of [before, after]) {
        const request = { document: await documents.of(texts), environment: () => undefined, validate: true };
        const loaded = await loader.load(request);
        assertEquals(loaded, loadConfig(request));
        seen.push(JSON.stringify([loaded.portable, loaded.ok ? loaded.warnings : loaded.diagnostics]));
      }
      assert(seen[0] !== seen[1], `${after}`);
    });
  };
  const [first, second] = ['extra "a" { x = 1 }', 'extra "b" { x = 2 }'];
  await agree([first, second], [first, 'extra "b" { x = 3 }']);
  await agree([first, second], [first]);
  await agree([first], [first, second]);
  const misspelled = layerText(0, "var.titel");
  await agree(['variable "title" { default = 1 }', misspelled], ['variable "tiled" { default = 1 }', misspelled]);
  await agree([misspelled], ['variable "titel" { default = 1 }', misspelled]);
  const shared = 'variable "shared" { default = [1 + 1] }';
  const [one, other] = [layerText(0, "var.shared"), layerText(1, "var.shared")];
  await agree([shared, one, other], [shared, other]);
});

Deno.test("beyond the bound on all values a load with memory still gives the result of a fresh one", async () => {
  await withDocuments(async (documents, loader) => {
    // Each layer takes a million of the bound, and comes to a short text on this host.
    const large = (number: number) => layerText(number, 'env("SHORT") ? "short" : var.long');
    const long = `variable "long" { default = "${"x".repeat(1_000_000)}" }`;
    const texts = [...HEAD, long, ...Array.from({ length: 70 }, (_, at) => large(at))];
    const environment = (name: string) => name === "SHORT" ? "true" : "x";
    const agree = async () => {
      const request = { document: await documents.of(texts), environment, validate: true };
      const [loaded, fresh] = [await loader.load(request), loadConfig(request)];
      const said = ({ portable: _, ...rest }: Loaded) => ({
        ...rest,
        config: { ...(rest.ok && rest.config), variables: {} },
      });
      assertEquals(said(loaded), said(fresh));
      return loaded.ok;
    };
    assertEquals(await agree(), false);
    texts.splice(HEAD.length + 1, 20);
    assertEquals(await agree(), true);
    texts.unshift(...Array.from({ length: 20 }, (_, at) => large(at + 100)));
    assertEquals(await agree(), false);
  });
});

Deno.test("a load that is not wanted any more ends with the signal's reason, and the next one is whole", async () => {
  await withDocuments(async (documents, loader) => {
    const texts = [...HEAD, ...Array.from({ length: 20 }, (_, at) => layerText(at))];
    const document = await documents.of(texts);
    const request = { document, environment: () => "x", validate: true };
    const signal = AbortSignal.abort(new Error("superseded"));
    const slow = { ...request, environment: (name: string) => (spend(60), name) };
    await assertRejects(() => loader.load(slow, openPace({ signal })), Error, "superseded");
    assertEquals(await loader.load(request), loadConfig(request));
  });
});

/** Holds the thread for longer than a turn lasts. */
function spend(milliseconds: number): void {
  const end = performance.now() + milliseconds;
  while (performance.now() < end);
}

Deno.test("diagnostics are in the order of their places, and those without one are last", () => {
  const text = '{"caches":{"c":{"type":"x"}},"layers":{"l":{"fields":{"f":"x"}}},"honua":{"version":"2"},"zzz":1}';
  const parsed = parseJsonDocument(sourceText("a.json", text));
  assert(parsed.ok);
  const mistake = { severity: "warning", code: "none", summary: "s", place: null, path: null } as never;
  const document = { ...parsed.document, mistakes: [mistake] };
  const loaded = loadConfig({ document, environment: () => undefined, validate: true });
  assert(!loaded.ok);
  const starts = loaded.diagnostics.map(({ place }) => place?.range.start ?? Infinity);
  assertEquals(starts, starts.toSorted((one, other) => one - other || 0));
  assertEquals([new Set(starts).size > 4, starts.filter((start) => start === Infinity).length], [true, 3]);
});

Deno.test("a value that names no environment is one object in both forms, and one that does is two", async () => {
  await withDocuments(async (documents, loader) => {
    const document = await documents.of([
      'honua {\n  version = "1.0"\n}\n',
      'data_source "db" {\n  provider = "sqlite"\n  connection = env("DB")\n}\n',
      'service "odata" {\n  enabled = true\n  depth = { most = 3, of = ["a", "b"] }\n}\n',
      'layer "roads" {\n  title = "Roads"\n  data_source = data_source.db\n  table = "roads"\n  id_field = "id"\n' +
      "  services = [service.odata]\n}\n",
      'layer "rails" {\n  title = "100 $${"\n  data_source = data_source.db\n  table = "rails"\n  id_field = "id"\n' +
      "  services = [service.odata]\n}\n",
    ]);
    const { config, portable } = await loadValid(loader, document, { DB: "Data Source=a" });
    type Blocks = Record<string, Record<string, Record<string, unknown>>>;
    const [resolved, open] = [config as unknown as Blocks, portable as unknown as Blocks];
    assertStrictEquals(resolved.services!.odata, open.services!.odata);
    assertStrictEquals(resolved.layers!.roads, open.layers!.roads);
    assert(resolved.dataSources!.db !== open.dataSources!.db);
    assertEquals(resolved.dataSources!.db!.connection, "Data Source=a");
    assertEquals(open.dataSources!.db!.connection, '${env("DB")}');
    assertEquals([resolved.layers!.rails!.title, open.layers!.rails!.title], ["100 ${", "100 $${"]);
    assertStrictEquals(resolved.layers!.rails!.services, open.layers!.rails!.services);
    assertEquals(Object.getPrototypeOf(resolved.layers!.roads), null);
  });
});
