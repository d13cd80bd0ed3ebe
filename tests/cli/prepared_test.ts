// The checks that keep a daemon from being started with paths that cannot have their use.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { pathClash, requestedOptions, requestedSource } from "../../src/cli/prepared.ts";
import type { Diagnostic } from "../../src/diagnostic/diagnostic.ts";
import { temporaryDirectory } from "../support/temporary.ts";

interface Given {
  readonly file: unknown;
  readonly config?: string;
  readonly environment?: Readonly<Record<string, string>>;
}

/** The mistake in the paths of an options file, and the setting that named the source. */
async function clashOf({ file, config, environment = {} }: Given): Promise<[string, Diagnostic | null]> {
  await using directory = await temporaryDirectory();
  const optionsFile = await directory.write("appsettings.json", JSON.stringify(file));
  const request = { config: config ?? null, optionsFile, settings: [], set: [] };
  const read = await requestedOptions(request, environment);
  assert(read.ok, JSON.stringify(read));
  const source = await requestedSource(request.config, read.options, environment, []);
  assert(source.ok && source.path !== null);
  return [source.decidedBy, await pathClash(source, optionsFile, read.options)];
}

const SNAPSHOT = "/nonexistent/config.snapshot.json";

Deno.test("a source that is the daemon's own output is refused by any of its names, with advice", async () => {
  const snapshot = { Snapshot: { Path: SNAPSHOT } };
  const cases: readonly [string, Given][] = [
    ["Honua:ConfigurationV2:Path", { file: { ...snapshot, Honua: { ConfigurationV2: { Path: SNAPSHOT } } } }],
    ["Honua:ConfigPath", { file: { ...snapshot, Honua: { ConfigPath: "/nonexistent/x/../config.snapshot.json" } } }],
    ["HONUA_CONFIG_PATH", { file: snapshot, environment: { HONUA_CONFIG_PATH: SNAPSHOT } }],
  ];
  for (const [name, given] of cases) {
    const [decidedBy, clash] = await clashOf(given);
    assertEquals([decidedBy, clash?.severity, clash?.path], [name, "error", "Snapshot:Path"]);
    assertStringIncludes(clash!.why!, `${name} and Snapshot:Path name one file`);
    assertStringIncludes(clash!.suggestion!, "--config");
  }
  const [, clash] = await clashOf({ file: snapshot, config: SNAPSHOT });
  assertEquals(clash?.suggestion, "Name another file");
});

Deno.test("the advice of the refusal works: a source named by flag or variable beats the file", async () => {
  const file = { Snapshot: { Path: SNAPSHOT }, Honua: { ConfigurationV2: { Path: SNAPSHOT }, ConfigPath: SNAPSHOT } };
  assertEquals(await clashOf({ file, config: "/nonexistent/honua.hcl" }), ["--config", null]);
  const environment = { Honua__ConfigurationV2__Path: "/nonexistent/honua.hcl" };
  assertEquals(await clashOf({ file, environment }), ["Honua:ConfigurationV2:Path", null]);
});

Deno.test("a snapshot over an environment file is refused", async () => {
  const file = {
    Snapshot: { Path: "/nonexistent/a.json" },
    ConfigurationWatcher: { EnvironmentFiles: ["-/nonexistent/a.json"] },
  };
  const [, clash] = await clashOf({ file, config: "/nonexistent/honua.hcl" });
  assertEquals(clash?.summary, "Snapshot:Path names a file that is read: /nonexistent/a.json");
});

Deno.test("a server form over a file that is read, or over the snapshot, is refused", async () => {
  const config = "/nonexistent/honua.hcl";
  const clash = async (Snapshot: object, others = {}) => (await clashOf({ file: { Snapshot, ...others }, config }))[1];
  const read = await clash({ Path: SNAPSHOT, ServerPath: config });
  assertEquals([read?.severity, read?.path], ["error", "Snapshot:ServerPath"]);
  const environment = { ConfigurationWatcher: { EnvironmentFiles: ["/nonexistent/a.honua"] } };
  const over = await clash({ Path: SNAPSHOT, ServerPath: "/nonexistent/a.honua" }, environment);
  assertEquals(over?.summary, "Snapshot:ServerPath names a file that is read: /nonexistent/a.honua");
  const same = await clash({ Path: "/nonexistent/a.honua", ServerPath: "/nonexistent/b/../a.honua" });
  assertEquals(same?.summary, "Snapshot:ServerPath names the file of Snapshot:Path");
  assertEquals(await clash({ Path: SNAPSHOT, ServerPath: "" }), null);
  assertEquals(await clash({ Path: SNAPSHOT }), null);
});

Deno.test("no source is looked for if it is in the store, and none need be there if it may be", async () => {
  const found = async (from: string, config: string | null) => {
    const settings = [{ flag: "--set", key: "Source:From", value: from }];
    const enabled = [{ flag: "--set", key: "HighAvailability:Enabled", value: "true" }];
    const read = await requestedOptions(
      { config, optionsFile: null, settings: [...settings, ...enabled], set: [] },
      {},
    );
    assert(read.ok, JSON.stringify(read));
    const source = await requestedSource(config, read.options, {}, []);
    return source.ok ? source.path : source.diagnostic.code;
  };
  const named = "/nonexistent/honua.hcl";
  assertEquals([await found("store", named), await found("store", null)], [null, null]);
  assertEquals([await found("both", named), await found("both", null)], [named, null]);
  assertEquals([await found("file", named), await found("file", null)], [named, "options/no-source"]);
});
