// The time that the leftovers of a command may take, by clocks that are stopped.
import { assertEquals } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "../../src/hooks/command.ts";
import { openLimit } from "../../src/hooks/ending.ts";
import { eventually } from "../support/eventually.ts";
import { isRunning } from "../support/process_tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";

Deno.test("a command is not started if its limit is over by then", async () => {
  const started: number[] = [];
  using limit = openLimit(600_000, AbortSignal.abort());
  const groups = { add: (id: number) => started.push(id), delete: () => true };
  const surroundings = { environment: () => undefined, mask: (text: string) => text, groups };
  assertEquals(await runCommand(["sh", "-c", "exit 0"], { PATH: "/usr/bin:/bin" }, limit, surroundings), {
    ok: false,
    reason: "was ended because the daemon stops",
    output: "",
  });
  assertEquals(started, []);
});

/** Keeps timers of half a second from ringing; the others ring. */
function heldTimers() {
  const { setTimeout } = globalThis;
  const held: (() => void)[] = [];
  globalThis.setTimeout = ((callback: () => void, milliseconds: number) => {
    if (milliseconds !== 500) return setTimeout(callback, milliseconds);
    held.push(callback);
    return setTimeout(() => {}, 1 << 30);
  }) as typeof setTimeout;
  return { held, [Symbol.dispose]: () => void (globalThis.setTimeout = setTimeout) };
}

Deno.test("output is waited for half a second behind a command's end, and no longer", async () => {
  for (const isInTime of [true, false]) {
    await using directory = await temporaryDirectory();
    const late = `until test -e ${directory.file("go")}; do sleep 0.01; done; echo late`;
    const signal = new AbortController().signal;
    const limit = { signal, stopping: signal, reason: () => "", [Symbol.dispose]: () => {} };
    const surroundings = { environment: () => undefined, mask: (text: string) => text };
    using timers = heldTimers();
    const ended = runCommand(["sh", "-c", `(${late}) & echo first`], { PATH: "/usr/bin:/bin" }, limit, surroundings);
    await eventually("output is waited for", () => timers.held.length === 1);
    if (isInTime) await directory.write("go", "");
    else timers.held[0]!();
    assertEquals(await ended, { ok: true, output: isInTime ? "first\nlate" : "first" });
  }
});

/** Stops `performance.now()` at a time, and counts the looks at /proc, so that a grace is tried without its time. */
function stoppedTime() {
  let now = 0;
  let looks = 0;
  const { readDir } = Deno;
  Object.defineProperty(performance, "now", { configurable: true, value: () => now });
  Deno.readDir = (path) => (looks++, readDir(path));
  const until = async (what: string, isTrue: () => boolean | Promise<boolean>) => {
    for (let times = 0; times < 1_000; times++) {
      if (await isTrue()) return;
      await delay(10);
    }
    throw new Error(`not in time: ${what}`);
  };
  return {
    until,
    set: (milliseconds: number) => void (now = milliseconds),
    async lookedAgain() {
      const before = looks;
      await until("looks at /proc", () => looks >= before + 3);
    },
    [Symbol.dispose]() {
      Reflect.deleteProperty(performance, "now");
      Deno.readDir = readDir;
    },
  };
}

Deno.test("a grace is two seconds at a command's limit, and half of one for its left processes and when the daemon stops", async () => {
  for (const [ends, grace] of [["at its limit", 2_000], ["by itself", 500], ["with the daemon", 500]] as const) {
    await using directory = await temporaryDirectory();
    const [pid, warned] = [directory.file("pid"), directory.file("warned")];
    const stubborn = `sh -c 'trap ": >${warned}" TERM; echo $$ >${pid}; while :; do sleep 0.02; done' >/dev/null 2>&1`;
    const script = ends === "by itself" ? `${stubborn} & until test -s ${pid}; do sleep 0.01; done` : stubborn;
    const [overdue, stopping] = [new AbortController(), new AbortController()];
    const limit = {
      signal: AbortSignal.any([overdue.signal, stopping.signal]),
      stopping: stopping.signal,
      reason: () => "",
      [Symbol.dispose]: () => {},
    };
    const surroundings = { environment: () => undefined, mask: (text: string) => text };
    using time = stoppedTime();
    const exists = (path: string) => Deno.stat(path).then(({ size }) => path === warned || size > 0, () => false);
    let isOver = false;
    const ended = runCommand(["sh", "-c", script], { PATH: "/usr/bin:/bin" }, limit, surroundings)
      .finally(() => isOver = true);
    await time.until("the process runs", () => exists(pid));
    if (ends === "at its limit") overdue.abort();
    if (ends === "with the daemon") stopping.abort();
    await time.until("it is asked to end", () => exists(warned));
    const process = Number(await Deno.readTextFile(pid));
    time.set(grace - 1);
    await time.lookedAgain();
    assertEquals([ends, await isRunning(process)], [ends, true]);
    time.set(grace);
    await time.until("the grace is over", () => isOver);
    await ended;
    assertEquals([ends, await isRunning(process)], [ends, false]);
  }
});
