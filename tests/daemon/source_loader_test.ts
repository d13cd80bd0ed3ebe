// A look that finds the text that was compiled last: nothing is compiled again, and the result is the same.
import { assert, assertEquals, assertMatch, assertRejects, assertStrictEquals } from "@std/assert";
import fc from "fast-check";
import { historyDirectory } from "../../src/releases/history_directory.ts";
import { openReserve } from "../../src/releases/reserve.ts";
import { openSourceLoader, type SourceLoaderTools } from "../../src/daemon/source_loader.ts";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { type BlockParser, openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { SAMPLE_CONNECTION, sampleJson, sampleSource } from "../support/sample_source.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";

const SIGNAL = new AbortController().signal;

interface Host {
  readonly sourcePath: string;
  readonly environmentFile: string;
  readonly tools: SourceLoaderTools;
  /** The secrets that each look reported. */
  readonly remembered: (readonly string[])[];
  open(): ReturnType<typeof openSourceLoader>;
}

async function hostIn(directory: TemporaryDirectory, format: "hcl" | "json", parser: BlockParser): Promise<Host> {
  const [sourcePath, environmentFile] = [directory.file(`honua.${format}`), directory.file("honua.env")];
  const opened = await openStore({ path: directory.file("honua.snapshot.json") });
  assert(opened.ok);
  const remembered: (readonly string[])[] = [];
  const tools: SourceLoaderTools = {
    parser,
    store: opened.store,
    secrets: { mask: (text) => text, remember: (found) => void remembered.push(found) },
    active: () => null,
    keeper: {
      textOf: () => Promise.resolve({ ok: false, reason: "missing", message: "there is none" }),
      reserve: openReserve(historyDirectory(directory.file("state"), directory.file("honua.snapshot.json")), 1_000_000),
    },
  };
  const checked = checkOptions({ configurationWatcher: { environmentFiles: [`-${environmentFile}`] } });
  assert(checked.ok);
  const settings = { options: checked.options, sourcePath, environment: { SAMPLE_CONNECTION } };
  return { sourcePath, environmentFile, tools, remembered, open: () => openSourceLoader(settings, tools) };
}

/** A parser that counts how often it is asked. */
function counted(parser: BlockParser): { parser: BlockParser; readonly questions: number } {
  let questions = 0;
  const judge: BlockParser["judge"] = (...given) => {
    questions++;
    return parser.judge(...given);
  };
  return {
    parser: new Proxy(parser, { get: (target, name) => name === "judge" ? judge : Reflect.get(target, name) }),
    get questions() {
      return questions;
    },
  };
}

Deno.test("the second look at the same bytes asks the parser nothing, and returns the result of the first", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const counting = counted(blocks);
  const { sourcePath, remembered, open } = await hostIn(directory, "hcl", counting.parser);
  const { look, rejectedHash } = open();
  await directory.write("honua.hcl", sampleSource("one"));
  const first = await look(SIGNAL);
  assert(first.kind === "candidate");
  assertEquals(counting.questions, 1);
  const hash = rejectedHash();
  const now = new Date();
  await Deno.utime(sourcePath, now, now);
  assertEquals(await look(SIGNAL), first);
  await directory.write("next", sampleSource("one"));
  await Deno.rename(directory.file("next"), sourcePath);
  const third = await look(SIGNAL);
  assert(third.kind === "candidate");
  assertStrictEquals(third.candidate.snapshot, first.candidate.snapshot);
  assertEquals([counting.questions, rejectedHash()], [1, hash]);
  assertEquals(remembered, Array.from({ length: 3 }, () => [SAMPLE_CONNECTION]));
  await directory.write("honua.hcl", sampleSource("two"));
  const fourth = await look(SIGNAL);
  assert(fourth.kind === "candidate" && fourth.hash !== first.hash);
  assertEquals(counting.questions, 2);
});

Deno.test("another value in an environment file is compiled, though the source is unchanged", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { open, environmentFile } = await hostIn(directory, "json", blocks);
  const { look } = open();
  await directory.write("honua.json", sampleJson("one"));
  const first = await look(SIGNAL);
  await Deno.writeTextFile(environmentFile, "SAMPLE_CONNECTION=Host=elsewhere;Database=roads\n");
  const second = await look(SIGNAL);
  assert(first.kind === "candidate" && second.kind === "candidate");
  assertEquals([second.hash === first.hash, second.contentHash === first.contentHash], [true, false]);
});

