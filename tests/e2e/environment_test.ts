// The environment that a source refers to: read again from its files at every load, so that a rotated secret needs no
// restart.
import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type EdgeHost, openEdgeHost, replaceFile } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";

function connectionOf(config: unknown): string | undefined {
  return (config as { dataSources?: { main?: { connection?: string } } }).dataSources?.main?.connection;
}

function hasConnection(host: EdgeHost, connection: string) {
  return eventually(`a snapshot with ${connection}`, async () => {
    const read = await host.snapshot();
    return connectionOf(read.config) === connection ? read : null;
  }, 30_000);
}

const none = { env: {} };

Deno.test("a secret rotated in an environment file makes another content of the same hash, without a restart", async () => {
  await using host = await openEdgeHost();
  const file = `${host.directory}/database.env`;
  await Deno.writeTextFile(file, "SAMPLE_CONNECTION='Host=a;Password=before'\n");
  const daemon = await host.follow("first", { ...none, args: ["--env-file", file] });
  const { header: before } = await hasConnection(host, "Host=a;Password=before");
  const from = daemon.entries.length;
  await replaceFile(file, "# rotated\nSAMPLE_CONNECTION='Host=a;Password=after'\n");
  const { header: after } = await hasConnection(host, "Host=a;Password=after");
  assertEquals(after.hash, before.hash);
  assertNotEquals(after.contentHash, before.contentHash);
  await daemon.logged(`Configuration file changed: ${file}`, from);
  assertEquals((await daemon.logged("Configuration reloaded successfully", from)).change, "content");
  assert(!daemon.output().includes("Password="));
});

Deno.test("an environment file beats the process's environment, and a later file an earlier one", async () => {
  await using host = await openEdgeHost();
  const [first, second] = [`${host.directory}/first.env`, `${host.directory}/second.env`];
  await Deno.writeTextFile(first, "");
  await Deno.writeTextFile(second, "");
  const files = [`--set=ConfigurationWatcher:EnvironmentFiles:0=${first}`, "--set"];
  const args = [...files, `ConfigurationWatcher:EnvironmentFiles:1=${second}`];
  await host.follow("first", { args, env: { SAMPLE_CONNECTION: "from=the process" } });
  await hasConnection(host, "from=the process");
  await replaceFile(first, 'SAMPLE_CONNECTION="from=the first"\n');
  await hasConnection(host, "from=the first");
  await replaceFile(second, 'SAMPLE_CONNECTION="from=the second"\n');
  await hasConnection(host, "from=the second");
  await replaceFile(second, "");
  await hasConnection(host, "from=the first");
});

Deno.test("a missing environment file fails the load and is named, and the load heals when it is there", async () => {
  await using host = await openEdgeHost();
  const file = `${host.directory}/missing.env`;
  const daemon = host.start({ ...none, args: ["--env-file", file] });
  const reported = await daemon.logged("Failed to reload configuration: ");
  assertStringIncludes(reported.msg, file);
  await replaceFile(file, "SAMPLE_CONNECTION=Host=late\n");
  await hasConnection(host, "Host=late");
});

Deno.test("an optional environment file may be missing, and counts from the moment when it is there", async () => {
  await using host = await openEdgeHost();
  const file = `${host.directory}/optional.env`;
  await host.follow("first", { args: ["--env-file", `-${file}`], env: { SAMPLE_CONNECTION: "Host=given" } });
  await hasConnection(host, "Host=given");
  await replaceFile(file, "SAMPLE_CONNECTION=Host=late\n");
  await hasConnection(host, "Host=late");
  await Deno.remove(file);
  await hasConnection(host, "Host=given");
});

Deno.test("a variable that is set nowhere is an error at the place that names it", async () => {
  await using host = await openEdgeHost();
  const daemon = host.start(none);
  const reported = await daemon.logged("Failed to reload configuration: ");
  assertStringIncludes(reported.msg, `${host.source}:9:`);
  assertStringIncludes(reported.msg, "SAMPLE_CONNECTION");
});
