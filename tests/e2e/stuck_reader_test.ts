// A log that nobody reads: the pipe behind standard error fills up, and the daemon must not care.
import { assertEquals } from "@std/assert";
import { programCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { SAMPLE_CONNECTION, sampleSource } from "../support/sample_source.ts";

/** More than a pipe holds (64 KiB, pipe(7)) is logged by this many reloads with long warnings. */
const RELOADS = 40;

Deno.test("a daemon with a stuck reader of its log reloads on, and stops on request", async () => {
  await using host = await openEdgeHost();
  const unknown = (reload: number) =>
    Array.from({ length: 20 }, (_, index) => `unknown_${"x".repeat(60)}_${reload}_${index} = 1\n`).join("");
  await host.put(sampleSource("first"));
  const process = programCommand([
    ...["run", "--config", host.source, "--snapshot", host.snapshotPath, "--log-format", "json"],
    ...["--set", "ConfigurationWatcher:DebounceMilliseconds=0", "--set", "Admin:Socket="],
  ], { env: { SAMPLE_CONNECTION } }).spawn();
  try {
    await host.hasSnapshot("first");
    for (let reload = 0; reload < RELOADS; reload++) {
      await host.put(sampleSource(`reload ${reload}`) + unknown(reload));
      await host.hasSnapshot(`reload ${reload}`);
    }
    process.kill("SIGTERM");
    const limit = setTimeout(() => process.kill("SIGKILL"), 5_000);
    const { code, signal } = await process.status;
    clearTimeout(limit);
    assertEquals([code, signal], [0, null]);
  } finally {
    await Promise.allSettled([process.stdin.close(), process.stdout.cancel(), process.stderr.cancel()]);
  }
});
