import { assert, assertEquals, assertRejects } from "@std/assert";
import { sourceText } from "../../../src/diagnostic/range.ts";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { openHclReader } from "../../../src/document/hcl/hcl_document.ts";
import { DEFAULT_LIMITS, openParser } from "../../../src/document/hcl/parser.ts";

Deno.test("judges each text by itself, in order", async () => {
  await using parser = openParser();
  const texts = ["x = 1\n", "a {\n", 'b "c" {\n}\n', "x = 2\n"];
  const judgement = await parser.judge(texts);
  assert(judgement.ok);
  assertEquals(judgement.verdicts.map((verdict) => "value" in verdict ? verdict.value : "complaint"), [
    { x: 1 },
    "complaint",
    { b: { c: [{}] } },
    { x: 2 },
  ]);
});

Deno.test("a text that takes longer than the limit is stopped, and the parser works on", async () => {
  await using parser = openParser({ ...DEFAULT_LIMITS, timeMilliseconds: 500 });
  const slow = "x = [" + "1,".repeat(128 * 1024) + "]\n";
  assertEquals(await parser.judge(["y = 1\n", slow]), { ok: false, reason: "time", at: 1 });
  assert((await parser.judge(["y = 1\n"])).ok);
});

Deno.test("exceeding a limit is a diagnostic at the block that did", async () => {
  await using parser = openBlockParser(openParser({ ...DEFAULT_LIMITS, timeMilliseconds: 500 }));
  const source = sourceText("slow.hcl", "a = 1\n\nx = [" + "1,".repeat(128 * 1024) + "]\n");
  const parsed = await openHclReader(parser).read(source);
  assert(!parsed.ok);
  assertEquals(parsed.diagnostics.map(({ code }) => code), ["document/too-slow"]);
});

Deno.test("a parser that crashes is a judgement, and the next request gets a new one", async () => {
  let starts = 0;
  const command = () =>
    new Deno.Command(Deno.execPath(), {
      args: starts++ === 0
        ? ["eval", "Deno.exit(3)"]
        : ["run", "--quiet", "-A", new URL("../../../main.ts", import.meta.url).href, "hcl-parser"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
  await using parser = openParser(DEFAULT_LIMITS, command);
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "crash", at: 0 });
  assert((await parser.judge(["x = 1\n"])).ok);
});

Deno.test("a parser that writes nonsense is a judgement", async () => {
  const command = () =>
    new Deno.Command(Deno.execPath(), {
      args: ["eval", "console.log('nonsense')"],
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    });
  await using parser = openParser(DEFAULT_LIMITS, command);
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "crash", at: 0 });
});

Deno.test("an aborted request rejects with the signal's reason and stops the parser", async () => {
  await using parser = openParser();
  await parser.judge(["x = 1\n"]);
  const controller = new AbortController();
  const judging = parser.judge(["x = [" + "1,".repeat(128 * 1024) + "]\n"], controller.signal);
  controller.abort(new Error("stopping"));
  await assertRejects(() => judging, Error, "stopping");
});

Deno.test("the parser's process gets only the variables that Deno needs from the daemon's environment", async () => {
  Deno.env.set("HONUA_TEST_SECRET", "hunter2");
  try {
    await using parser = openParser({ ...DEFAULT_LIMITS, idleMilliseconds: 60_000 });
    await parser.judge(["x = 1\n"]);
    const children = [...Deno.readDirSync("/proc")].map((entry) => entry.name).filter((name) => /^\d+$/.test(name));
    const parsers = children.filter((pid) =>
      readProc(pid, "cmdline").includes("hcl-parser") && parentOf(pid) === Deno.pid
    );
    assertEquals(parsers.length, 1);
    const variables = readProc(parsers[0]!, "environ").split("\0").map((one) => one.split("=")[0]);
    assertEquals(variables.includes("PATH"), true);
    const needed = ["HOME", "PATH", "DENO_DIR", "DENO_TLS_CA_STORE", "XDG_CACHE_HOME", "TMPDIR"];
    assertEquals(variables.filter((name) => name !== "" && !needed.includes(name!)), []);
  } finally {
    Deno.env.delete("HONUA_TEST_SECRET");
  }
});

function readProc(pid: string, file: string): string {
  try {
    return Deno.readTextFileSync(`/proc/${pid}/${file}`);
  } catch {
    return "";
  }
}

function parentOf(pid: string): number {
  return Number(/^PPid:\s+(\d+)$/m.exec(readProc(pid, "status"))?.[1]);
}
