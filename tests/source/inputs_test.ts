import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { gatherInputs } from "../../src/source/inputs.ts";
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

Deno.test("the source's own trouble is told before that of an environment file", async () => {
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
