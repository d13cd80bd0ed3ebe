// What compiling a source again costs, in counts of work that do not depend on the machine: it follows the change.
import { assert, assertEquals } from "@std/assert";
import { sourceText } from "../../src/diagnostic/range.ts";
import { openBlockParser } from "../../src/document/blocks.ts";
import { type CompilingWork, openCompiler } from "../../src/snapshot/compile.ts";

/** A configuration with that many layers, all alike but for their names; `title` is the title of layer 7. */
function layers(count: number): string {
  const head = 'honua {\n  version = "1.0"\n}\nvariable "schema" {\n  default = "public"\n}\n' +
    'data_source "db" {\n  provider = "sqlite"\n  connection = env("DATABASE")\n}\nservice "odata" {\n  enabled = true\n}\n';
  const layer = (index: number) =>
    `layer "l${index}" {\n  title = "Layer ${index}"\n  data_source = data_source.db\n  table = "t${index}"\n` +
    '  id_field = "id"\n  geometry {\n    column = "geom"\n    type = "Point"\n  }\n  services = [service.odata]\n}\n';
  return head + Array.from({ length: count }, (_, index) => layer(index)).join("");
}

/** A compiler in an environment that can be changed, and what compiling a source costs. */
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
const NOTHING_READ = { blocksRead: 0, definitionsEvaluated: 0, rulesRun: 0, entriesRendered: 0 };

Deno.test("one layer edited of a thousand costs what one layer costs, whatever else the source holds", async () => {
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
      entriesRendered: 1,
    }],
    ["a comment in a layer", source.replace("title =", "# none\n  title ="), {
      ...one,
      blocksRead: 1,
      rulesRun: 2,
      entriesRendered: 1,
    }],
    ["a comment between layers", source.replace("layer", "# later\nlayer"), {
      ...NOTHING,
      ...NOTHING_READ,
      bytesHashed: 0,
    }],
    ["a setting more", source.replace('title = "Layer 7"', 'description = "x"\n  title = "Layer 7"'), {
      ...one,
      shapesParsed: 1,
      blocksRead: 1,
      rulesRun: 2,
      entriesRendered: 1,
    }],
    ["nothing", source, { ...NOTHING, ...NOTHING_READ, bytesHashed: 0 }],
  ];
  for (const [what, text, expected] of edits) {
    const work = await counting.costOf(text);
    const known = Object.fromEntries(Object.keys(expected).map((name) => [name, work[name as keyof CompilingWork]]));
    assertEquals(known, { ...expected }, what);
    assert(work.bytesHashed <= cold.bytesHashed, what);
    await counting.costOf(source);
  }
});

Deno.test("an edit of ten times as many layers costs the same but for what is hashed", async () => {
  const costs = [];
  for (const count of [100, 1_000]) {
    await using counting = openCounting();
    const source = layers(count);
    await counting.costOf(source);
    const { bytesHashed: _, ...work } = await counting.costOf(source.replace('"Layer 7"', '"Seven"'));
    costs.push(work);
  }
  assertEquals(costs[0], costs[1]);
});

Deno.test("a value of the environment costs the block that uses it", async () => {
  await using counting = openCounting();
  const source = layers(100);
  await counting.costOf(source);
  counting.change("Data Source=b");
  const { bytesHashed: _, ...work } = await counting.costOf(source);
  // In both forms: the portable one says the same, and is made with the other.
  assertEquals(work, { ...NOTHING, ...NOTHING_READ, blocksRead: 1, rulesRun: 1, entriesRendered: 2 });
});
