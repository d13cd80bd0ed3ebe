// One appsettings.json for a Honua server and the daemon: the server's settings are ignored, which only the level debug
// reports.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

const LINE = "Settings of other programs in the options file are ignored";

Deno.test("a server's options file starts the daemon, and one line at debug lists the ignored settings", async () => {
  await using host = await openEdgeHost();
  const optionsFile = `${host.directory}/appsettings.json`;
  const options = {
    AllowedHosts: "*",
    Serilog: { MinimumLevel: "Information" },
    Honua: { ConfigPath: host.source },
    honua: { odata: { enabled: true } },
    Snapshot: { Path: host.snapshotPath },
  };
  await Deno.writeTextFile(optionsFile, `\ufeff${JSON.stringify(options)}`);
  const once = async (level: string) => {
    const args = ["run", "--once", "--options", optionsFile, "--log-level", level];
    const { code, stderr } = await runCommand(args, { env: { SAMPLE_CONNECTION } });
    assertEquals(code, 0, stderr);
    return stderr.split("\n");
  };
  assertEquals((await once("information")).filter((line) => line.includes(LINE)), []);
  const lines = await once("debug");
  const [said, ...more] = lines.filter((line) => line.includes(LINE));
  assertEquals(more, []);
  assertStringIncludes(said!, '["AllowedHosts","Serilog","Honua:odata"]');
  assertStringIncludes(lines.find((line) => line.includes(" started"))!, "Honua:ConfigPath");
});
