// `honua-configd run --once`: one load for scripts and provisioning, whose outcome is the exit code.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import type { Daemon } from "../support/daemon.ts";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";
import { openReleaseHost } from "../support/release_host.ts";
import { sampleSource } from "../support/sample_source.ts";

async function once(host: EdgeHost, ...args: string[]) {
  await using daemon = host.start({ args: ["--once", ...args] });
  const { code } = await daemon.ended;
  return { code, output: daemon.output(), outcomes: daemon.outcomes() };
}

Deno.test("a valid source is in force when it ends, with 0, and a second time it writes nothing", async () => {
  await using host = await openEdgeHost();
  assertEquals((await once(host)).code, 0);
  assertEquals((await host.snapshot()).title, "first");
  const before = await host.mark();
  const { code, outcomes } = await once(host);
  assertEquals([code, outcomes], [0, ["unchanged"]]);
  assertEquals(await host.mark(), before);
});

Deno.test("an invalid source ends it with 1 and leaves the snapshot unchanged", async () => {
  await using host = await openEdgeHost();
  await once(host);
  const before = await host.mark();
  await host.put(sampleSource("second").replace("data_source.main", "data_source.other"));
  const { code, output } = await once(host);
  assertEquals(code, 1);
  assertStringIncludes(output, `${host.source}:19:`);
  assertEquals(await host.mark(), before);
});

Deno.test("a snapshot that cannot be written ends it with 3, without a retry", async () => {
  await using host = await openEdgeHost();
  await Deno.remove(`${host.directory}/snapshot`);
  const { code, outcomes, output } = await once(host);
  assertEquals([code, outcomes], [3, ["write-failed"]]);
  assert(!/willRetryInMilliseconds"?[:=]\d/.test(output), output);
});

Deno.test("of a source that is invalid and a snapshot that cannot be written, the latter counts", async () => {
  await using host = await openEdgeHost();
  await Deno.remove(`${host.directory}/snapshot`);
  await host.put("layer");
  const { code, output } = await once(host);
  assertEquals(code, 3);
  assertStringIncludes(
    output,
    `cannot write ${host.snapshotPath}: lock failed with ENOENT: the directory does not exist`,
  );
});

Deno.test("a source or an environment file that is not there ends it with 3", async () => {
  await using host = await openEdgeHost();
  const missing = await once(host, "--env-file", `${host.directory}/missing.env`);
  assertEquals(missing.code, 3);
  assertStringIncludes(missing.output, "missing.env does not exist");
  await Deno.remove(host.source);
  const { code, output } = await once(host);
  assertEquals(code, 3);
  assertStringIncludes(output, `${host.source} does not exist`);
});

Deno.test("a source that was rolled back, or is held, ends it with 1, and what is in force stays", async () => {
  await using host = await openReleaseHost();
  const daemon = await host.follow("first", { args: host.args });
  await host.edit("second");
  await host.hasSnapshot("second");
  await host.ends(0, "rollback", "--reason", "x");
  await host.hasSnapshot("first");
  const stop = async (running: Daemon) => {
    running.kill("SIGTERM");
    await running.ended;
  };
  await stop(daemon);
  const before = await host.mark();
  const skipped = await once(host);
  assertEquals([skipped.code, skipped.outcomes], [1, ["held"]]);
  assertStringIncludes(skipped.output, "a person rolled it back");

  const next = host.start({ args: host.args });
  await host.looked("held");
  await host.ends(0, "hold", "--until", "1h", "--reason", "x");
  await stop(next);
  await host.edit("third");
  const frozen = await once(host);
  assertEquals([frozen.code, frozen.outcomes], [1, ["held"]]);
  assertEquals(await host.mark(), before);
});
