// What the limits of a request count: processor time where it can be read, so that a host with others to serve makes no
// text too slow.
import { assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, openParser } from "../../src/document/parser.ts";
import { eventually } from "../support/eventually.ts";
import { ANSWERING, sending, stubCommand } from "../support/stub_parser.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const LIMITS = { ...DEFAULT_LIMITS, timeMilliseconds: 200, wallMilliseconds: 60_000 };
const BEGUN = sending({ at: 0 });

Deno.test("a process that gets no processor for longer than the limit is waited for", async () => {
  await using directory = await temporaryDirectory();
  const pidFile = directory.file("pid");
  const script = `${BEGUN}\necho $$ > ${pidFile}.new\nmv ${pidFile}.new ${pidFile}\nkill -STOP $$\n${ANSWERING}`;
  await using parser = openParser(LIMITS, stubCommand(script));
  const judging = parser.judge(["x = 1\n"]);
  const pid = await eventually("the process's pid", () => Deno.readTextFile(pidFile).then(Number, () => null));
  await eventually("its being stopped", async () => (await Deno.readTextFile(`/proc/${pid}/stat`)).includes(") T "));
  const outcome = await Promise.race([judging, elapsed(5 * LIMITS.timeMilliseconds)]);
  assertEquals(outcome, "elapsed");
  Deno.kill(pid, "SIGCONT");
  assertEquals((await judging).ok, true);
});

Deno.test("a process that spends more processor time than the limit is stopped", async () => {
  await using parser = openParser(LIMITS, stubCommand(`${BEGUN}\nwhile :; do :; done`));
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "time", at: 0 });
});

Deno.test("a process that neither works nor answers is given up in the end, and no text is blamed for it", async () => {
  const limits = { ...LIMITS, wallMilliseconds: 400 };
  await using parser = openParser(limits, stubCommand(`${BEGUN}\nexec sleep 1000`));
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "crash", at: 0 });
});

Deno.test("where processor time cannot be read the limit is one of wall time", async () => {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `import { openParser } from ${url("../../src/document/parser.ts")};
    import { stubCommand } from ${url("../support/stub_parser.ts")};
    const command = stubCommand(${JSON.stringify(`${BEGUN}\nexec sleep 1000`)});
    await using parser = openParser(${JSON.stringify(LIMITS)}, command);
    console.log(JSON.stringify(await parser.judge(["x = 1"])));`;
  const program = new Deno.Command(Deno.execPath(), {
    // cat(1) may not be run either.
    args: ["run", "--no-prompt", "--allow-read", "--allow-run=/bin/sh", "-"],
    stdin: "piped",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  await new Blob([script]).stream().pipeTo(program.stdin);
  const { stdout } = await program.output();
  assertEquals(JSON.parse(new TextDecoder().decode(stdout)), { ok: false, reason: "time", at: 0 });
});

/** Here time is the matter itself. */
function elapsed(milliseconds: number): Promise<"elapsed"> {
  return new Promise((resolve) => setTimeout(() => resolve("elapsed"), milliseconds));
}
