// The usage of another process, as a program with every permission reads it and as the compiled one has to.
import { assert, assertEquals } from "@std/assert";
import { readUsage, residentBytes, usageOf, watchUsage } from "../../../src/document/hcl/usage.ts";
import { withFakeTimeouts } from "../../support/fake_clock.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const MEBIBYTE = 1024 * 1024;

Deno.test("the resident memory of a process is known, and that of one that is gone is not", async () => {
  const own = await residentBytes(Deno.pid);
  assert(own !== null && own > 20 * MEBIBYTE, `${own}`);
  const gone = new Deno.Command("true").spawn();
  await gone.status;
  assertEquals(await residentBytes(gone.pid), null);
});

Deno.test("a program that may not open files of /proc knows it anyway", async () => {
  const module = new URL("../../../src/document/hcl/usage.ts", import.meta.url).href;
  const script = `import { residentBytes } from ${JSON.stringify(module)};
    const opened = await Deno.readTextFile("/proc/self/status").then(() => true, () => false);
    console.log(JSON.stringify([opened, await residentBytes(${Deno.pid})]));`;
  const [opened, bytes] = await outputOf(script) as [boolean, number];
  assertEquals(opened, false);
  assert(bytes > 20 * MEBIBYTE, `${bytes}`);
});

Deno.test("usage that cannot be read differs from usage that the host did not report in time", async () => {
  await using directory = await temporaryDirectory();
  const slow = directory.file("slow");
  await Deno.writeTextFile(slow, "#!/bin/sh\nexec sleep 1000\n", { mode: 0o755 });
  const module = new URL("../../../src/document/hcl/usage.ts", import.meta.url).href;
  const script = `import { readUsage } from ${JSON.stringify(module)};
    const readers = [["${slow}", 50], ["${slow}-is-missing", 3_000], ["false", 3_000]];
    const read = ([program, limitMilliseconds]) => readUsage(Deno.pid, { program, limitMilliseconds });
    console.log(JSON.stringify(await Promise.all(readers.map(read))));`;
  assertEquals(await outputOf(script), ["late", "cannot", "cannot"]);
  // With every permission no program is asked, also for a process that is gone.
  const gone = new Deno.Command("true").spawn();
  await gone.status;
  assertEquals(await readUsage(gone.pid, { program: slow, limitMilliseconds: 50 }), "cannot");
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
  let reported = 0;
  const end = watchUsage(Deno.pid, (usage) => {
    assert(typeof usage !== "string" && usage.residentBytes > 20 * MEBIBYTE);
    if (++reported === 3) resolve();
  });
  await promise;
  await end();
  await usageOf(Deno.pid);
  assertEquals(reported, 3);
});

Deno.test("the end of a watch waits for the look that is under way, which tells nothing any more", async () => {
  const [begun, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<"late">()];
  let reported = 0;
  const end = watchUsage(Deno.pid, () => void reported++, () => {
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
  assertEquals(reported, 0);
});

/** The JSON output of a program without every permission, like the compiled one. */
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

/** The usage read from files of /proc with such texts. */
async function readingOf(stat: string, status: string): Promise<unknown> {
  const { readTextFile } = Deno;
  Deno.readTextFile = (path) => Promise.resolve(String(path).endsWith("/stat") ? stat : status);
  try {
    return await readUsage(7);
  } finally {
    Deno.readTextFile = readTextFile;
  }
}

Deno.test("a tick is ten milliseconds, user and kernel together, and a kB of the kernel's 1024 bytes", async () => {
  const stat = (name: string) => `7 (${name}) S 1 2 3 0 -1 4194304 5 6 7 8 150 50 9 10 20 0 1 0 99 1000 2000\n`;
  const status = "Name:\tx\nVmHWM:\t   9999 kB\nVmRSS:\t    2048 kB\nRssAnon:\t 1 kB\n";
  for (const name of ["x", "a) b", "(", ") S 1 2 3 4 5", "a\nb"]) {
    assertEquals(await readingOf(stat(name), status), { residentBytes: 2 * MEBIBYTE, processorMilliseconds: 2_000 });
  }
  // A zombie has no memory; and a text that is no number is none.
  const sizes = ["xVmRSS:\t 1 kB", "VmRSS:\t 1 kBx", "VmRSS:\t x kB", "VmRSS:\t kB", "VmRSS:1 kB", "VmRSS:\t 1kB"];
  for (const other of ["Name:\tx\n", ...sizes.map((size) => `${size}\n`)]) {
    assertEquals(await readingOf(stat("x"), other), "cannot");
  }
  const fields = ["", "2 3 0 -1 4 5 6 7 8  50 9", "2 3 0 -1 4 5 6 7 8 150  9", " 3 0 -1 4 5 6 7 8 150 50 9"];
  for (const some of fields) assertEquals(await readingOf(`7 (x) S 1 ${some}\n`, status), "cannot", some);
});

Deno.test("a process is looked at every 10 ms, and every 50 ms if each look costs a process", async () => {
  const { openSync } = Deno;
  const cases = [
    [openSync, 10],
    [refusing(new Deno.errors.NotFound()), 10],
    [refusing(new Deno.errors.NotCapable()), 50],
  ] as const;
  for (const [open, milliseconds] of cases) {
    await withFakeTimeouts(async (timers) => {
      Deno.openSync = open;
      const reported: unknown[] = [];
      const end = watchUsage(Deno.pid, (usage) => reported.push(usage), () => Promise.resolve("late"));
      Deno.openSync = openSync;
      for (const times of [1, 2, 3]) {
        await timers.tickAsync(milliseconds - 1);
        assertEquals(reported.length, times - 1);
        await timers.tickAsync(1);
        assertEquals(reported.length, times);
      }
      await end();
      assertEquals(timers.countTimers(), 0);
    });
  }
});

Deno.test("a watch that is ended by its own report reports nothing more", async () => {
  await withFakeTimeouts(async (timers) => {
    let [looks, reported] = [0, 0];
    const look = () => {
      looks++;
      return Promise.resolve("cannot" as const);
    };
    const end = watchUsage(Deno.pid, () => void (reported++, end()), look);
    await timers.tickAsync(1_000);
    assertEquals([looks, reported, timers.countTimers()], [1, 1, 0]);
  });
});

function refusing(error: Error): typeof Deno.openSync {
  return () => {
    throw error;
  };
}
