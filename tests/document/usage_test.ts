// What another process has used, as a program with every permission reads it and as the compiled one has to.
import { assert, assertEquals } from "@std/assert";
import { residentBytes, usageOf, watchUsage } from "../../src/document/usage.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("the resident memory of a process is known, and that of one that is gone is not", async () => {
  const own = await residentBytes(Deno.pid);
  assert(own !== null && own > 20 * MEBIBYTE, `${own}`);
  const gone = new Deno.Command("true").spawn();
  await gone.status;
  assertEquals(await residentBytes(gone.pid), null);
});

Deno.test("a program that may not open files of /proc knows it all the same", async () => {
  const module = new URL("../../src/document/usage.ts", import.meta.url).href;
  const script = `import { residentBytes } from ${JSON.stringify(module)};
    const opened = await Deno.readTextFile("/proc/self/status").then(() => true, () => false);
    console.log(JSON.stringify([opened, await residentBytes(${Deno.pid})]));`;
  const [opened, bytes] = await outputOf(script) as [boolean, number];
  assertEquals(opened, false);
  assert(bytes > 20 * MEBIBYTE, `${bytes}`);
});

Deno.test("what cannot be read is told apart from what the host did not tell in time", async () => {
  await using directory = await temporaryDirectory();
  const slow = directory.file("slow");
  await Deno.writeTextFile(slow, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
  const module = new URL("../../src/document/usage.ts", import.meta.url).href;
  const script = `import { readUsage } from ${JSON.stringify(module)};
    const readers = [["${slow}", 50], ["${slow}-is-missing", 3_000], ["false", 3_000]];
    const read = ([program, limitMilliseconds]) => readUsage(Deno.pid, { program, limitMilliseconds });
    console.log(JSON.stringify(await Promise.all(readers.map(read))));`;
  assertEquals(await outputOf(script), ["late", "cannot", "cannot"]);
});

Deno.test("processor time is that of all a process has done, and grows with it", async () => {
  const before = await usageOf(Deno.pid);
  assert(before !== null);
  for (let sum = 0, end = performance.now() + 100; performance.now() < end;) sum += Math.sqrt(sum + 1);
  const after = await usageOf(Deno.pid);
  assert(after !== null && after.processorMilliseconds > before.processorMilliseconds);
});

Deno.test("a watch tells again and again, and nothing once it has ended", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  let told = 0;
  const end = watchUsage(Deno.pid, (usage) => {
    assert(typeof usage !== "string" && usage.residentBytes > 20 * MEBIBYTE);
    if (++told === 3) resolve();
  });
  await promise;
  await end();
  await usageOf(Deno.pid);
  assertEquals(told, 3);
});

Deno.test("the end of a watch waits for the look that is under way", async () => {
  const [begun, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<"late">()];
  const end = watchUsage(Deno.pid, () => {}, () => {
    begun.resolve();
    return answer.promise;
  });
  await begun.promise;
  let isOver = false;
  const ended = end().then(() => isOver = true);
  await Promise.resolve();
  assertEquals(isOver, false);
  answer.resolve("late");
  await ended;
});

/** What a program prints as JSON that has not every permission, as the compiled one has not. */
async function outputOf(script: string): Promise<unknown> {
  const program = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-run", "--allow-sys=hostname", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Blob([script]).stream().pipeTo(program.stdin);
  return JSON.parse(new TextDecoder().decode((await program.output()).stdout));
}
