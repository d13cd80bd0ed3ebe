import { assertEquals, assertMatch } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";
import { failToCompile, outputOf, ROOT } from "./compile_runs.ts";

// Deno tries for ten seconds.
Deno.test("if denort cannot be fetched, one sentence has the advice, and a binary that is there stays", async () => {
  const before = await Deno.stat(`${ROOT}/dist/honua-configd`).catch(() => null);
  // All that was fetched before is in the cache but denort, and nothing can be fetched.
  await using cache = await temporaryDirectory();
  const { denoDir } = JSON.parse(await outputOf(Deno.execPath(), ["info", "--json"]));
  await Deno.mkdir(cache.file("dl"));
  for (const folder of ["", "dl/"]) {
    for await (const { name } of Deno.readDir(`${denoDir}/${folder}`)) {
      if (name !== "dl" && name !== "release") {
        await Deno.symlink(`${denoDir}/${folder}${name}`, cache.file(folder + name));
      }
    }
  }
  const closed = "http://127.0.0.1:9";
  assertMatch(
    await failToCompile({ DENO_DIR: cache.path, HTTPS_PROXY: closed, HTTP_PROXY: closed }, ["DENORT_BIN", "NO_PROXY"]),
    /^compile: denort could not be fetched: set DENORT_BIN to the path of the denort of Deno 2\.\d+\.\d+ for \S+\n$/,
  );
  assertEquals((await Deno.stat(`${ROOT}/dist/honua-configd`).catch(() => null))?.mtime, before?.mtime);
});
