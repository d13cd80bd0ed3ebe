// The cost of compiling a source again, in counts of work that do not depend on the machine: it follows the change.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sourceText } from "../src/diagnostic/range.ts";
import { openBlockParser } from "../src/document/hcl/block_parser.ts";
import { openParser } from "../src/document/hcl/parser.ts";
import { type Compiler, type CompilingWork, formatOf, openCompiler } from "../src/compile.ts";

/** A configuration with that many layers, all alike but for their names; `title` is the title of layer 7. */
function layers(count: number): string {
  const head = 'honua {\n  version = "1.0"\n}\nvariable "schema" {\n  default = "public"\n}\n' +
    'data_source "db" {\n  provider = "sqlite"\n  connection = env("DATABASE")\n}\nservice "odata" {\n  enabled = true\n}\n';
  const layer = (index: number) =>
    `layer "l${index}" {\n  title = "Layer ${index}"\n  data_source = data_source.db\n  table = "t${index}"\n` +
    '  id_field = "id"\n  geometry {\n    column = "geom"\n    type = "Point"\n  }\n  services = [service.odata]\n}\n';
  return head + Array.from({ length: count }, (_, index) => layer(index)).join("");
}

/** A compiler in an environment that can be changed, and the cost of compiling a source. */
function openCounting() {
  const parser = openBlockParser();
  const compiler = openCompiler(parser);
  let database = "Data Source=a";
  return {
    change: (value: string) => database = value,
    async costOf(text: string): Promise<CompilingWork> {
      const environment = (name: string) => name === "DATABASE" ? database : undefined;
      const source = sourceText("a.hcl", text);
      assert((await compiler.compile({ source, format: "hcl", environment, validate: true })).ok);
      return { ...compiler.work };
    },
    [Symbol.asyncDispose]: () => parser[Symbol.asyncDispose](),
  };
}

const NOTHING = { scanned: 0, items: 0, shapesParsed: 0, textsParsed: 0, placed: 0 };
const NOTHING_READ = { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0 };

Deno.test("one layer edited of a thousand costs as much as one layer, in any source", async () => {
  await using counting = openCounting();
  const source = layers(1_000);
  const cold = await counting.costOf(source);
  assertEquals([cold.scanned, cold.placed, cold.blocksRead], [1_004, 1_004, 1_004]);
  const one = { scanned: 1, items: 1, shapesParsed: 0, textsParsed: 0, placed: 1 };
  const edits: [string, string, Partial<CompilingWork>][] = [
    ["a title", source.replace('"Layer 7"', '"Seven"'), {
      ...one,
      blocksRead: 1,
      definitionsEvaluated: 0,
      rulesRun: 2,
    }],
    ["a comment in a layer", source.replace("title =", "# none\n  title ="), {
      ...one,
      blocksRead: 1,
      rulesRun: 2,
    }],
    ["a comment between layers", source.replace("layer", "# later\nlayer"), {
      ...NOTHING,
      ...NOTHING_READ,
    }],
    ["a setting more", source.replace('title = "Layer 7"', 'description = "x"\n  title = "Layer 7"'), {
      ...one,
      shapesParsed: 1,
      blocksRead: 1,
      rulesRun: 2,
    }],
    ["nothing", source, { ...NOTHING, ...NOTHING_READ }],
  ];
  for (const [what, text, expected] of edits) {
    const work = await counting.costOf(text);
    const known = Object.fromEntries(Object.keys(expected).map((name) => [name, work[name as keyof CompilingWork]]));
    assertEquals(known, { ...expected }, what);
    await counting.costOf(source);
  }
});

Deno.test("an edit of ten times as many layers costs the same, but for putting the whole together", async () => {
  const costs = [];
  for (const count of [100, 1_000]) {
    await using counting = openCounting();
    const source = layers(count);
    await counting.costOf(source);
    costs.push(await counting.costOf(source.replace('"Layer 7"', '"Seven"')));
  }
  assertEquals(costs[0], costs[1]);
});

Deno.test("a value of the environment costs the block that uses it", async () => {
  await using counting = openCounting();
  const source = layers(100);
  await counting.costOf(source);
  counting.change("Data Source=b");
  assertEquals(await counting.costOf(source), { ...NOTHING, ...NOTHING_READ, blocksRead: 1, rulesRun: 1 });
});

