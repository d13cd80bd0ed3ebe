// `honua-configd validate` as scripts and people use it: its answers, their form, and its exit codes.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { type CommandSurroundings, runCommand } from "../support/command.ts";
import { openSampleCompiler, SAMPLE_CONNECTION, sampleJson, sampleSource } from "../support/sample_source.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const VALID = sampleSource("roads");
const WARNED = `${VALID}\nlogging { level = "information" }\n`;
const INVALID = VALID.replace("max_page_size = 500", "max_page_size = 0").replace("data_source.main", '""');
const FILES = { "valid.hcl": VALID, "warned.honua": WARNED, "invalid.hcl": INVALID, "valid.json": sampleJson("roads") };

/** Validates in a directory that holds `FILES`. */
async function validate(args: readonly string[], surroundings: CommandSurroundings & { input?: string } = {}) {
  await using temporary = await temporaryDirectory();
  const cwd = temporary.path;
  for (const [name, text] of Object.entries(FILES)) await Deno.writeTextFile(`${cwd}/${name}`, text);
  await Deno.writeTextFile(`${cwd}/database.env`, `SAMPLE_CONNECTION=${SAMPLE_CONNECTION}\n`);
  return await runCommand(["validate", ...args], { cwd, env: { SAMPLE_CONNECTION }, ...surroundings });
}

async function hashOf(name: keyof typeof FILES): Promise<string> {
  await using compiler = openSampleCompiler();
  return (await compiler.snapshotOf(name, FILES[name])).hash;
}

Deno.test("the exit code is 0, 1 and 3 for files that are valid, not valid and not there, and the worst one counts", async () => {
  const expected: [readonly string[], number][] = [
    [["valid.hcl", "warned.honua", "valid.json"], 0],
    [["valid.hcl", "invalid.hcl"], 1],
    [["missing.hcl"], 3],
    [["invalid.hcl", "missing.hcl", "valid.hcl"], 3],
    [["--strict", "valid.hcl"], 0],
    [["--strict", "valid.hcl", "warned.honua"], 1],
    [["."], 3],
  ];
  for (const [args, code] of expected) assertEquals((await validate(args)).code, code, args.join(" "));
});

Deno.test("text shows place, frame and reason of a fault, and the hash of a valid file", async () => {
  const { stdout, stderr } = await validate(["valid.hcl", "invalid.hcl"]);
  assertEquals(stderr, "");
  assertStringIncludes(stdout, `valid.hcl: valid, hash ${await hashOf("valid.hcl")}\n`);
  assertMatch(stdout, /^error\[config\/[a-z-]+\]: .+\n +--> invalid\.hcl:14:19 +\(service\.odata\.max_page_size\)$/m);
  assertStringIncludes(stdout, "14 |   max_page_size = 0\n");
  assertMatch(stdout, /^ +\| {19}\^$/m);
  assertMatch(stdout, /^2 errors in invalid\.hcl$/m);
  assert(stdout.endsWith("invalid.hcl: invalid\n"));
});

Deno.test("JSON has exactly the promised members in one line, and nothing else is on standard output", async () => {
  const args = ["--format", "json", "valid.hcl", "warned.honua", "./invalid.hcl", "missing.hcl"];
  const { stdout, stderr } = await validate(args);
  assertEquals(stderr, "");
  assertEquals(stdout.indexOf("\n"), stdout.length - 1);
  const answer = JSON.parse(stdout);
  assertEquals(Object.keys(answer), ["files"]);
  const [valid, warned, invalid, missing] = answer.files;
  assertEquals(valid, { file: "valid.hcl", valid: true, hash: await hashOf("valid.hcl"), diagnostics: [] });
  assertEquals([warned.file, warned.valid, warned.hash.length], ["warned.honua", true, 64]);
  assertEquals(warned.diagnostics.map((one: { severity: string }) => one.severity), ["warning"]);
  assertEquals([invalid.file, invalid.valid, invalid.hash], ["./invalid.hcl", false, null]);
  const places = invalid.diagnostics.map((
    one: Record<string, unknown>,
  ) => [one.severity, one.path, one.line, one.column]);
  assertEquals(places, [["error", "service.odata.max_page_size", 14, 19], [
    "error",
    "layer.roads.data_source",
    19,
    17,
  ]]);
  assertEquals([missing.file, missing.valid, missing.hash], ["missing.hcl", false, null]);
  assertEquals(missing.diagnostics[0].path, null);
  const members = ["severity", "code", "summary", "path", "line", "column", "suggestion"];
  for (const file of answer.files) {
    assertEquals(Object.keys(file), ["file", "valid", "hash", "diagnostics"]);
    for (const diagnostic of file.diagnostics) assertEquals(Object.keys(diagnostic), members);
  }
});

