import { assertEquals, assertStringIncludes } from "@std/assert";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";

async function once(host: EdgeHost, ...args: string[]) {
  await using daemon = host.start({ args: ["--once", ...args] });
  const { code } = await daemon.ended;
  return { code, output: daemon.output(), outcomes: daemon.outcomes() };
}

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
