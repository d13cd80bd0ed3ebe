// The limits of a request count processor time if it can be read, so that a busy host makes no text too slow; and no
// text is blamed for a fault of the host.
import { assert, assertEquals } from "@std/assert";
import { openBlockParser } from "../../../src/document/hcl/block_parser.ts";
import { DEFAULT_LIMITS, type LimitsLeft, openParser, type Parser } from "../../../src/document/hcl/parser.ts";
import type { Unknown, Usage } from "../../../src/document/hcl/usage.ts";
import { eventually } from "../../support/eventually.ts";
import { ANSWERING, BEGUN, sending, stubCommand } from "../../support/stub_parser.ts";
import { temporaryDirectory } from "../../support/temporary.ts";
import { scanSource } from "../../support/whole_scan.ts";

const LIMITS = { ...DEFAULT_LIMITS, timeMilliseconds: 200, wallMilliseconds: 60_000 };
const CRASH = { ok: false, reason: "crash", at: 0 } as const;

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
  assertEquals(await parser.judge(["x = 1\n"]), CRASH);
});

Deno.test("a process that never starts is given up, and no text is blamed for it", async () => {
  await using parser = openParser({ ...LIMITS, startMilliseconds: 200 }, stubCommand("exec sleep 1000"));
  assertEquals(await parser.judge(["x = 1\n"]), CRASH);
});

Deno.test("the limits are within one another, and the longest is within that of a look", () => {
  const { timeMilliseconds, startMilliseconds, wallMilliseconds } = DEFAULT_LIMITS;
  assert(timeMilliseconds < startMilliseconds && startMilliseconds < wallMilliseconds && wallMilliseconds < 30_000);
});

Deno.test("a process that was started ahead and exceeds a limit is not asked again", async () => {
  for (const [script, limit] of [[BEGUN, "wallMilliseconds"], [":", "startMilliseconds"]] as const) {
    await using parser = openParser({ ...LIMITS, [limit]: 200 }, stubCommand(`${script}\nexec sleep 1000`));
    parser.warm();
    assertEquals(await parser.judge(["x = 1\n"]), CRASH);
    assertEquals(parser.work.starts, 1, limit);
  }
});

Deno.test("a process that was started ahead and killed by somebody else is asked again, within the same time", async () => {
  await using directory = await temporaryDirectory();
  const script = `if mkdir ${
    directory.file("first")
  }; then head -c 1 > /dev/null; kill -KILL $$; fi\n${BEGUN}\nexec sleep 1000`;
  await using parser = openParser({ ...LIMITS, wallMilliseconds: 600 }, stubCommand(script));
  parser.warm();
  assertEquals(await parser.judge(["x = 1\n\n"]), CRASH);
  assertEquals(parser.work.starts, 2);
});

Deno.test("the wall time of a request begins before its process does", async () => {
  const limits = { ...LIMITS, wallMilliseconds: 200 };
  await using parser = openParser(limits, stubCommand("exec sleep 1000"));
  assertEquals(await parser.judge(["x = 1\n"]), CRASH);
});

Deno.test("if no time is left nothing is started", async () => {
  await using parser = openParser(LIMITS, stubCommand(ANSWERING));
  const { now } = performance;
  performance.now = () => 0;
  try {
    assertEquals(await parser.judge(["x = 1\n"], undefined, { timeMilliseconds: 500, wallMilliseconds: 0 }), CRASH);
    assertEquals(parser.work.starts, 0);
    await parser.judge(["x = 1\n"], undefined, { timeMilliseconds: 500, wallMilliseconds: 1 });
    assertEquals(parser.work.starts, 1);
  } finally {
    performance.now = now;
  }
});

