import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { environmentFilePath, gatherInputs, isUnreachable, readEnvironmentFiles } from "../../src/source/inputs.ts";
import { temporaryDirectory } from "../support/temporary.ts";

Deno.test("one fingerprint covers the source and every environment file", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("a.hcl", "x = 1\n");
  const file = await directory.write("a.env", "A=1\n");
  const read = async () => (await gatherInputs(source, [file])).fingerprint;
  const first = await read();
  assertEquals(await read(), first);
  await Deno.writeTextFile(file, "A=2\n");
  const second = await read();
  assertNotEquals(second, first);
  await Deno.writeTextFile(source, "x = 2\n");
  assertNotEquals(await read(), second);
  await Deno.remove(file);
  assertNotEquals(await read(), second);
});

Deno.test("a missing environment file is a mistake unless a dash allows it", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("a.hcl", "x = 1\n");
  const missing = directory.file("none.env");
  const strict = (await gatherInputs(source, [missing])).decode();
  assert(!strict.ok);
  assertEquals(strict.diagnostic.code, "source/not-found");
  const lenient = (await gatherInputs(source, [`-${missing}`])).decode();
  assert(lenient.ok);
  assertEquals([lenient.source.text, lenient.environmentFiles], ["x = 1\n", []]);
});

Deno.test("the source's own trouble is reported before that of an environment file", async () => {
  const inputs = (await gatherInputs("/nonexistent/a.hcl", ["/nonexistent/a.env"])).decode();
  assert(!inputs.ok);
  assertEquals(inputs.diagnostic.summary.includes("a.hcl"), true);
});

Deno.test("an environment file has at most 1 MiB", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("a.hcl", "x = 1\n");
  const file = await directory.write("a.env", "A=" + "x".repeat(1024 * 1024 - 3) + "\n");
  assert((await gatherInputs(source, [file])).decode().ok);
  await Deno.writeTextFile(file, "y", { append: true });
  const large = (await gatherInputs(source, [file])).decode();
  assert(!large.ok);
  assertEquals(large.diagnostic.code, "source/too-large");
});

Deno.test("the text of each file is handed on in order, with the path that it was read from", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("a.hcl", "x = 1\n");
  const files = [await directory.write("a.env", "A=1\n"), `-${await directory.write("b.env", "B=2\n")}`];
  const inputs = (await gatherInputs(source, files)).decode();
  assert(inputs.ok);
  assertEquals(inputs.environmentFiles.map(({ name, text }) => [name, text]), [
    [directory.file("a.env"), "A=1\n"],
    [directory.file("b.env"), "B=2\n"],
  ]);
  assertEquals(["-a", "a", "--a", "-"].map(environmentFilePath), ["a", "a", "-a", ""]);
});

Deno.test("each state of a file has its own fingerprint: missing, empty, not a file, in another place", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("a.env");
  const digest = async (written: string) => (await readEnvironmentFiles([written])).digest;
  const source = async () => (await gatherInputs(path, [])).fingerprint;
  const [missing, missingSource] = [await digest(path), await source()];
  await Deno.writeTextFile(path, "");
  const [empty, emptySource] = [await digest(path), await source()];
  await Deno.remove(path);
  await Deno.mkdir(path);
  const [kind, kindSource] = [await digest(path), await source()];
  assertEquals(new Set([missing, empty, kind]).size, 3);
  assertEquals(new Set([missingSource, emptySource, kindSource]).size, 3);
  assertEquals(await digest(`-${path}`), kind);
  assertNotEquals(await digest(directory.file("b.env")), missing);
});

Deno.test("of several files that cannot be read the first is reported, and a dash excuses only a missing one", async () => {
  await using directory = await temporaryDirectory();
  const [one, two] = [directory.file("one"), directory.file("two")];
  const reported = async (...written: string[]) => {
    const read = await readEnvironmentFiles(written);
    return read.ok ? null : [read.diagnostic.summary, isUnreachable(read.diagnostic)];
  };
  assertEquals(await reported(one, two), [`${one} does not exist`, true]);
  assertEquals(await reported(`-${one}`, two), [`${two} does not exist`, true]);
  assertEquals(await reported(`-${directory.path}`), [`${directory.path} is a directory, not a file`, true]);
  await Deno.writeFile(one, new Uint8Array([0xff]));
  assertEquals(await reported(`-${one}`), [`${one} is not valid UTF-8`, false]);
});
