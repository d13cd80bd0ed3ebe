// Servers that take a change up by a restart, without an outage: two of them behind a balancer, under load.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { openBalancedServers } from "../support/balanced_servers.ts";
import { NGINX } from "../support/balancer.ts";
import { openHookHost } from "../support/hook_host.ts";

if (NGINX === undefined) console.error("nginx is not installed, so the tests with a real balancer are ignored");

Deno.test({
  name: "no request fails while each edit restarts two servers, one after the other",
  ignore: NGINX === undefined,
  fn: async () => {
    await using servers = await openBalancedServers(true);
    for (const title of ["second", "third"]) await servers.edit(title);
    assertEquals(servers.load.failed, []);
    assert(servers.load.answered > 0);
  },
});

Deno.test({
  name: "requests fail if nothing waits until the first server is ready",
  ignore: NGINX === undefined,
  fn: async () => {
    await using servers = await openBalancedServers(false);
    await servers.edit("second");
    assert(servers.load.failed.length > 0);
  },
});

Deno.test("a server that does not become ready leaves the one behind it unchanged, until an edit cures it", async () => {
  await using host = await openHookHost();
  const isReady = ["sh", "-c", `grep -q '"title": *"second"' ${host.snapshotPath} && exit 7; exit 0`];
  const hooks = ["a", "b"].map((name) => ({
    ...host.command(name),
    ready: { command: isReady, timeoutSeconds: 1 },
    retry: { attempts: 1 },
  }));
  const daemon = await host.follow("first", await host.withHooks(hooks));
  await daemon.logged("Hook b succeeded");
  await host.edit("second");
  const failed = await daemon.logged("Hook a failed");
  assertEquals(failed.msg, "Hook a failed: was not ready within 1 s: exited with 7");
  assertEquals(failed.notRun, ["b"]);
  await daemon.logged(({ msg, failures }) => msg.startsWith("Hook a failed") && failures === 2);
  const status = await host.ask("status");
  assertEquals(status.code, 1);
  assertStringIncludes(status.stdout, "b (activated): not run, because hook a failed, succeeded");
  const before = daemon.entries.length;
  await host.edit("third");
  await daemon.logged("Hook b succeeded", before);
  const names = (await host.runs()).map((line) => line.split(" ")[0]);
  assertEquals(names, ["a", "b", "a", "a", "a", "b"]);
});
