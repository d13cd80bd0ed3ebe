// `honua-configd init`: a first file that is valid as written, and never one in place of another.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { temporaryDirectory } from "../support/temporary.ts";

Deno.test("the starter file is valid without a warning, and the daemon finds it as its source", async () => {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  assertEquals((await runCommand(["init"], { cwd })).code, 0);
  const checked = await runCommand(["validate", "--strict", "honua.config.hcl"], { cwd });
  assertEquals([checked.code, checked.stderr], [0, ""]);
  assertEquals((await runCommand(["run", "--once", "--snapshot", "snapshot.json"], { cwd })).code, 0);
  assertEquals(JSON.parse(await Deno.readTextFile(`${cwd}/snapshot.json`)).honua.version, "1.0");
});

Deno.test("an existing file is never overwritten; with --if-missing that is no failure", async () => {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  const file = `${cwd}/below/mine.hcl`;
  assertEquals((await runCommand(["init", "--if-missing", file])).code, 0);
  await Deno.writeTextFile(file, "# mine\n");
  const refused = await runCommand(["init", file]);
  assertEquals(refused.code, 3);
  assertStringIncludes(refused.stderr, file);
  assertEquals((await runCommand(["init", "--if-missing", file])).code, 0);
  assertEquals(await Deno.readTextFile(file), "# mine\n");
  assertEquals(Array.from(Deno.readDirSync(`${cwd}/below`), ({ name }) => name), ["mine.hcl"]);
});

Deno.test("init - writes the starter to standard output, and validate takes it from there", async () => {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  const { code, stdout } = await runCommand(["init", "-"], { cwd });
  assertEquals(code, 0);
  assertEquals((await runCommand(["validate", "--strict", "-"], { input: stdout })).code, 0);
  assertEquals(Array.from(Deno.readDirSync(cwd)), []);
});