Deno.test("a compilation that was given up and wakes late does not change the next one", async () => {
  await using judge = openParser();
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isSlow = false;
  const parser = openBlockParser({
    ...judge,
    async judge(texts, signal) {
      if (isSlow) {
        asked.resolve();
        await answer.promise;
      }
      return await judge.judge(texts, signal);
    },
  });
  const compile = async (compiler: Compiler, text: string, signal?: AbortSignal) => {
    const source = sourceText("a.hcl", text);
    const environment = () => undefined;
    const compiled = await compiler.compile({ source, format: "hcl", environment, validate: false, signal });
    assert(compiled.ok);
    return compiled.config.variables;
  };
  const text = 'variable "b" {\n  default = "x"\n}\nvariable "srid" {\n  default = 4326\n}\n';
  const compiler = openCompiler(parser);
  isSlow = true;
  const current = compile(compiler, text);
  await asked.promise;
  const late = assertRejects(
    () => compile(compiler, `\n${text}`, AbortSignal.abort(new Error("given up"))),
    Error,
    "given up",
  );
  isSlow = false;
  answer.resolve();
  await late;
  assertEquals([await current, await compile(compiler, text)], [{ b: "x", srid: 4326 }, { b: "x", srid: 4326 }]);
});

Deno.test("compilations at the same time come one after the other, each with the result of a single one", async () => {
  await using parser = openBlockParser();
  const compiler = openCompiler(parser);
  const compile = async (srid: number) => {
    const source = sourceText("a.hcl", `${"#".repeat(srid)}\nvariable "srid" {\n  default = ${srid}\n}\n`);
    const compiled = await compiler.compile({ source, format: "hcl", environment: () => undefined, validate: false });
    return compiled.ok && compiled.config.variables;
  };
  const srids = [1, 20, 300, 4];
  assertEquals(await Promise.all(srids.map(compile)), srids.map((srid) => ({ srid })));
});

Deno.test("a source is JSON if its path ends so, in any case, and else HCL", () => {
  const paths = ["a.json", "A.JSON", "/etc/honua/x.hcl.json", "a.hcl", "a.json.hcl", "json", "a.jsonx", "ajson", ""];
  assertEquals(paths.map(formatOf), ["json", "json", "json", ...Array(6).fill("hcl")]);
});

Deno.test("a compilation after a bug begins without a memory; one that was given up loses nothing", async () => {
  await using judge = openParser();
  let bug: Error | null = null;
  const parser = openBlockParser({
    ...judge,
    judge: (texts, signal) => bug === null ? judge.judge(texts, signal) : Promise.reject(bug),
  });
  const compiler = openCompiler(parser);
  const compile = (text: string, signal?: AbortSignal) =>
    compiler.compile({
      source: sourceText("a.hcl", text),
      format: "hcl",
      environment: () => "x",
      validate: false,
      signal,
    });
  const text = layers(10);
  await compile(text);
  assertEquals(compiler.work.scanned, 14);
  await compile(text);
  assertEquals(compiler.work.scanned, 0);
  const aborted = AbortSignal.abort(new Error("given up"));
  await assertRejects(() => compile(text, aborted), Error, "given up");
  await compile(text);
  assertEquals(compiler.work.scanned, 0);
  bug = new Error("a bug");
  await assertRejects(() => compile(`${text}variable "new" {\n  default = [1, "\${2}"]\n}\n`), Error, "a bug");
  bug = null;
  await compile(text);
  assertEquals(compiler.work.scanned, 14);
});

Deno.test("the work describes the last compilation: another format, and a source that does not parse", async () => {
  await using parser = openBlockParser();
  const compiler = openCompiler(parser);
  const compile = async (text: string, format: "hcl" | "json") => {
    const source = sourceText(`a.${format}`, text);
    const { ok } = await compiler.compile({ source, format, environment: () => "x", validate: false });
    const { scanned, items, placed } = compiler.work;
    return { ok, scanned, items, placed };
  };
  const hcl = await compile(layers(1), "hcl");
  assertEquals([hcl.ok, hcl.scanned, hcl.placed], [true, 5, 5]);
  const json = await compile('{"variables": {"a": "b"}}', "json");
  assertEquals([json.ok, json.items], [true, 0]);
});
