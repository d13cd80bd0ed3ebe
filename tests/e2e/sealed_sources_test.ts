// Sealed sources with real daemons: no literal of a source is legible in the history or in Redis. A key is replaced
// while they run, and a host without the key says which one it is.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Buffer } from "node:buffer";
import { zstdDecompressSync } from "node:zlib";
import { sealedParts } from "../../src/releases/sealed_text.ts";
import { eventually } from "../support/eventually.ts";
import { CHANNEL, type FleetInstance, openFleet } from "../support/fleet.ts";
import { openReleaseHost } from "../support/release_host.ts";
import { sampleSource } from "../support/sample_source.ts";
import { runRecorded } from "../support/recording_terminal.ts";

/** Adds a key, and returns its id. */
async function addKey(path: string): Promise<string> {
  const { code, out, error } = await runRecorded(["key", "add", path]);
  assertEquals([code, error], [0, ""]);
  return out.trim();
}

/** Keeps only the lines of these keys. */
async function keepKeys(path: string, ...ids: string[]): Promise<void> {
  const lines = (await Deno.readTextFile(path)).split("\n");
  await Deno.writeTextFile(path, lines.filter((line) => ids.some((id) => line.startsWith(`${id} `))).join("\n"));
}

/** Whether the bytes have the text, also after compression. */
function isLegible(bytes: Uint8Array, text: string): boolean {
  if (Buffer.from(bytes).includes(text)) return true;
  try {
    return zstdDecompressSync(bytes).includes(text);
  } catch {
    return false;
  }
}

Deno.test("the history is sealed, a new key takes over without a restart, and a missing one is named", async () => {
  await using host = await openReleaseHost();
  const keyFile = host.path("keys");
  const history = `${host.state}/history`;
  const texts = () => [...Deno.readDirSync(history)].map(({ name }) => name).filter((name) => name.endsWith(".zst"));
  const keysOf = () => new Set(texts().map((name) => sealedParts(Deno.readFileSync(`${history}/${name}`))?.id));
  const plain = host.start({ args: host.args });
  await host.hasSnapshot("first");
  assert(isLegible(Deno.readFileSync(`${history}/${texts()[0]}`), "first"));
  plain.kill("SIGTERM");
  await plain.ended;

  const old = await addKey(keyFile);
  const daemon = host.start({ args: [...host.args, "--set", `Store:KeyFile=${keyFile}`] });
  // The text from before the key ring is sealed, too.
  await daemon.logged("Sources of the history were sealed again, with the newest key");
  for (const title of ["second", "third"]) {
    await host.edit(title);
    await host.hasSnapshot(title);
  }
  assertEquals([texts().length, [...keysOf()]], [3, [old]]);
  for (const name of texts()) {
    for (const title of ["first", "second", "third"]) {
      assert(!isLegible(Deno.readFileSync(`${history}/${name}`), title), `${name} shows ${title}`);
    }
  }

  const young = await addKey(keyFile);
  await host.ends(0, "reload");
  await eventually("all texts have the new key", () => Promise.resolve([...keysOf()].join() === young));
  await keepKeys(keyFile, young);
  assertEquals(await host.ends(0, "show", "1"), sampleSource("first"));

  // A ring that lost its keys: the running release stays, and its text is kept again with the present key.
  await Deno.remove(keyFile);
  const other = await addKey(keyFile);
  const missing = `the key ${young} is missing in ${keyFile}`;
  assertStringIncludes(await host.ends(3, "show", "1"), missing);
  assertStringIncludes(await host.ends(1, "rollback", "1", "--reason", "x"), missing);
  await host.ends(0, "reload");
  await daemon.logged(({ msg }) => msg.includes(missing));
  await eventually("the running text has the key that there is", () => Promise.resolve(keysOf().has(other)));
  await host.hasSnapshot("third");
  assertEquals(await host.ends(0, "show", "3"), sampleSource("third"));
});

Deno.test("a source in Redis is sealed, and a host that lacks the key names it and follows when it has it", async () => {
  await using fleet = await openFleet({ count: 3, sourceName: "honua.json" });
  const { instances } = fleet;
  const [one, two, late] = instances as [FleetInstance, FleetInstance, FleetInstance];
  const [ring, ringOfTwo, ringOfLate] = instances.map(({ directory }) => `${directory}/keys`) as [
    string,
    string,
    string,
  ];
  const id = await addKey(ring);
  await Deno.copyFile(ring, ringOfTwo);
  await addKey(ringOfLate);
  const start = (instance: FleetInstance) =>
    instance.start({ settings: { "Store:KeyFile": `${instance.directory}/keys` } });
  instances.forEach(start);
  const hash = await fleet.agrees("first", 1);
  await Promise.all(instances.map((instance) => instance.edit("bad")));
  await fleet.agrees("bad", 2);
  await late.stop();
  await Deno.remove(`${late.directory}/history`, { recursive: true });
  const headers = { "Content-Type": "application/json" };
  const body = JSON.stringify({ reason: "tiles are empty", author: "anna" });
  assertEquals((await one.admin("/admin/rollback", { method: "POST", headers, body })).status, 200);
  await fleet.agrees("first", 3, [one, two]);

  const key = `{${CHANNEL}}:source:${hash}`;
  const script = "return redis.call('get', KEYS[1]):gsub('.', function(c) return string.format('%02x', c:byte()) end)";
  const stored = Buffer.from((await fleet.redis.cli("eval", script, "1", key)).trim(), "hex");
  assertEquals(sealedParts(new Uint8Array(stored.subarray(1)))?.id, id);
  assert(!isLegible(stored.subarray(1), "first"));

  start(late);
  await late.daemon.logged(({ msg }) => msg.includes(`the key ${id} is missing in ${ringOfLate}`));
  await late.runs("bad");
  await Deno.copyFile(ring, ringOfLate);
  await fleet.agrees("first", 3);
});
