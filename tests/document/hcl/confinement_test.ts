import { assertEquals } from "@std/assert";

const ATTEMPTS = `
import { giveUpPermissions } from "${new URL("../../../src/document/hcl/hcl.ts", import.meta.url).href}";
giveUpPermissions();
const attempts = {
  read: () => Deno.readTextFileSync("/etc/hostname"),
  write: () => Deno.writeTextFileSync("/tmp/written-by-the-confined", ""),
  net: () => Deno.connect({ hostname: "127.0.0.1", port: 9 }),
  unix: () => Deno.connect({ transport: "unix", path: "/tmp/none.sock" }),
  env: () => Deno.env.get("PATH"),
  run: () => new Deno.Command("/bin/true").outputSync(),
  sys: () => Deno.hostname(),
  ffi: () => Deno.dlopen("libc.so.6", {}),
};
const outcomes = {};
for (const [name, attempt] of Object.entries(attempts)) {
  try {
    await attempt();
    outcomes[name] = "done";
  } catch (error) {
    outcomes[name] = error.name;
  }
}
outcomes.asked = Deno.permissions.requestSync({ name: "read" }).state;
console.log(JSON.stringify(outcomes));
`;

Deno.test("a process that gave its permissions up may do nothing, and is not given them when it asks", async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--quiet",
      "--allow-all",
      "--no-prompt",
      `data:application/javascript,${encodeURIComponent(ATTEMPTS)}`,
    ],
    stdin: "null",
  }).output();
  const { asked, ...outcomes } = JSON.parse(new TextDecoder().decode(stdout));
  assertEquals(asked, "denied");
  const names = ["read", "write", "net", "unix", "env", "run", "sys", "ffi"];
  assertEquals(outcomes, Object.fromEntries(names.map((name) => [name, "NotCapable"])));
});
