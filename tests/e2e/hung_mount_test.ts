// A file system that hangs under the source or the snapshot: only work that needs it waits.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type BindMount, obstacleToBindMounts, openBindMount } from "../support/bind_mount.ts";
import { runCommand } from "../support/command.ts";
import { eventually } from "../support/eventually.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const NO_MOUNT = await obstacleToBindMounts();
if (NO_MOUNT !== null) console.log(`ignored: file systems that hang: ${NO_MOUNT}`);
const ignore = NO_MOUNT !== null;

/** Mounts of the host's directories for snapshot and source, given to `body`. */
async function withMounts(
  directory: string,
  body: (snapshot: BindMount, source: BindMount) => Promise<void>,
): Promise<void> {
  const mounts = [await openBindMount(`${directory}/snapshot`), await openBindMount(`${directory}/conf`)];
  const [snapshot, source] = mounts;
  try {
    assert(typeof snapshot === "object" && typeof source === "object", mounts.map(String).join(", "));
    await body(snapshot, source);
  } finally {
    for (const mount of mounts) if (typeof mount === "object") await mount[Symbol.asyncDispose]();
  }
}

/**
 * Waits for the last write of the release `number`. Opening and closing a file hold the process while a mount hangs,
 * which no program can prevent: a mount that freezes within a write is another case.
 */
async function writesEnd(directory: string, number: number): Promise<void> {
  const state = `${directory}/snapshot`;
  await eventually(`the last write of release ${number}`, async () => {
    const line = (await Deno.readTextFile(`${state}/journal.jsonl`).catch(() => "")).trim().split("\n").at(-1)!;
    const list = await Deno.readTextFile(`${state}/history/releases.json`).catch(() => "");
    const isWritten = line.includes(`"kind":"healthy","release":${number},`) && list.includes(`"number":${number},`);
    return isWritten && list.includes('"state":"healthy","changes"') && !await hasOpenFile(state);
  });
}

/** Whether a process has a file of the directory open, except its lock. */
async function hasOpenFile(directory: string): Promise<boolean> {
  for await (const { name } of Deno.readDir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const fds = await Array.fromAsync(Deno.readDir(`/proc/${name}/fd`)).catch(() => []);
    for (const { name: fd } of fds) {
      const target = await Deno.readLink(`/proc/${name}/fd/${fd}`).catch(() => "");
      if (target.startsWith(`${directory}/`) && !target.endsWith(".lock")) return true;
    }
  }
  return false;
}

Deno.test("while the file system of the snapshot or the source hangs the daemon answers, and stops on request", {
  ignore,
}, async () => {
  await using elsewhere = await temporaryDirectory();
  const socket = elsewhere.file("admin.sock");
  await using host = await openEdgeHost("conf/honua.hcl");
  await withMounts(host.directory, async (snapshot, source) => {
    const daemon = await host.follow("first", { args: ["--set", `Admin:Socket=${socket}`] });
    const answers = async (what: string) => {
      const { code, stdout } = await runCommand(["status", "--socket", socket]);
      assertStringIncludes(stdout, what);
      assert(code <= 1);
    };
    await writesEnd(host.directory, 1);
    snapshot.freeze();
    await host.edit("second");
    await daemon.logged("Configuration file changed");
    await answers("In force: ");
    snapshot.thaw();
    await host.hasSnapshot("second");
    await writesEnd(host.directory, 2);
    source.freeze();
    daemon.kill("SIGHUP");
    await daemon.logged("SIGHUP received");
    await answers("In force: ");
    snapshot.freeze();
    daemon.kill("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
  });
});

Deno.test(
  "a source and a token that hang before the start keep nobody from the socket, nor a hung socket from the stop",
  { ignore },
  async () => {
    await using host = await openEdgeHost("conf/honua.hcl");
    const token = `${host.directory}/conf/token`;
    const socket = `${host.directory}/snapshot/admin.sock`;
    await Deno.writeTextFile(token, "a-token-of-some-length\n", { mode: 0o600 });
    await withMounts(host.directory, async (snapshot, source) => {
      source.freeze();
      const settings = [`Admin:Socket=${socket}`, "Admin:Listen=127.0.0.1:0", `Admin:TokenFile=${token}`];
      const daemon = host.start({ args: settings.flatMap((setting) => ["--set", setting]) });
      await daemon.logged((entry) => entry.msg === "Admin interface answers" && entry.at === socket);
      source.thaw();
      await host.hasSnapshot("first");
      await daemon.logged((entry) => entry.msg === "Admin interface answers" && entry.at !== socket);
      await writesEnd(host.directory, 1);
      snapshot.freeze();
      daemon.kill("SIGTERM");
      assertEquals((await daemon.ended).code, 0);
    });
  },
);