Deno.test("--strict changes the exit code and not the output", async () => {
  const args = ["--format", "json", "warned.honua"];
  const [plain, strict] = [await validate(args), await validate(["--strict", ...args])];
  assertEquals([plain.code, strict.code], [0, 1]);
  assertEquals(strict.stdout, plain.stdout);
});

Deno.test("standard input is a file like any other, and its name gives its format", async () => {
  const hash = await hashOf("valid.json");
  const json = await validate(["--format", "json", "--name", "x.json", "-"], { input: FILES["valid.json"] });
  assertEquals(JSON.parse(json.stdout).files, [{ file: "-", valid: true, hash, diagnostics: [] }]);
  const hcl = await validate(["-"], { input: VALID });
  assertStringIncludes(hcl.stdout, `-: valid, hash ${await hashOf("valid.hcl")}\n`);
  const invalid = await validate(["--name", "given.hcl", "-"], { input: INVALID });
  assertEquals(invalid.code, 1);
  assertStringIncludes(invalid.stdout, "given.hcl:14:19");
});

Deno.test("JSON that says the same as HCL has the same hash", async () => {
  assertEquals(await hashOf("valid.json"), await hashOf("valid.hcl"));
});

Deno.test("--env-file gives the variables that a file refers to; without them it is invalid", async () => {
  const without = await validate(["valid.hcl"], { env: {} });
  assertEquals(without.code, 1);
  assertStringIncludes(without.stdout, "valid.hcl:9:");
  assertEquals((await validate(["--env-file", "database.env", "valid.hcl"], { env: {} })).code, 0);
  const missing = await validate(["--env-file", "missing.env", "valid.hcl"]);
  assertEquals([missing.code, missing.stdout], [3, ""]);
  assertStringIncludes(missing.stderr, "missing.env does not exist");
});

Deno.test("a hundred files in one call share one parser", async () => {
  const { code, stdout } = await validate(["--format", "json", ...Array(100).fill("valid.hcl")]);
  assertEquals(code, 0);
  const files: { hash: string }[] = JSON.parse(stdout).files;
  assertEquals(files.length, 100);
  assertEquals(new Set(files.map((file) => file.hash)), new Set([await hashOf("valid.hcl")]));
});

Deno.test("colours are for terminals only, and NO_COLOR switches them off", async () => {
  const escape = "\x1b[";
  assert(!(await validate(["invalid.hcl"], { env: { SAMPLE_CONNECTION, TERM: "xterm" } })).stdout.includes(escape));
  try {
    const environment = { SAMPLE_CONNECTION, TERM: "xterm" };
    const coloured = await validate(["invalid.hcl"], { terminal: true, env: environment });
    assertStringIncludes(coloured.stdout, escape);
    const plain = await validate(["invalid.hcl"], { terminal: true, env: { ...environment, NO_COLOR: "1" } });
    assertStringIncludes(plain.stdout, "invalid.hcl:14:19");
    assert(!plain.stdout.includes(escape));
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    console.warn("not tried on a terminal: there is no script(1)");
  }
});
