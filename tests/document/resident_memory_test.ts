// The memory of another process, as a program with every permission reads it and as the compiled one has to.
import { assert, assertEquals } from "@std/assert";
import { residentBytes, watchMemory } from "../../src/document/resident_memory.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("the resident memory of a process is known, and that of one that is gone is not", async () => {
  const own = await residentBytes(Deno.pid);
  assert(own !== null && own > 20 * MEBIBYTE, `${own}`);
  const gone = new Deno.Command("true").spawn();
  await gone.status;
  assertEquals(await residentBytes(gone.pid), null);
});

Deno.test("a program that may not open files of /proc knows it all the same", async () => {
  const module = new URL("../../src/document/resident_memory.ts", import.meta.url).href;
  const script = `import { residentBytes } from ${JSON.stringify(module)};
    const opened = await Deno.readTextFile("/proc/self/status").then(() => true, () => false);
    console.log(JSON.stringify([opened, await residentBytes(${Deno.pid})]));`;
  const program = new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "--allow-read", "--allow-run", "--allow-sys=hostname", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Blob([script]).stream().pipeTo(program.stdin);
  const [opened, bytes] = JSON.parse(new TextDecoder().decode((await program.output()).stdout));
  assertEquals(opened, false);
  assert(bytes > 20 * MEBIBYTE, `${bytes}`);
});

Deno.test("who has more than the limit is told of once, and nothing is told once the watch has ended", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const end = watchMemory(Deno.pid, MEBIBYTE, resolve);
  await promise;
  end();
  let told = false;
  watchMemory(Deno.pid, MEBIBYTE, () => told = true)();
  await residentBytes(Deno.pid);
  assertEquals(told, false);
});
