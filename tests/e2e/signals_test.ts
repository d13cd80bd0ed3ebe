// Signals to the whole program: SIGHUP reloads now, SIGTERM and SIGINT end it within two seconds in any state, and no
// process that it started outlives it.
import { assert, assertEquals } from "@std/assert";
import type { Daemon } from "../support/daemon.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { greedySource } from "../support/greedy_source.ts";
import { childrenOf, isRunning, userTicks } from "../support/process_tree.ts";

const STOP_LIMIT_MILLISECONDS = 2_000;

/** Resolves when the daemon's parser has been at work for a third of a second. */
async function busyParser(daemon: Daemon): Promise<number> {
  return await eventually("the parser is at work", async () => {
    const [pid] = await childrenOf(daemon.pid);
    return pid !== undefined && await userTicks(pid) > idleTicks + 30 ? pid : null;
  });
}

/** The most that a parser uses to start and to judge a sample: about a third of a second. */
const idleTicks = 60;

/** Sends signals, and resolves with how the daemon ended; one that takes longer than it may is an error. */
async function stop(daemon: Daemon, ...signals: Deno.Signal[]): Promise<Deno.CommandStatus> {
  for (const signal of signals) daemon.kill(signal);
  let limit: ReturnType<typeof setTimeout> | undefined;
  const overdue = new Promise<never>((_, reject) => {
    const error = new Error(`not ended within ${STOP_LIMIT_MILLISECONDS} ms of ${signals}`);
    limit = setTimeout(() => reject(error), STOP_LIMIT_MILLISECONDS);
  });
  try {
    return await Promise.race([daemon.ended, overdue]);
  } finally {
    clearTimeout(limit);
  }
}

Deno.test("SIGHUP reloads at once, and if watching is disabled nothing else does", async () => {
  await using host = await openEdgeHost();
  const daemon = host.start({ args: ["--set", "ConfigurationWatcher:EnableFileWatching=false"] });
  await daemon.logged("File watching disabled");
  await host.hasSnapshot("first");
  const before = await host.mark();
  await host.edit("second");
  await host.put("not = [closed");
  await host.edit("third");
  assertEquals(await host.mark(), before);
  daemon.kill("SIGHUP");
  await host.hasSnapshot("third");
  await daemon.logged(({ reasons }) => String(reasons) === "signal");
  assertEquals(daemon.outcomes(), ["activated", "activated"]);
});

Deno.test("SIGUSR1 and SIGUSR2 mean nothing, and do not end the daemon", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  daemon.kill("SIGUSR1");
  daemon.kill("SIGUSR2");
  await host.edit("second");
  await host.hasSnapshot("second");
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  Deno.test(`${signal} ends an idle daemon within two seconds and with exit code 0, and its parser with it`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const children = await childrenOf(daemon.pid);
    assertEquals((await stop(daemon, signal)).code, 0);
    await daemon.logged("Stopped");
    for (const child of children) assert(!await isRunning(child));
  });

  Deno.test(`${signal} in the middle of a parse that hangs ends the daemon within two seconds anyway`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const before = await host.mark();
    await host.put(greedySource(256 * 1024));
    const parser = await busyParser(daemon);
    assertEquals((await stop(daemon, signal)).code, 0);
    await eventually("the parser is gone", async () => !await isRunning(parser));
    assertEquals(await host.mark(), before);
  });
}

Deno.test("a second signal to stop ends the daemon at once, with exit code 0", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  await host.put(greedySource(256 * 1024));
  await busyParser(daemon);
  assertEquals((await stop(daemon, "SIGTERM", "SIGINT", "SIGTERM")).code, 0);
});

Deno.test("a stop at the very start, before the first load, ends with exit code 0 and leaves no half of anything", async () => {
  await using host = await openEdgeHost();
  const daemon = host.start();
  await daemon.logged("File watching enabled");
  assertEquals((await stop(daemon, "SIGTERM")).code, 0);
  const names = Array.from(Deno.readDirSync(`${host.directory}/snapshot`), ({ name }) => name);
  const whole =
    /^(config\.snapshot\.(json|honua)|\.(config\.snapshot\.(json|honua)|honua-configd\.state\.json)\.lock|history|journal\.jsonl)$/;
  assert(names.every((name) => whole.test(name)), names.join());
});

Deno.test("the parser of a daemon that was killed ends by itself", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const [parser] = await childrenOf(daemon.pid);
  assert(parser !== undefined && await isRunning(parser));
  daemon.kill("SIGKILL");
  await eventually("the parser is gone", async () => !await isRunning(parser));
});
