// When the parser's process is kept, when it is ended, and requests to a closed parser.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { partsOf } from "../../../src/document/hcl/frames.ts";
import { DEFAULT_LIMITS, openParser } from "../../../src/document/hcl/parser.ts";
import { parserArguments, startParserProcess } from "../../../src/document/hcl/parser_process.ts";
import { eventually } from "../../support/eventually.ts";
import { turn, withFakeTimeouts } from "../../support/fake_clock.ts";
import { childrenOf } from "../../support/process_tree.ts";
import { ANSWERING, BEGUN, sending, stubCommand } from "../../support/stub_parser.ts";
import { temporaryDirectory } from "../../support/temporary.ts";

const LIMITS = { ...DEFAULT_LIMITS, idleMilliseconds: 60_000 };
const MEBIBYTE = 1024 * 1024;
const ANSWER = { verdicts: [{ value: 1 }] };

/** A script that answers each of two requests, and says how much memory it has by then. */
function answeringTwice(residentBytes: number): string {
  const answer = [BEGUN, sending(ANSWER), sending({ residentBytes, processorMilliseconds: 0 })].join("\n");
  // The second answer waits in the pipe until it is asked for.
  return `${answer}\n${answer}\nexec cat > /dev/null`;
}

Deno.test("a process is kept for the next request unless it has grown to 256 MiB", async () => {
  for (const [residentBytes, starts] of [[256 * MEBIBYTE - 1, 1], [256 * MEBIBYTE, 2]] as const) {
    await using parser = openParser(LIMITS, stubCommand(answeringTwice(residentBytes)));
    assert((await parser.judge(["x = 1\n"])).ok);
    assert((await parser.judge(["x = 1\n"])).ok);
    assertEquals([parser.work.starts, parser.work.requests], [starts, 2]);
  }
});

Deno.test("an answer with a verdict too few or too many is no answer", async () => {
  for (const verdicts of [[], [{ value: 1 }, { value: 2 }]]) {
    const script = [BEGUN, sending({ verdicts }), sending({ residentBytes: 0, processorMilliseconds: 0 })].join("\n");
    await using parser = openParser(LIMITS, stubCommand(`${script}\nexec cat > /dev/null`));
    assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "crash", at: 0 });
  }
});

Deno.test("a process that falls silent is reported at its current text", async () => {
  const script = [BEGUN, sending({ verdicts: [{ value: 1 }] }), sending({ at: 1, processorMilliseconds: 0 })].join(
    "\n",
  );
  await using parser = openParser(LIMITS, stubCommand(`${script}\nexec >&-\nexec sleep 1000`));
  assertEquals(await parser.judge(["x = 1\n", "y = 1\n"]), { ok: false, reason: "crash", at: 1 });
});

Deno.test("a process that ends while it receives its texts is a crash", async () => {
  // More than a pipe holds on any host, so that the telling fails.
  for (const script of ["exit", "head -c 1 > /dev/null", BEGUN, "exec < /dev/null\nsleep 0.1"]) {
    await using parser = openParser(LIMITS, stubCommand(script));
    assertEquals(await parser.judge(["€".repeat(1_000_000)]), { ok: false, reason: "crash", at: 0 });
  }
});

Deno.test("a closed parser judges nothing and starts nothing, and one that is disposed of leaves no process", async () => {
  const parser = openParser(LIMITS, stubCommand(ANSWERING));
  assert((await parser.judge(["x = 1\n"])).ok);
  assertEquals((await childrenOf(Deno.pid)).length, 1);
  await parser[Symbol.asyncDispose]();
  assertEquals((await childrenOf(Deno.pid)).length, 0);
  await assertRejects(() => parser.judge(["x = 1\n"]), Error, "the parser is closed");
  parser.warm();
  assertEquals(parser.work, { starts: 1, idleStarts: 0, requests: 2 });
});

Deno.test("a parser is disposed of when no request waits for its answer or its turn any more", async () => {
  const parser = openParser(LIMITS, stubCommand(`${BEGUN}\nexec sleep 1000`));
  const [texts, ends] = [["x = 1\n"], new Array<string>()];
  const judging = parser.judge(texts).then(() => ends.push("answered"));
  const others = [2, 3, 4].map(() => parser.judge(texts).catch(() => ends.push("refused")));
  await eventually("the process", async () => (await childrenOf(Deno.pid)).length === 1);
  await parser[Symbol.asyncDispose]();
  assertEquals(ends, ["answered", "refused", "refused", "refused"]);
  await Promise.all([judging, ...others]);
});

