// The daemon's main promise: a valid edit becomes the snapshot, an invalid one changes nothing and is reported.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { openSampleCompiler, sampleSource } from "../support/sample_source.ts";

Deno.test("an edit becomes a snapshot, and the log says so in the words that operators look for", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  assertEquals((await daemon.logged("File watching enabled")).path, host.source);
  const from = daemon.entries.length;
  await host.edit("second");
  const { header } = await host.hasSnapshot("second");
  await using compiler = openSampleCompiler();
  const expected = await compiler.snapshotOf(host.source, sampleSource("second"));
  assertEquals([header.hash, header.contentHash], [expected.hash, expected.contentHash]);
  assertEquals(await Deno.readFile(host.snapshotPath), expected.bytes);
  await daemon.logged(`Configuration file changed: ${host.source}`, from);
  const reported = await daemon.logged("Configuration reloaded successfully", from);
  assertEquals([reported.outcome, reported.hash, reported.changed], ["activated", header.hash, "layers ~1"]);
  assert(Number(reported.durationMilliseconds) > 0);
  assertEquals((await Deno.stat(host.snapshotPath)).mode! & 0o7777, 0o640);
});

Deno.test("an invalid edit leaves the snapshot as it is and is reported with its place; its revert heals", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const before = await host.mark();
  const broken = [
    ['table       = "roads"', 'table       = "roads'],
    ["max_page_size = 500", "max_page_size = 0"],
    ["data_source.main", "data_source.other"],
    ["SAMPLE_CONNECTION", "SAMPLE_MISSING"],
  ] as const;
  for (const [good, bad] of broken) {
    const from = daemon.entries.length;
    const text = sampleSource("first").replace(good, bad);
    await host.put(text);
    // A rejection is logged again at a lower level if one edit came as two events.
    const reported = await daemon.logged(({ level, outcome }) => level === "warning" && outcome !== undefined, from);
    assertEquals(reported.outcome, "rejected", bad);
    assertMatch(reported.msg, /^Failed to reload configuration: /, bad);
    const line = text.slice(0, text.indexOf(bad)).split("\n").length;
    assertStringIncludes(reported.msg, ` ${host.source}:${line}:`, bad);
    assertMatch(reported.msg, /:\d+:\d+: error: .+ \[[a-z]+\/[a-z-]+\]/, bad);
    assertEquals(await host.mark(), before, bad);
  }
  const from = daemon.entries.length;
  await host.edit("first");
  const healed = await daemon.logged("Configuration reloaded successfully: valid again, and unchanged", from);
  assertEquals([healed.level, healed.outcome, healed.healed], ["information", "unchanged", "rejected"]);
  assertEquals(await host.mark(), before);
  await host.edit("second");
  await host.hasSnapshot("second");
});

Deno.test("an edit of comments, white space and order writes nothing, and SIGHUP reports that all is unchanged", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const before = await host.mark();
  const [opening, ...blocks] = sampleSource("first").split(/\n\n(?=\S)/);
  const texts = [
    `# Another comment.\n${sampleSource("first")}`,
    sampleSource("first").replaceAll("\n", "\r\n"),
    [...blocks.reverse(), opening].join("\n\n").replaceAll("  ", "\t"),
  ];
  for (const text of texts) {
    const from = daemon.entries.length;
    await host.put(text);
    await daemon.logged("Configuration file changed", from);
    daemon.kill("SIGHUP");
    const reported = await daemon.logged(({ reasons }) => String(reasons).includes("signal"), from);
    assertEquals([reported.level, reported.msg, reported.outcome], [
      "information",
      "Configuration reloaded successfully: unchanged",
      "unchanged",
    ]);
    assertEquals(await host.mark(), before);
  }
});
