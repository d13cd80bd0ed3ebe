// The hooks at work under a clock that the test moves: decisions are carried out, bugs are failures, and after the end
// nothing runs.
import { assertEquals } from "@std/assert";
import { type HookLoop, type HookReport, type HookRun, runHooks } from "../../src/hooks/hook_loop.ts";
import type { HookTrigger } from "../../src/hooks/decide_hooks.ts";
import { type Begun, type ManualClock, manualClock, turn } from "../reload/controlled_loop.ts";
import { planOf } from "./hooks_transcript.ts";

interface Controlled {
  readonly hooks: HookLoop<string>;
  readonly clock: ManualClock;
  readonly runs: Begun<string, HookRun>[];
  readonly reports: HookReport[];
  readonly kept: Record<string, string>[];
}

function controlledHooks(plans: readonly string[], { splayMilliseconds = 0 } = {}): Controlled {
  const clock = manualClock();
  const runs: Controlled["runs"] = [];
  const reports: HookReport[] = [];
  const kept: Record<string, string>[] = [];
  const hooks = runHooks<string>({
    plans: plans.map(planOf),
    done: new Map(),
    splayMilliseconds,
    run(hook, input, _changed, signal) {
      const { promise, resolve, reject } = Promise.withResolvers<HookRun>();
      runs.push({ input: `${hook} ${input}`, signal, end: resolve, fail: reject });
      return promise;
    },
    keep: (done) => kept.push(Object.fromEntries(done)),
    report: (report) => reports.push(report),
    clock,
    random: () => 0.5,
  });
  return { hooks, clock, runs, reports, kept };
}

function activated(key: string): HookTrigger<string> {
  return { event: "activated", key, before: null, changed: null, isStart: false, input: key };
}

const OK: HookRun = { ok: true, output: "done\n" };
const FAILED: HookRun = { ok: false, reason: "exited with 1", output: "no\n" };

Deno.test("a run is reported with its output and its duration", async () => {
  const { hooks, clock, runs, reports, kept } = controlledHooks(["a"]);
  clock.advance(1_000);
  hooks.happened(activated("1"));
  clock.advance(25);
  runs[0]!.end(OK);
  await turn();
  assertEquals(reports, [{
    hook: "a",
    result: { ok: true },
    output: "done\n",
    durationMilliseconds: 25,
    willRetryInMilliseconds: null,
    superseded: false,
    failures: 0,
    held: [],
  }]);
  assertEquals(kept, [{ a: "1" }]);
  assertEquals(clock.running(), 0);
});

Deno.test("a failed run is tried again after its backoff, and a bug is a failure that quotes nothing", async () => {
  const { hooks, clock, runs, reports } = controlledHooks(["a"]);
  hooks.happened(activated("1"));
  runs[0]!.end(FAILED);
  await turn();
  clock.advance(749);
  assertEquals(runs.length, 1);
  clock.advance(1);
  assertEquals(runs.map(({ input }) => input), ["a 1", "a 1"]);
  runs[1]!.fail(new TypeError("password=hunter2"));
  await turn();
  assertEquals(reports.map(({ result }) => result.ok ? "" : result.reason), [
    "exited with 1",
    "an internal error (TypeError) kept it from running",
  ]);
  await hooks[Symbol.asyncDispose]();
});

Deno.test("hooks are delayed by their share of the splay", () => {
  const { hooks, clock, runs } = controlledHooks(["a"], { splayMilliseconds: 1_000 });
  hooks.happened(activated("1"));
  clock.advance(499);
  assertEquals(runs.length, 0);
  clock.advance(1);
  assertEquals(runs.length, 1);
});

Deno.test("the delay for a newer trigger takes the place of a retry, which does not ring any more", async () => {
  const { hooks, clock, runs } = controlledHooks(["a"], { splayMilliseconds: 10_000 });
  hooks.happened(activated("1"));
  clock.advance(5_000);
  runs[0]!.end(FAILED);
  await turn();
  hooks.happened(activated("2"));
  assertEquals(clock.running(), 1);
  clock.advance(4_999);
  assertEquals(runs.length, 1);
  clock.advance(1);
  assertEquals(runs.map(({ input }) => input), ["a 1", "a 2"]);
});

Deno.test("disposing ends the running hooks, waits for them, and leaves no timer", async () => {
  const { hooks, clock, runs, reports } = controlledHooks(["a", "b"]);
  hooks.happened(activated("1"));
  runs[0]!.end(FAILED);
  await turn();
  assertEquals(runs[1]!.signal.aborted, false);
  let isOver = false;
  const disposed = hooks[Symbol.asyncDispose]().then(() => isOver = true);
  await turn();
  assertEquals([runs[1]!.signal.aborted, isOver], [true, false]);
  runs[1]!.end(FAILED);
  await disposed;
  assertEquals([clock.running(), reports.length], [0, 1]);
});

Deno.test("disposing waits no longer than its grace for a run that does not end", async () => {
  const { hooks, clock } = controlledHooks(["a"]);
  hooks.happened(activated("1"));
  const disposed = hooks[Symbol.asyncDispose]();
  clock.advance(1_000);
  await disposed;
  assertEquals(clock.running(), 0);
});

Deno.test("a hook whose action throws at once is a failure like any other", async () => {
  const reports: HookReport[] = [];
  const hooks = runHooks<string>({
    plans: [planOf("a")],
    done: new Map(),
    splayMilliseconds: 0,
    run() {
      throw new TypeError("a bug");
    },
    keep: () => {},
    report: (report) => reports.push(report),
    clock: manualClock(),
  });
  hooks.happened(activated("1"));
  await turn();
  assertEquals(reports.map(({ result }) => result.ok), [false]);
  await hooks[Symbol.asyncDispose]();
});
