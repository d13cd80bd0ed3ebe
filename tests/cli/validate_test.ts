import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { runRecorded } from "../support/recording_terminal.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const VALID = 'honua {\n  version = "1.0"\n}\nvariable "a" = "${env:A}"\n';
const INVALID = 'honua {\n  version = "1.0"\n  log_level = "loud"\n}\n';
const BROKEN = 'honua {\n  password = "hunter2hunter2\n}\n';

Deno.test("JSON answers for every file in exactly the documented shape", async () => {
  await using directory = await temporaryDirectory();
  const [valid, invalid] = [await directory.write("v.hcl", VALID), await directory.write("i.hcl", INVALID)];
  const missing = directory.file("missing.hcl");
  const args = ["validate", "--format", "json", valid, invalid, missing];
  const { code, out, error } = await runRecorded(args, { environment: { A: "x" } });
  assertEquals([code, error], [3, ""]);
  const { files } = JSON.parse(out);
  assertEquals(Object.keys(JSON.parse(out)), ["files"]);
  assertEquals(files.map((one: Record<string, unknown>) => [one["file"], one["valid"]]), [
    [valid, true],
    [invalid, false],
    [missing, false],
  ]);
  assertMatch(files[0].hash, /^[0-9a-f]{64}$/);
  assertEquals(files[1].hash, null);
  for (const file of files) {
    assertEquals(Object.keys(file), ["file", "valid", "hash", "diagnostics"]);
    for (const one of file.diagnostics) {
      assertEquals(Object.keys(one), ["severity", "code", "summary", "path", "line", "column", "suggestion"]);
    }
  }
  const [level] = files[1].diagnostics.filter((one: { severity: string }) => one.severity === "error");
  assertEquals([level.path, level.line, level.column], ["honua.log_level", 3, 15]);
});

Deno.test("text answers with the line and a mark under the mistake", async () => {
  await using directory = await temporaryDirectory();
  const { code, out } = await runRecorded(["validate", await directory.write("i.hcl", INVALID)]);
  assertEquals(code, 1);
  assertStringIncludes(out, 'log_level = "loud"\n');
  assertStringIncludes(out, "^");
  assertStringIncludes(out, "i.hcl: invalid\n");
});

Deno.test("--strict fails on warnings, and the file stays valid", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("v.hcl", VALID);
  const environment = { A: "x" };
  assertEquals((await runRecorded(["validate", file], { environment })).code, 0);
  const strict = await runRecorded(["validate", "--strict", "--format", "json", file], { environment });
  assertEquals([strict.code, JSON.parse(strict.out).files[0].valid], [1, true]);
});

Deno.test("standard input has the name and so the format that is given", async () => {
  const hcl = await runRecorded(["validate", "--format", "json", "-"], { input: 'honua {\n  version = "1.0"\n}\n' });
  const json = await runRecorded(["validate", "--format", "json", "--name", "x.json", "-"], {
    input: '{ "honua": { "version": "1.0", }, /* as in HCL */ }',
  });
  assertEquals([hcl.code, json.code], [0, 0]);
  assertEquals(JSON.parse(hcl.out).files[0].hash, JSON.parse(json.out).files[0].hash);
  assertEquals(JSON.parse(json.out).files[0].file, "-");
});

Deno.test("environment files count, the later before the earlier, both before the process", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("v.hcl", VALID);
  const [one, two] = [await directory.write("1.env", "A=one\n"), await directory.write("2.env", "A='two'\n")];
  const args = ["print", "--show-secrets", "--env-file", one, "--env-file", two, file];
  const { code, out } = await runRecorded(args, { environment: { A: "process" } });
  assertEquals([code, JSON.parse(out).variables], [0, { a: "two" }]);
  const missing = await runRecorded(["validate", "--env-file", directory.file("none.env"), file]);
  assertEquals(missing.code, 3);
  assertStringIncludes(missing.error, "none.env");
  const optional = await runRecorded([
    "validate",
    "--env-file",
    `-${directory.file("none.env")}`,
    "--env-file",
    one,
    file,
  ]);
  assertEquals(optional.code, 0);
});

Deno.test("no answer holds a string of a line that does not parse", async () => {
  await using directory = await temporaryDirectory();
  const file = await directory.write("b.hcl", BROKEN);
  for (const args of [["validate", file], ["validate", "--format", "json", file], ["print", file]]) {
    const { code, out, error } = await runRecorded(args);
    assertEquals([code, (out + error).includes("hunter2")], [1, false]);
  }
});
