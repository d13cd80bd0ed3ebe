// The preparations when the source changes, before it is read.
import { assert, assertEquals } from "@std/assert";
import type { EventRecorder } from "../../src/daemon/event_recorder.ts";
import { followFiles } from "../../src/daemon/file_follower.ts";
import { openBlockParser } from "../../src/document/hcl/block_parser.ts";
import { openParser } from "../../src/document/hcl/parser.ts";
import type { Logger } from "../../src/telemetry/log.ts";
import { checkOptions } from "../../src/options/option_schema.ts";
import { stubCommand } from "../support/stub_parser.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A parser that takes any text. */
const NO_OPERATION: unknown = new Proxy({}, { get: () => () => {} });

/** How many processes of the parser a change of a source starts. */
async function startsFor(name: string, debounceMilliseconds: number): Promise<number> {
  await using directory = await temporaryDirectory();
  const sourcePath = directory.file(name);
  await Deno.writeTextFile(sourcePath, "");
  const checked = checkOptions({ configurationWatcher: { debounceMilliseconds } });
  assert(checked.ok);
  const log = NO_OPERATION as Logger;
  await using parser = openParser(undefined, stubCommand("exec cat > /dev/null"));
  const { promise: hinted, resolve: hint } = Promise.withResolvers<unknown>();
  const tools = { recorder: NO_OPERATION as EventRecorder, parser: openBlockParser(parser), hint };
  const settings = {
    options: checked.options,
    sourcePath,
    optionsPath: null,
    environment: {},
    version: "",
    once: false,
  };
  await using _following = await followFiles({ ...settings, log }, tools);
  await Deno.writeTextFile(sourcePath, "{}\n");
  await hinted;
  return parser.work.starts;
}

Deno.test("a change of a source of HCL starts the parser ahead, and none of one that is read without it", async () => {
  assertEquals(await startsFor("honua.hcl", 50), 1);
  assertEquals(await startsFor("honua.json", 50), 0);
  assertEquals(await startsFor("honua.JSON", 50), 0);
  assertEquals(await startsFor("honua.hcl", 0), 0);
});
