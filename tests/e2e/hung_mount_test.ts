// A file system that hangs under the source or the snapshot: only work that needs it waits.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openBindMount } from "../support/bind_mount.ts";
import { runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { temporaryDirectory } from "../support/temporary.ts";

Deno.test("while the file system of the snapshot or the source hangs the daemon answers, and stops when told", async (t) => {
  await using elsewhere = await temporaryDirectory();
  const socket = elsewhere.file("admin.sock");
  await using host = await openEdgeHost("conf/honua.hcl");
  const mounts = [await openBindMount(`${host.directory}/snapshot`), await openBindMount(`${host.directory}/conf`)];
  const [snapshot, source] = mounts;
  if (typeof snapshot === "string" || typeof source === "string") {
    const obstacle = mounts.find((mount) => typeof mount === "string");
    for (const mount of mounts) if (typeof mount === "object") await mount[Symbol.asyncDispose]();
    await t.step({ name: `ignored: ${obstacle}`, ignore: true, fn() {} });
    return;
  }
  try {
    const daemon = await host.follow("first", { args: ["--set", `Admin:Socket=${socket}`] });
    const answers = async (what: string) => {
      const { code, stdout } = await runCommand(["status", "--socket", socket]);
      assertStringIncludes(stdout, what);
      assert(code <= 1);
    };
    snapshot!.freeze();
    await host.edit("second");
    await daemon.logged("Configuration file changed");
    await answers("In force: ");
    snapshot!.thaw();
    await host.hasSnapshot("second");
    source!.freeze();
    daemon.kill("SIGHUP");
    await daemon.logged("SIGHUP received");
    await answers("In force: ");
    snapshot!.freeze();
    daemon.kill("SIGTERM");
    assertEquals((await daemon.ended).code, 0);
  } finally {
    for (const mount of [snapshot!, source!]) await mount[Symbol.asyncDispose]();
  }
});
