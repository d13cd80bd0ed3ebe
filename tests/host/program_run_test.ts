// Programs that are run to their end, with limits.
import { assertEquals } from "@std/assert";
import { runProgramToEnd } from "../../src/host/program_run.ts";

const BOUNDS = { limitMilliseconds: 10_000, maxOutputBytes: 10_000 };
const shell = (script: string) => ({ path: "/bin/sh", args: ["-c", script], input: "", ...BOUNDS });

Deno.test("a program gets its input and no variable, and its outputs and its code are known", async () => {
  const run = { ...shell('cat; echo "$HOME" >&2; exit 3'), input: "in" };
  assertEquals(await runProgramToEnd(run), { ok: true, code: 3, out: "in", error: "\n" });
});

Deno.test("a program that leaves its input unread, or reads more than a pipe holds, ends as by itself", async () => {
  const input = "x".repeat(200_000);
  assertEquals(await runProgramToEnd({ ...shell("exit 0"), input }), { ok: true, code: 0, out: "", error: "" });
  assertEquals(await runProgramToEnd({ ...shell("wc -c"), input }), { ok: true, code: 0, out: "200000\n", error: "" });
});

Deno.test("a program that does not end, writes too much or cannot be started is a reason", async () => {
  const reasonOf = async (run: Parameters<typeof runProgramToEnd>[0]) => {
    const end = await runProgramToEnd(run);
    return end.ok ? null : end.reason;
  };
  assertEquals(await reasonOf({ ...shell("sleep 60; :"), limitMilliseconds: 100 }), "did not end within 0.1 s");
  assertEquals(await reasonOf(shell("exec cat /dev/zero")), "wrote more than 10000 bytes");
  assertEquals(await reasonOf(shell("kill -TERM $$")), "was ended by SIGTERM");
});
