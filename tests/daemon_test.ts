import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { type Daemon, startDaemon } from "../src/daemon.ts";
import { createLogger } from "../src/telemetry/log.ts";
import { readOptions } from "../src/options/option_reader.ts";
import { verifyInTurns } from "../src/snapshot/snapshot.ts";
import { eventually } from "./support/eventually.ts";
import { type TemporaryDirectory, temporaryDirectory } from "./support/temporary.ts";

const SOURCE = 'honua { version = "1.0" }\nvariable "title" = "first"\n';

interface Started extends AsyncDisposable {
  readonly daemon: Daemon;
  readonly lines: Record<string, unknown>[];
  snapshot(): Promise<Record<string, unknown>>;
}

/** A daemon in this process on `source.hcl` of a directory; `settings` are options as `Section:Key`. */
async function start(directory: TemporaryDirectory, settings: Record<string, string> = {}): Promise<Started> {
  const lines: Record<string, unknown>[] = [];
  const given = {
    "Snapshot:Path": directory.file("snapshot.json"),
    "Admin:Socket": "",
    "ConfigurationWatcher:DebounceMilliseconds": "10",
    "ConfigurationWatcher:PollSeconds": "1",
    ...settings,
  };
  const flags = Object.entries(given).map(([key, value]) => ({ flag: "--set", key, value }));
  const read = readOptions({ flags, environment: {}, file: null });
  assert(read.ok, JSON.stringify(read));
  const log = createLogger({
    format: "json",
    level: "debug",
    write: (line) => lines.push(JSON.parse(line)),
    terminal: false,
    colour: false,
  });
  const opened = await startDaemon({
    options: read.options,
    sourcePath: directory.file("source.hcl"),
    optionsPath: null,
    environment: { FROM_PROCESS: "process-value" },
    version: "0.0.0",
    once: false,
    log,
  });
  assert(opened.ok, JSON.stringify(opened));
  const { daemon } = opened;
  return {
    daemon,
    lines,
    async snapshot() {
      const verified = await verifyInTurns(await Deno.readFile(directory.file("snapshot.json")));
      assert(verified.ok);
      return { ...verified.config, $snapshot: verified.header };
    },
    [Symbol.asyncDispose]: () => daemon[Symbol.asyncDispose](),
  };
}

async function serve(daemon: Daemon): Promise<void> {
  const served = await daemon.serve();
  assert(served.ok, JSON.stringify(served));
}

function messages(lines: readonly Record<string, unknown>[], words: string): Record<string, unknown> | undefined {
  return lines.find((line) => String(line["msg"]).includes(words));
}

Deno.test("an edit becomes a snapshot, a bad one changes nothing, and its revert heals", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("source.hcl", SOURCE);
  await using started = await start(directory);
  const { daemon, lines, snapshot } = started;
  await serve(daemon);
  await eventually("the first snapshot", async () => (await snapshot())["variables"]);
  await Deno.writeTextFile(source, SOURCE.replace("first", "second"));
  await eventually("the edit", async () => JSON.stringify(await snapshot()).includes("second"));
  assertEquals(messages(lines, "Configuration reloaded successfully")!["outcome"], "activated");
  assert(messages(lines, `Configuration file changed: ${source}`));

  const before = await Deno.readTextFile(directory.file("snapshot.json"));
  await Deno.writeTextFile(source, SOURCE + "broken");
  await eventually("the rejection", () => messages(lines, "Failed to reload configuration: "));
  assertStringIncludes(String(messages(lines, "Failed to reload")!["msg"]), "source.hcl:3:");
  assertEquals(await Deno.readTextFile(directory.file("snapshot.json")), before);
  await Deno.writeTextFile(source, SOURCE.replace("first", "second"));
  await eventually("the healing", () => messages(lines, "valid again"));
  assertEquals(await Deno.readTextFile(directory.file("snapshot.json")), before);
});

Deno.test("a rotated secret changes the content and not the hash, without a restart", async () => {
  await using directory = await temporaryDirectory();
  await directory.write("source.hcl", SOURCE + 'variable "s" = "${env:SECRET}-${env:FROM_PROCESS}"\n');
  const file = await directory.write("secrets.env", "SECRET=first-secret\n");
  await using started = await start(directory, { "ConfigurationWatcher:EnvironmentFiles:0": file });
  const { daemon, lines, snapshot } = started;
  await serve(daemon);
  const first = await eventually("the first snapshot", snapshot);
  await Deno.writeTextFile(file, "SECRET=second-secret\nFROM_PROCESS=file-value\n");
  const second = await eventually("the second", async () => {
    const now = await snapshot();
    return JSON.stringify(now).includes("second-secret-file-value") ? now : null;
  });
  const [before, after] = [first, second].map((one) => one["$snapshot"] as Record<string, string>);
  assertEquals(before!["hash"], after!["hash"]);
  assertNotEquals(before!["contentHash"], after!["contentHash"]);
  await eventually("the line", () => lines.find((line) => line["change"] === "content"));
  assertEquals(JSON.stringify(lines).includes("secret-"), false);
});

