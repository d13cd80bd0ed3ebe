// What readers see while the snapshot and its server form are swapped, and what a killed writer leaves: real processes,
// real files.
import { assert, assertEquals } from "@std/assert";
import { verifyInTurns } from "../../src/snapshot/snapshot.ts";
import { openStore } from "../../src/snapshot/store.ts";
import { serverVersionAt, versionServerForm, versionSnapshot } from "./store_child.ts";
import { randomFrom } from "../support/random.ts";
import { namesIn, withDirectory } from "./temporary_directory.ts";

const swaps = 2000;
const readers = 4;
const kills = 50;

/** A child with its output as text; disposing of it kills it if it still runs. */
function startChild(args: string[], niceness = 0) {
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const script = new URL("./store_child.ts", import.meta.url).pathname;
  const process = new Deno.Command("nice", {
    args: ["-n", String(niceness), Deno.execPath(), "run", "-A", "--config", config, script, ...args],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  const output = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const stop = async (signal?: Deno.Signal) => {
    if (signal !== undefined) process.kill(signal);
    await process.stdin.close().catch(() => {}); // Fails where the child is gone already.
    let text = "";
    for (let read = await output.read(); !read.done; read = await output.read()) text += read.value;
    return { text, status: await process.status };
  };
  return {
    /** The next piece of output. */
    next: async () => (await output.read()).value ?? "",
    /** Ends its standard input, after a signal if one is given; resolves when it is gone, with the rest of its output. */
    stop,
    [Symbol.asyncDispose]: async () => {
      try {
        await stop("SIGKILL");
      } catch {
        // It has ended, as it does where the test passes.
      }
    },
  };
}

async function open(path: string, serverPath: string) {
  const opened = await openStore({ path, serverPath });
  assert(opened.ok);
  return opened;
}

Deno.test(`${readers} readers that re-read without pause over ${swaps} swaps see whole files only, no server form older than its snapshot`, async () => {
  await withDirectory(async (directory) => {
    const path = `${directory}/snapshot.json`;
    const serverPath = `${directory}/snapshot.honua`;
    const { store } = await open(path, serverPath);
    const write = async (version: number) => {
      const snapshot = await versionSnapshot(version);
      return await store.write(snapshot, { serverForm: await versionServerForm(version, snapshot) });
    };
    assert((await write(0)).ok);
    await using owner = new AsyncDisposableStack();
    // Niced, so that they leave the writer a processor: they get every instant that it waits.
    const children = Array.from({ length: readers }, () => owner.use(startChild(["read", path, serverPath], 19)));
    for (const child of children) assertEquals(await child.next(), "up\n");
    for (let version = 1; version <= swaps; version++) {
      const written = await write(version);
      assert(written.ok, `swap ${version}`);
    }
    for (const child of children) {
      const { text, status } = await child.stop();
      assertEquals(status.code, 0, "a reader saw a torn, missing or older file");
      assert(Number(text) > 1);
    }
    assert(await store.isInForce());
  });
});

Deno.test(`after kill -9 at ${kills} random instants both files are whole and nothing stale outlives the next start`, async () => {
  const seed = Number(Deno.env.get("HONUA_FUZZ_SEED") ?? Math.floor(Math.random() * 2 ** 31));
  console.log(`HONUA_FUZZ_SEED=${seed}`);
  const random = randomFrom(seed);
  await withDirectory(async (directory) => {
    const [path, serverPath] = [`${directory}/snapshot.json`, `${directory}/snapshot.honua`];
    let version = 0;
    let stale = 0;
    let pairs = 0;
    for (let kill = 0; kill < kills; kill++) {
      await using writer = startChild(["write", path, serverPath, String(version + 1)]);
      const first = await writer.next();
      await new Promise((resolve) => setTimeout(resolve, random.below(20))); // The random instant, not a wait.
      const { text } = await writer.stop("SIGKILL");
      const acknowledged = Number((first + text).trimEnd().split("\n").at(-1));
      const verification = await verifyInTurns(await Deno.readFile(path));
      assert(verification.ok, `torn after kill ${kill}`);
      version = Number(verification.config.version);
      assert(version >= acknowledged, `version ${acknowledged} was in force, then ${version}`);
      assertEquals(verification.header.contentHash, (await versionSnapshot(version)).contentHash);
      const serverVersion = await serverVersionAt(serverPath);
      assert(serverVersion === version || serverVersion === version + 1, `${serverVersion} beside ${version}`);
      const opened = await open(path, serverPath);
      stale += opened.stale.removed.length;
      assertEquals(namesIn(directory), ["snapshot.honua", "snapshot.json"]);
      const isPair = serverVersion === version;
      pairs += Number(isPair);
      assertEquals(await opened.store.isInForce(), isPair);
    }
    console.log(`kills: ${kills - pairs} of ${kills} fell between the two renames`);
    assert(stale > 0, "no kill fell into a write");
  });
});
