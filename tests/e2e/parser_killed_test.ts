import { assertEquals } from "@std/assert";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";
import { childrenOf, isRunning } from "../support/process_tree.ts";

Deno.test("a parser that was killed between two edits is started again, and the next edit is no failed load", async () => {
  await using host = await openEdgeHost();
  const daemon = await host.follow("first");
  const [parser] = await childrenOf(daemon.pid);
  Deno.kill(parser!, "SIGKILL");
  await eventually("the parser is gone", async () => !await isRunning(parser!));
  await host.edit("second");
  await host.hasSnapshot("second");
  assertEquals(daemon.outcomes().filter((outcome) => outcome !== "activated" && outcome !== "unchanged"), []);
});