Deno.test("without watching only a reload that was asked for looks", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("source.hcl", SOURCE);
  await using started = await start(directory, { "ConfigurationWatcher:EnableFileWatching": "false" });
  const { daemon, lines, snapshot } = started;
  await serve(daemon);
  await daemon.settled();
  assert(messages(lines, "File watching disabled") && !messages(lines, "File watching enabled"));
  await Deno.writeTextFile(source, SOURCE.replace("first", "second"));
  daemon.reload();
  assertEquals(await daemon.settled(), "in-force");
  assertStringIncludes(JSON.stringify(await snapshot()), "second");
  assertEquals(lines.filter((line) => line["outcome"] === "activated").length, 2);
  daemon.reload();
  await daemon.settled();
  assertEquals(lines.at(-1)!["msg"], "Configuration reloaded successfully: unchanged");
  assertEquals(lines.filter((line) => String(line["reasons"]).includes("file")), []);
});

Deno.test("a snapshot stays in force when the source is missing at start, and a deleted one is written again", async () => {
  await using directory = await temporaryDirectory();
  const source = await directory.write("source.hcl", SOURCE);
  {
    await using first = await start(directory);
    first.daemon.reload();
    assertEquals(await first.daemon.settled(), "in-force");
  }
  await Deno.remove(source);
  await using second = await start(directory);
  second.daemon.reload();
  assertEquals(await second.daemon.settled(), "failed");
  assert(messages(second.lines, "stays in force"));
  assert(await second.snapshot());
  await Deno.writeTextFile(source, SOURCE);
  await Deno.remove(directory.file("snapshot.json"));
  second.daemon.reload();
  assertEquals(await second.daemon.settled(), "in-force");
  assert(second.lines.some((line) => line["change"] === "restored"));
});

Deno.test("a damaged snapshot is set aside under a name that says so", async () => {
  await using directory = await temporaryDirectory();
  await directory.write("source.hcl", SOURCE);
  await directory.write("snapshot.json", '{"$snapshot": ');
  await using started = await start(directory);
  started.daemon.reload();
  assertEquals(await started.daemon.settled(), "in-force");
  const names = [...Deno.readDirSync(directory.path)].map((entry) => entry.name);
  assertEquals(names.filter((name) => name.startsWith("snapshot.json.damaged-")).length, 1);
  assert(messages(started.lines, "it was set aside"));
});

Deno.test("warnings are reported once, and again when they are others", async () => {
  await using directory = await temporaryDirectory();
  await directory.write("source.hcl", SOURCE);
  await using started = await start(directory);
  for (let time = 0; time < 3; time++) {
    started.daemon.reload();
    await started.daemon.settled();
  }
  const reported = () => started.lines.filter((line) => String(line["msg"]).includes("has warnings")).length;
  assertEquals(reported(), 1);
  await directory.write("source.hcl", SOURCE + "unknown = 1\n");
  started.daemon.reload();
  await started.daemon.settled();
  assertEquals(reported(), 2);
});

Deno.test("a snapshot that cannot be written is a failure that says what to do", async () => {
  await using directory = await temporaryDirectory();
  await directory.write("source.hcl", SOURCE);
  await using started = await start(directory, { "Snapshot:Path": directory.file("none/snapshot.json") });
  started.daemon.reload();
  assertEquals(await started.daemon.settled(), "failed");
  const line = messages(started.lines, "Failed to reload configuration: ")!;
  assertEquals(line["outcome"], "write-failed");
  assert(Number(line["willRetryInMilliseconds"]) > 0);
});

Deno.test("two daemons of one host that nobody named have names that differ, and stay over a restart", async () => {
  await using one = await temporaryDirectory();
  await using other = await temporaryDirectory();
  const clustered = { "HighAvailability:Enabled": "true", "HighAvailability:RedisConnectionString": "127.0.0.1:1" };
  const names: unknown[] = [];
  for (const directory of [one, other, one]) {
    await using started = await start(directory, clustered);
    names.push(messages(started.lines, "High Availability mode enabled")!["instance"]);
  }
  assertNotEquals(names[0], names[1]);
  assertEquals(names[2], names[0]);
  assert(names.every((name) => String(name).startsWith(`${Deno.hostname()}:`)), `${names}`);
});