Deno.test("a parser that is killed ends its process at once, and judges nothing any more", async () => {
  await using parser = openParser(LIMITS, stubCommand(`${BEGUN}\nexec sleep 1000`));
  const judging = parser.judge(["x = 1\n"]);
  await eventually("the process", async () => (await childrenOf(Deno.pid)).length === 1);
  parser.kill();
  await eventually("its end", async () => (await childrenOf(Deno.pid)).length === 0);
  assertEquals(await judging, { ok: false, reason: "crash", at: 0 });
  await assertRejects(() => parser.judge(["x = 1\n"]), Error, "the parser is closed");
  parser.warm();
  // Nothing is left to be killed.
  parser.kill();
  assertEquals(parser.work.starts, 1);
});

Deno.test("requests wait for one another, and one that is not wanted by its turn is not made", async () => {
  await using parser = openParser(LIMITS, stubCommand(ANSWERING));
  const abort = new AbortController();
  const first = parser.judge(["x = 1\n"]);
  const second = parser.judge(["x = 1\n"], abort.signal, { timeMilliseconds: 60_000, wallMilliseconds: 200 });
  abort.abort(new Error("superseded"));
  assert((await first).ok);
  await assertRejects(() => second, Error, "superseded");
  // One that was asked and did not answer would be killed.
  assertEquals([parser.work.starts, (await childrenOf(Deno.pid)).length], [1, 1]);
});

Deno.test("a process that cannot be started is a crash, and a hint at it is nothing", async () => {
  const missing = () => new Deno.Command("/nonexistent/parser", { stdin: "piped", stdout: "piped" });
  await using parser = openParser(LIMITS, missing);
  parser.warm();
  assertEquals(await parser.judge(["x = 1\n"]), { ok: false, reason: "crash", at: 0 });
  assertEquals(parser.work, { starts: 0, idleStarts: 0, requests: 1 });
});

Deno.test("if no process is to be kept none is started ahead", async () => {
  await using parser = openParser({ ...LIMITS, idleMilliseconds: 0 }, stubCommand(ANSWERING));
  parser.warm();
  assertEquals(parser.work.starts, 0);
  assert((await parser.judge(["x = 1\n"])).ok);
  await eventually("its end", async () => (await childrenOf(Deno.pid)).length === 0);
});

Deno.test("the rest of the limits is never more than the limits themselves", async () => {
  const limits = { ...LIMITS, wallMilliseconds: 300 };
  await using parser = openParser(limits, stubCommand(`${BEGUN}\nexec sleep 1000`));
  const left = { timeMilliseconds: 60_000, wallMilliseconds: 60_000 };
  assertEquals(await parser.judge(["x = 1\n"], undefined, left), { ok: false, reason: "crash", at: 0 });
});

Deno.test("the end of a process, and a judgement without verdicts, wait half a second for a look that is under way", async () => {
  await using directory = await temporaryDirectory();
  const script = (rest: string) => `${BEGUN}\nuntil test -e ${directory.file("go")}; do sleep 0.01; done\n${rest}`;
  const limits = { ...LIMITS, startMilliseconds: 2 ** 30, wallMilliseconds: 2 ** 31 - 1 };
  await withFakeTimeouts(async (timers) => {
    let isLooking = false;
    const look = () => {
      isLooking = true;
      return new Promise<never>(() => {});
    };
    const goOn = async (milliseconds = 0) => {
      while (!isLooking) {
        await turn();
        await timers.tickAsync(10);
      }
      isLooking = false;
      await timers.tickAsync(milliseconds);
      await directory.write("go", "");
    };
    const waitsForTheLook = async (work: Promise<unknown>) => {
      let isOver = false;
      work.then(() => isOver = true);
      while (timers.countTimers() !== 1) await turn();
      await turn();
      await timers.tickAsync(499);
      assertEquals(isOver, false);
      await timers.tickAsync(1);
      await work;
    };

    const process = startParserProcess(stubCommand(script(ANSWERING))(), look);
    assertEquals(process.residentBytes, 0);
    const asking = process.ask(["x = 1\n"], limits);
    // It has begun: how long it may take for that is no matter any more.
    await goOn(limits.startMilliseconds);
    assert((await asking).ok);
    await waitsForTheLook(process.end());

    await Deno.remove(directory.file("go"));
    await using parser = openParser(limits, stubCommand(script("exit")), look);
    const judging = parser.judge(["x = 1\n"]);
    await goOn();
    await waitsForTheLook(judging);
  });
});

Deno.test("texts are sent in turns, which rest if they have taken long", async () => {
  const texts = ["x".repeat(300_000)];
  const parts = [...partsOf(texts)];
  const bytes = parts.reduce((sum, part) => sum + 4 + JSON.stringify(part).length, 0);
  const end = sending({ residentBytes: 0, processorMilliseconds: 0 });
  const script = `head -c ${bytes} > /dev/null\n${sending(ANSWER)}\n${end}\nexec cat > /dev/null`;
  const { now } = performance;
  let milliseconds = 0;
  try {
    for (const [step, expected] of [[20, parts.length], [0, 0]] as const) {
      performance.now = () => milliseconds += step;
      await withFakeTimeouts(async (timers) => {
        const process = startParserProcess(stubCommand(script)());
        const asking = process.ask(texts, { ...LIMITS, startMilliseconds: 2 ** 30, wallMilliseconds: 2 ** 31 - 1 });
        let isOver = false;
        asking.then(() => isOver = true);
        let rests = 0;
        while (!isOver) {
          await turn();
          // Beside the two limits only a rest is timed.
          if (timers.countTimers() <= 2) continue;
          rests++;
          await timers.tickAsync(1);
        }
        assert((await asking).ok);
        assertEquals(rests, expected);
        await process.end();
      });
    }
  } finally {
    performance.now = now;
  }
});

