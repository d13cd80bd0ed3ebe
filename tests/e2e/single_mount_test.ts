// A source that is mounted by itself, as a container's volume of one file is: a file that replaces it outside is never
// seen.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCommand } from "../support/command.ts";
import { openEdgeHost } from "../support/edge_host.ts";
import { eventually } from "../support/eventually.ts";

Deno.test("a source that is mounted by itself is warned of, and an edit outside is reported not to be seen", async () => {
  const { success, stderr } = await new Deno.Command("unshare", { args: ["--mount", "true"] }).output();
  if (!success) return console.log(`not tried: ${new TextDecoder().decode(stderr).trim()}`);
  await using host = await openEdgeHost();
  const inside = `${host.directory}/inside.hcl`;
  const socket = `${host.directory}/admin.sock`;
  await Deno.writeTextFile(inside, "");
  const script = 'mount --bind "$1" "$2" && shift 2 && exec "$@"';
  const wrapper = ["unshare", "--mount", "sh", "-c", script, "sh", host.source, inside];
  const args = ["--config", inside, "--set", `Admin:Socket=${socket}`, "--set", "ConfigurationWatcher:PollSeconds=1"];
  const daemon = await host.follow("first", { args, wrapper });
  const advice = "Mount its directory in place of the file";
  await daemon.logged(`${inside} is mounted as a single file: a file that replaces it is not seen: ${advice}`);
  const ask = (command: string) => runCommand([command, "--socket", socket]);
  const reloaded = await ask("reload");
  assertEquals(reloaded.code, 0);
  assertStringIncludes(reloaded.stderr, `Warning: ${inside} is mounted as a single file`);
  const before = await ask("status");
  assertEquals(before.code, 0);
  assertStringIncludes(before.stdout, `Warning      ${inside} is mounted as a single file`);
  await host.edit("second");
  const replaced = `${inside} was replaced or removed outside, and this mount still has the old file`;
  await daemon.logged(replaced);
  const after = await eventually("status says it", async () => {
    const asked = await ask("status");
    return asked.code === 1 ? asked : null;
  });
  assertStringIncludes(after.stdout, replaced);
  assertEquals((await host.snapshot()).title, "first");
});