Deno.test("the second request of a load has the rest of both limits", async () => {
  const lefts: (LimitsLeft | undefined)[] = [];
  await using real = openParser();
  const slow: Parser = {
    ...real,
    async judge(texts, signal, left) {
      lefts.push(left);
      const judgement = await real.judge(texts, signal, left);
      if (lefts.length === 1) await elapsed(100);
      return judgement.ok ? { ...judgement, spentMilliseconds: 1_000 } : judgement;
    },
  };
  const text = 'layer "roads" {\n  x = 1\n  x = 2\n}\n';
  assert((await openBlockParser(slow).judge(text, scanSource(text).items)).ok);
  assertEquals(lefts.map((left) => left?.timeMilliseconds), [undefined, DEFAULT_LIMITS.timeMilliseconds - 1_000]);
  assert(lefts[1]!.wallMilliseconds <= DEFAULT_LIMITS.wallMilliseconds - 99, `${lefts[1]!.wallMilliseconds}`);
});

Deno.test("spent time is counted from the begin of the request, for the shortest request too", async () => {
  const script = [
    sending({ at: 0, processorMilliseconds: 100.5 }),
    sending({ verdicts: [{ value: null }] }),
    sending({ residentBytes: 0, processorMilliseconds: 107.75 }),
    "exec cat > /dev/null",
  ].join("\n");
  await using parser = openParser(LIMITS, stubCommand(script));
  assertEquals(await parser.judge(["x = 1\n"]), { ok: true, verdicts: [{ value: null }], spentMilliseconds: 7.25 });
  const end = sending({ residentBytes: 0, processorMilliseconds: 300 });
  await using other = openParser(LIMITS, stubCommand(`${end}\nexec cat > /dev/null`));
  assertEquals(await other.judge([]), { ok: true, verdicts: [], spentMilliseconds: 0 });
});

Deno.test("a process tells its processor time truly, though it has given up all permissions", async () => {
  await using parser = openParser();
  assert((await parser.judge(["x = 1\n"])).ok);
  const judgement = await parser.judge(["x = [" + "1,".repeat(4 * 1024) + "]\n"]);
  assert(judgement.ok && judgement.spentMilliseconds! > 1, JSON.stringify(judgement).slice(-100));
});

Deno.test("the limit of processor time is that of the request, whenever it is first looked at", async () => {
  const first = usageAt(700, 20);
  await using parser = openParser(LIMITS, stubCommand(`${BEGUN}\nexec sleep 1000`), first);
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "time", at: 0 });
});

Deno.test("the rest of the limit of processor time counts, and no more than the limit itself", async () => {
  for (const [used, left] of [[150, 100], [250, 60_000]] as const) {
    await using parser = openParser(LIMITS, stubCommand(`${BEGUN}\nexec sleep 1000`), usageAt(used, 20));
    const limitsLeft = { timeMilliseconds: left, wallMilliseconds: 10_000 };
    assertEquals(await parser.judge(["x = 1\n"], undefined, limitsLeft), { ok: false, reason: "time", at: 0 });
  }
});

Deno.test("a text that used up the limit is the reported one, not the next one", async () => {
  const script = `${BEGUN}\n${sending({ at: 1, processorMilliseconds: 200 })}\nexec sleep 1000`;
  await using parser = openParser(LIMITS, stubCommand(script));
  assertEquals(await parser.judge(["x = 1\n", "y = 1\n"]), { ok: false, reason: "time", at: 0 });
});

Deno.test("a process may reach the bound of memory, and not that of time", async () => {
  const bytes = LIMITS.memoryBytes;
  const cases: readonly (readonly [Usage, "time" | "memory" | null])[] = [
    [{ residentBytes: bytes, processorMilliseconds: 100 + LIMITS.timeMilliseconds - 1 }, null],
    [{ residentBytes: bytes + 1, processorMilliseconds: 100 }, "memory"],
    [{ residentBytes: bytes, processorMilliseconds: 100 + LIMITS.timeMilliseconds }, "time"],
  ];
  const begun = sending({ at: 0, processorMilliseconds: 100 });
  for (const [usage, reason] of cases) {
    await using directory = await temporaryDirectory();
    const go = directory.file("go");
    let looks = 0;
    const read = async () => {
      if (++looks === 3) await directory.write("go", "");
      return usage;
    };
    const waiting = reason === null ? `until test -e ${go}; do sleep 0.01; done` : "exec sleep 1000";
    await using parser = openParser(LIMITS, stubCommand(`${begun}\n${waiting}\n${ANSWERING}`), read);
    const judgement = await parser.judge(["x = 1\n"]);
    assertEquals(judgement.ok ? null : judgement.reason, reason);
  }
});