Deno.test("a process that ended by itself before it was found to exceed a limit is not said to have exceeded it", async () => {
  await using directory = await temporaryDirectory();
  // A child of its own holds the pipe after its end.
  const script = `${BEGUN}\n(until test -e ${directory.file("go")}; do sleep 0.01; done) &\nexit`;
  let looks = 0;
  const process = startParserProcess(stubCommand(script)(), async () => {
    await process.ended;
    if (++looks === 2) await directory.write("go", "");
    return { residentBytes: Infinity, processorMilliseconds: 0 };
  });
  assertEquals(await process.ask(["x = 1\n"], LIMITS), { ok: false, reason: "crash", at: 0 });
  await process.end();
});

Deno.test("a process can be started if the directory of the program was removed", async () => {
  await using directory = await temporaryDirectory();
  const url = (path: string) => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `import { openParser } from ${url("../../../src/document/hcl/parser.ts")};
    import { ANSWERING, stubCommand } from ${url("../../support/stub_parser.ts")};
    Deno.removeSync(Deno.cwd());
    await using parser = openParser(undefined, stubCommand(ANSWERING));
    console.log((await parser.judge(["x = 1"])).ok);`;
  const cwd = directory.file("removed");
  await Deno.mkdir(cwd);
  const piped = { stdin: "piped", stdout: "piped", stderr: "inherit" } as const;
  const program = new Deno.Command(Deno.execPath(), { args: ["run", "-A", "--no-prompt", "-"], cwd, ...piped }).spawn();
  await new Blob([script]).stream().pipeTo(program.stdin);
  assertEquals(new TextDecoder().decode((await program.output()).stdout), "true\n");
});

Deno.test("a process that nobody asks anything is ended after five seconds", async () => {
  await withFakeTimeouts(async (timers) => {
    await using parser = openParser(DEFAULT_LIMITS, stubCommand(ANSWERING));
    parser.warm();
    await timers.tickAsync(4_999);
    assertEquals(parser.work.idleStarts, 0);
    await timers.tickAsync(1);
    assertEquals(parser.work.idleStarts, 1);
  });
});

Deno.test("a process that is asked is not ended for its idleness, even if a request may come soon", async () => {
  await using directory = await temporaryDirectory();
  const script = `until test -e ${directory.file("go")}; do sleep 0.01; done\n${ANSWERING}`;
  await withFakeTimeouts(async (timers) => {
    await using parser = openParser(DEFAULT_LIMITS, stubCommand(script));
    parser.warm();
    const judging = parser.judge(["x = 1\n"]);
    while (parser.work.requests === 0) await turn();
    parser.warm();
    await timers.tickAsync(5_000);
    await directory.write("go", "");
    assert((await judging).ok);
    assertEquals(parser.work, { starts: 1, idleStarts: 0, requests: 1 });
    await parser[Symbol.asyncDispose]();
    assertEquals(timers.countTimers(), 0);
  });
});

Deno.test("a process that ends before it is asked anything is not asked any more", async () => {
  await using parser = openParser(LIMITS, stubCommand("exit"));
  parser.warm();
  await eventually("its end", () => parser.work.idleStarts === 1);
});

Deno.test("a signal that aborts after its request ends nothing", async () => {
  await using directory = await temporaryDirectory();
  const answer = [BEGUN, sending(ANSWER), sending({ residentBytes: 0, processorMilliseconds: 0 })].join("\n");
  const script = `${answer}\nuntil test -e ${directory.file("go")}; do sleep 0.01; done\n${ANSWERING}`;
  await using parser = openParser(LIMITS, stubCommand(script));
  const abort = new AbortController();
  assert((await parser.judge(["x = 1\n"], abort.signal)).ok);
  abort.abort();
  const judging = parser.judge(["x = 1\n"]);
  await directory.write("go", "");
  assert((await judging).ok);
});

Deno.test("the compiled program becomes the parser by its command, and Deno by the program and its flags, too", () => {
  assertEquals(parserArguments(true), ["hcl-parser"]);
  const main = new URL("../../../main.ts", import.meta.url).href;
  assertEquals(parserArguments(false).slice(-3), ["--v8-flags=--liftoff-only", main, "hcl-parser"]);
});
