// `honua-configd print`: the snapshot that would be made, without a secret unless it is asked for.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { openSampleCompiler, SAMPLE_CONNECTION, sampleSource } from "../support/sample_source.ts";

const SOURCE = sampleSource("roads");
const surroundings = { env: { SAMPLE_CONNECTION }, input: SOURCE };

async function expected() {
  await using compiler = openSampleCompiler();
  return await compiler.snapshotOf("sample.hcl", SOURCE);
}

async function printed(...flags: string[]) {
  const { code, stdout, stderr } = await runCommand(["print", ...flags, "-"], surroundings);
  assertEquals([code, stderr], [0, ""]);
  return stdout;
}

Deno.test("print masks values of the environment, and the content hash with them", async () => {
  const text = await printed();
  assert(!text.includes(SAMPLE_CONNECTION));
  const { $snapshot, dataSources, layers } = JSON.parse(text);
  assertEquals($snapshot, { format: 1, hash: (await expected()).hash, contentHash: "[masked]" });
  assertEquals(dataSources.main.connection, "[masked]");
  assertEquals(layers.roads.title, "roads");
});

Deno.test("print --show-secrets writes the very bytes of the snapshot", async () => {
  assertEquals(await printed("--show-secrets"), new TextDecoder().decode((await expected()).bytes));
});

Deno.test("print --portable leaves references standing, and is itself a source of the same hash", async () => {
  const text = await printed("--portable");
  const { hash } = await expected();
  const { $snapshot, dataSources } = JSON.parse(text);
  assertEquals($snapshot, { format: 1, hash });
  assertEquals(dataSources.main.connection, '${env("SAMPLE_CONNECTION")}');
  const args = ["validate", "--format", "json", "--name", "x.json", "-"];
  const { stdout } = await runCommand(args, { ...surroundings, input: text });
  assertEquals(JSON.parse(stdout).files, [{ file: "-", valid: true, hash, diagnostics: [] }]);
});

Deno.test("print says on standard error why there is nothing to print", async () => {
  const invalid = await runCommand(["print", "--name", "x.hcl", "-"], { input: SOURCE });
  assertEquals([invalid.code, invalid.stdout], [1, ""]);
  assertStringIncludes(invalid.stderr, "x.hcl:9:");
  const missing = await runCommand(["print", "missing.hcl"]);
  assertEquals([missing.code, missing.stdout], [3, ""]);
  assertStringIncludes(missing.stderr, "missing.hcl does not exist");
});