Deno.test("a look without a file finds none on purpose, and with both only while the file is missing", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { tools, sourcePath } = await hostIn(directory, "json", blocks);
  const optionsOf = (from: "file" | "store" | "both") => {
    const checked = checkOptions({ source: { from }, highAvailability: { enabled: true } });
    assert(checked.ok);
    return { options: checked.options, environment: { SAMPLE_CONNECTION } };
  };
  const stored = openSourceLoader({ ...optionsOf("store"), sourcePath: null }, tools);
  assertEquals(await stored.look(SIGNAL), { kind: "none" });
  const both = openSourceLoader({ ...optionsOf("both"), sourcePath }, tools);
  const file = openSourceLoader({ ...optionsOf("file"), sourcePath }, tools);
  assertEquals([(await both.look(SIGNAL)).kind, (await file.look(SIGNAL)).kind], ["none", "rejected"]);
  await directory.write("honua.json", sampleJson("one"));
  assertEquals([(await both.look(SIGNAL)).kind, (await file.look(SIGNAL)).kind], ["candidate", "candidate"]);
  await directory.write("honua.json", "{");
  assertEquals((await both.look(SIGNAL)).kind, "rejected");
});

Deno.test("a source that was rejected is judged at every look", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const counting = counted(blocks);
  const { look } = (await hostIn(directory, "hcl", counting.parser)).open();
  await directory.write("honua.hcl", sampleSource("one").replace("odata", "no-such-service"));
  const first = await look(SIGNAL);
  assertEquals(first.kind, "rejected");
  assertEquals(await look(SIGNAL), first);
  assertEquals(counting.questions, 2);
});

const SECRET = "hunter2-correct-horse";

/** The sample with a mistake on a line that has a secret, `lines` lines further down. */
function secretSource(lines = 0): string {
  const mistake = `layer "x" { api_token = "${SECRET}" }\n`;
  return `${"# A line.\n".repeat(lines)}${sampleSource("one")}${mistake}`;
}

function framesOf(diagnostics: readonly Diagnostic[]): string[] {
  return diagnostics.flatMap(({ frame }) => frame === undefined ? [] : [frame.join("\n")]);
}

Deno.test("diagnostics have their code frames, without secrets, whether the source parses or not", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { environmentFile, open } = await hostIn(directory, "hcl", blocks);
  const { look } = open();
  await Deno.writeTextFile(environmentFile, "no variable\n");
  for (const text of [secretSource(), secretSource().replace("{ api", "{{ api")]) {
    await directory.write("honua.hcl", text);
    const found = await look(SIGNAL);
    assert(found.kind === "rejected");
    const frames = framesOf(found.diagnostics);
    assertMatch(frames.join("\n"), /^30 \| .*\n {3}\| .*\^/m);
    assert(!JSON.stringify(found.diagnostics).includes(SECRET));
    // The file of the environment may hold nothing but secrets.
    const elsewhere = found.diagnostics.filter(({ place }) => place?.file === environmentFile);
    assertEquals([elsewhere.length, framesOf(elsewhere)], [1, []]);
  }
});

Deno.test("no frame shows the secret of a source while others are compiled at the same time", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { examine } = (await hostIn(directory, "hcl", blocks)).open();
  const examined = await Promise.all(
    [0, 7, 1, 20].map((lines) => examine({ name: "a.hcl", format: "hcl", text: secretSource(lines) }, SIGNAL)),
  );
  for (const one of examined) {
    assert(!one.ok);
    const frames = framesOf(one.diagnostics).join("\n");
    assertMatch(frames, /api_token = "\*{8}"/);
    assert(!frames.includes(SECRET));
  }
});

Deno.test("of very many mistakes only the first fifty have a frame", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { examine } = (await hostIn(directory, "json", blocks)).open();
  const sample = JSON.parse(sampleJson("one"));
  const layers = Array.from(
    { length: 80 },
    (_, at) => [`l${at}`, { ...sample.layers.roads, id: `l${at}`, services: ["nix"] }],
  );
  const text = JSON.stringify({ ...sample, layers: Object.fromEntries(layers) }, null, 2);
  const examined = await examine({ name: "a.json", format: "json", text }, SIGNAL);
  assert(!examined.ok);
  assertEquals(examined.diagnostics.map(({ frame }) => frame !== undefined).lastIndexOf(true), 49);
  assertEquals(framesOf(examined.diagnostics).length, 50);
});

