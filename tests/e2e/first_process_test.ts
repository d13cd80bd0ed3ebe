// The daemon as the first process of a container, which nothing but its own children is collected in.
import { assert } from "@std/assert";
import { startDaemon } from "../support/daemon.ts";
import { openHookHost } from "../support/hook_host.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

const wrapper = ["unshare", "--pid", "--fork", "--kill-child", "--mount-proc", "--"];
const { success } = await new Deno.Command(wrapper[0]!, { args: [...wrapper.slice(1), "true"], stderr: "null" })
  .output()
  .catch(() => ({ success: false }));
if (!success) console.log("ignored, for no namespace of processes can be made here: the daemon as the first process");

Deno.test("a first process warns of zombies if it has hooks, and waits for none", { ignore: !success }, async () => {
  await using host = await openHookHost();
  await host.edit("first");
  // The process in the background ends before its parent, which does not collect it.
  const script = "sleep 0.05 >/dev/null 2>&1 & exec sleep 0.3";
  const { args = [] } = await host.withHooks([host.command("starter", script)]);
  const places = ["--config", host.source, "--snapshot", host.snapshotPath];
  const daemon = startDaemon([...places, ...args], { env: { SAMPLE_CONNECTION }, wrapper });
  try {
    await daemon.logged("Processes that hooks leave behind will be zombies");
    await daemon.logged("Hook starter succeeded");
    assert(!daemon.entries.some(({ msg }) => msg.includes("ended with it")));
  } finally {
    daemon.kill("SIGKILL");
    await daemon.ended;
  }
});
