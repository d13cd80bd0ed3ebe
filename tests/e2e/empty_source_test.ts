import { assertEquals } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { sampleSource } from "../support/sample_source.ts";

for (const text of ["", "\n", "# A comment alone.\n"]) {
  Deno.test(`a source truncated to ${JSON.stringify(text)} is a failed load, and the whole one is followed`, async () => {
    await using host = await openEdgeHost();
    const daemon = await host.follow("first");
    const before = await host.mark();
    const from = daemon.entries.length;
    await Deno.writeTextFile(host.source, text);
    const reported = await daemon.logged(({ outcome }) => outcome !== undefined, from);
    assertEquals(reported.outcome, "rejected");
    assertEquals(await host.mark(), before);
    await Deno.writeTextFile(host.source, sampleSource("second"));
    await host.hasSnapshot("second");
  });
}