Deno.test("the result of a look has no document, whose text would be kept", async () => {
  await using directory = await temporaryDirectory();
  await using blocks = openBlockParser();
  const { look } = (await hostIn(directory, "json", blocks)).open();
  await directory.write("honua.json", sampleJson("one"));
  const found = await look(SIGNAL);
  assert(found.kind === "candidate");
  const members = ["config", "counts", "serverForm", "snapshot", "text", "warnings"];
  assertEquals(Object.keys(found.candidate).toSorted(), members);
});

const SOURCES: Readonly<Record<string, string | Uint8Array | null>> = {
  one: sampleJson("one"),
  two: sampleJson("two"),
  "with a mark": `\ufeff${sampleJson("one")}`,
  "with a warning": sampleJson("one").replace('"enabled": true', '"enabled": false'),
  broken: sampleJson("one").slice(0, -10),
  invalid: sampleJson("one").replace('"idField"', '"idFiled"'),
  "not text": new Uint8Array([0x7b, 0xff, 0x7d]),
  missing: null,
};

const ENVIRONMENTS: Readonly<Record<string, string | Uint8Array | null>> = {
  none: null,
  other: "SAMPLE_CONNECTION=Host=elsewhere\n",
  odd: "export SAMPLE_CONNECTION=x\n",
  "not text": new Uint8Array([0xc0]),
};

async function put(path: string, content: string | Uint8Array | null): Promise<void> {
  if (content === null) return await Deno.remove(path).catch(() => {});
  await Deno.writeFile(path, typeof content === "string" ? new TextEncoder().encode(content) : content);
}

Deno.test("after any sequence of sources, a loader with memory says the same as a fresh one", async () => {
  await using blocks = openBlockParser();
  const step = fc.record({
    source: fc.constantFrom(...Object.keys(SOURCES)),
    environment: fc.constantFrom("none", "none", ...Object.keys(ENVIRONMENTS)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 2, maxLength: 12 }), async (steps) => {
      await using directory = await temporaryDirectory();
      const { sourcePath, environmentFile, remembered, open } = await hostIn(directory, "json", blocks);
      const experienced = open();
      for (const { source, environment } of steps) {
        await put(sourcePath, SOURCES[source]!);
        await put(environmentFile, ENVIRONMENTS[environment]!);
        const reported = [];
        for (const { look, rejectedHash } of [experienced, open()]) {
          remembered.length = 0;
          reported.push({ outcome: await look(SIGNAL), rejected: rejectedHash(), secrets: [...remembered] });
        }
        assertEquals(reported[0], reported[1]);
      }
    }),
    { numRuns: 20 },
  );
});

Deno.test("a look that was given up comes to nothing, and leaves nothing behind", async () => {
  await using directory = await temporaryDirectory();
  await using parser = openBlockParser();
  const { remembered, open } = await hostIn(directory, "hcl", parser);
  const { look, rejectedHash } = open();
  await directory.write("honua.hcl", sampleSource("one"));
  const first = await look(SIGNAL);
  const hash = rejectedHash();
  await directory.write("honua.hcl", sampleSource("two"));
  await assertRejects(() => look(AbortSignal.abort(new Error("given up"))), Error, "given up");
  assertEquals([rejectedHash(), remembered.length], [hash, 1]);
  await directory.write("honua.hcl", sampleSource("one"));
  assertEquals(await look(SIGNAL), first);
});

Deno.test("a source of which no byte could be read says so, and one that is not text does not", async () => {
  await using directory = await temporaryDirectory();
  await using parser = openBlockParser();
  const { sourcePath, open } = await hostIn(directory, "hcl", parser);
  const { look } = open();
  const missing = await look(SIGNAL);
  await Deno.writeFile(sourcePath, Uint8Array.of(0xff));
  const broken = await look(SIGNAL);
  const isUnread = [missing, broken].map((outcome) => outcome.kind === "rejected" && outcome.isUnread === true);
  assertEquals([missing.kind, broken.kind, ...isUnread], ["rejected", "rejected", true, false]);
});