Deno.test("less than the limit is no reason to stop at the next text, and as many verdicts as texts are wanted", async () => {
  const verdicts = (count: number) => sending({ verdicts: Array(count).fill({ value: null }) });
  const end = [sending({ residentBytes: 7, processorMilliseconds: 300 }), "exec cat > /dev/null"];
  const judged = async (count: number) => {
    const script = [
      sending({ at: 0, processorMilliseconds: 100 }),
      sending({ at: 1, processorMilliseconds: 299 }),
      verdicts(count),
      ...end,
    ].join("\n");
    await using parser = openParser(LIMITS, stubCommand(script), usageAt(100, 1));
    return await parser.judge(["x = 1\n", "y = 1\n"]);
  };
  assertEquals(await judged(2), { ok: true, verdicts: Array(2).fill({ value: null }), spentMilliseconds: 200 });
  for (const count of [0, 1, 3]) assertEquals(await judged(count), { ok: false, reason: "crash", at: 1 });
});

Deno.test("if processor time is not known in time, it is waited for", async () => {
  for (const [usage, reason] of [["late", "crash"], ["cannot", "time"]] as const) {
    const limits = { ...LIMITS, wallMilliseconds: 600 };
    const read = () => Promise.resolve(usage);
    await using parser = openParser(limits, stubCommand(`${BEGUN}\nexec sleep 1000`), read);
    assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason, at: 0 }, usage);
  }
});

Deno.test("if processor time cannot be read, nothing is exceeded before the limit of time", async () => {
  await using directory = await temporaryDirectory();
  const go = directory.file("go");
  let looks = 0;
  const read = async () => {
    if (++looks === 3) await directory.write("go", "");
    return "cannot" as const;
  };
  const script = `${BEGUN}\nuntil test -e ${go}; do sleep 0.01; done\n${ANSWERING}`;
  await using parser = openParser({ ...LIMITS, timeMilliseconds: 30_000 }, stubCommand(script), read);
  assert((await parser.judge(["x = 1\n"])).ok);
});

Deno.test("if processor time was known once, a later failure to read it is no reason to blame the text", async () => {
  let looks = 0;
  const read = () => Promise.resolve(++looks === 1 ? { residentBytes: 0, processorMilliseconds: 0 } : "cannot");
  await using parser = openParser(
    { ...LIMITS, wallMilliseconds: 600 },
    stubCommand(`${BEGUN}\nexec sleep 1000`),
    read as () => Promise<Usage | Unknown>,
  );
  assertEquals(await parser.judge(["x = 1\n"]), CRASH);
});

Deno.test("if the host has not answered by the limit, a late answer still counts", async () => {
  const { promise, resolve } = Promise.withResolvers<Usage | Unknown>();
  await using parser = openParser(LIMITS, stubCommand(`${BEGUN}\nexec sleep 1000`), () => promise);
  const judging = parser.judge(["x = 1\n"]);
  assertEquals(await Promise.race([judging, elapsed(3 * LIMITS.timeMilliseconds)]), "elapsed");
  resolve({ residentBytes: 0, processorMilliseconds: LIMITS.timeMilliseconds });
  assertEquals(await judging, { ok: false, reason: "time", at: 0 });
});

Deno.test("if processor time cannot be read the limit is one of wall time", async () => {
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `import { openParser } from ${url("../../../src/document/hcl/parser.ts")};
    import { stubCommand } from ${url("../../support/stub_parser.ts")};
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

/** A process that has used so much, and does nothing. */
function usageAt(processorMilliseconds: number, mebibytes: number): () => Promise<Usage> {
  return () => Promise.resolve({ processorMilliseconds, residentBytes: mebibytes * 1024 * 1024 });
}

/** Here time is the matter itself. */
function elapsed(milliseconds: number): Promise<"elapsed"> {
  return new Promise((resolve) => setTimeout(() => resolve("elapsed"), milliseconds));
}
