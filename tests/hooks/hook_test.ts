import { assertEquals } from "@std/assert";
import { temporaryDirectory } from "../support/temporary.ts";
import { run, runningInGroup, runShell } from "./sample_hook.ts";

const INTERNAL = { ok: false, reason: "could not be carried out: an internal error" } as const;

function broken(): never {
  throw new Error("broken");
}

Deno.test("a bug is an ending too, and leaves nothing running", async () => {
  await using directory = await temporaryDirectory();
  const ending = await runShell(`echo $$ >${directory.path}/pid; sleep 600 &`, { surroundings: { mask: broken } });
  assertEquals(ending, { ...INTERNAL, output: "broken" });
  assertEquals(await runningInGroup(Number(await Deno.readTextFile(directory.file("pid")))), []);
  assertEquals(await runShell("true", { surroundings: { environment: broken } }), { ...INTERNAL, output: "broken" });
});

Deno.test("no action is begun if the daemon stops already", async () => {
  const signal = AbortSignal.abort();
  const stopped = { ok: false, reason: "was ended because the daemon stops", output: "" } as const;
  for (
    const action of [
      { kind: "command", command: ["/nowhere"] },
      { kind: "http", method: "GET", url: "http://127.0.0.1:1/", headers: {}, headerFiles: {} },
      { kind: "signal", signal: "SIGHUP", pidFile: "/nowhere" },
      { kind: "systemd-unit", unit: "nowhere.service", does: "restart" },
    ] as const
  ) assertEquals(await run(action, { signal }), stopped);
});

Deno.test("several hooks run beside each other, each with its own time", async () => {
  const [slow, quick] = await Promise.all([
    runShell("echo slow; sleep 600", { timeoutMilliseconds: 1_000 }),
    runShell("echo quick", { timeoutMilliseconds: 60_000 }),
  ]);
  assertEquals(slow, { ok: false, reason: "took longer than 1 s and was ended", output: "slow" });
  assertEquals(quick, { ok: true, output: "quick" });
});
