// Which hook runs when, as transcripts: see hooks_transcript.ts for how one is written; and, over random events, the
// invariants.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  decideHooks,
  type HooksAction,
  type HooksEvent,
  type HooksState,
  initialHooks,
} from "../../src/hooks/decide_hooks.ts";
import { planOf, replayHooks } from "./hooks_transcript.ts";

Deno.test("hooks of one event run one after another, in their order", () => {
  replayHooks(
    ["a", "b"],
    "a=1 b=1",
    `activated 2 -> keep none, run a 2
     ok a        -> keep a=2, report a ok, run b 2
     ok b        -> keep a=2 b=2, report b ok`,
  );
});

Deno.test("a hook that fails keeps none of the others from its turn, and is tried again until it succeeds", () => {
  replayHooks(
    ["a", "b"],
    "a=1 b=1",
    `activated 2 -> keep none, run a 2
     failed a    -> arm a 500, report a failed 500, run b 2
     ok b        -> keep b=2, report b ok
     due a       -> run a 2
     failed a    -> arm a 1000, report a failed 1000
     due a       -> run a 2
     ok a        -> keep a=2 b=2, report a ok`,
  );
});

Deno.test("neighbours that are parallel run together; the ones before and after do not run with them", () => {
  replayHooks(
    ["a", "b parallel", "c parallel", "d"],
    "a=1 b=1 c=1 d=1",
    `activated 2 -> keep none, run a 2
     ok a        -> keep a=2, report a ok, run b 2, run c 2
     ok c        -> keep a=2 c=2, report c ok
     ok b        -> keep a=2 b=2 c=2, report b ok, run d 2
     ok d        -> keep a=2 b=2 c=2 d=2, report d ok`,
  );
});

Deno.test("triggers during a run make the hook run once more, for only the newest", () => {
  replayHooks(
    ["a"],
    "a=1",
    `activated 2 -> keep none, run a 2
     activated 3 ->
     activated 4 ->
     ok a        -> report a ok superseded, run a 4
     ok a        -> keep a=4, report a ok`,
  );
});

Deno.test("a failure for a superseded trigger is not waited for", () => {
  replayHooks(
    ["a"],
    "a=1",
    `activated 2 -> keep none, run a 2
     failed a    -> arm a 500, report a failed 500
     activated 3 -> disarm a, run a 3
     activated 4 ->
     failed a    -> report a failed superseded, run a 4
     failed a    -> arm a 500, report a failed 500`,
  );
});

Deno.test("a return to an earlier snapshot is a trigger too, because the run in between may have had an effect", () => {
  replayHooks(
    ["a"],
    "a=1",
    `activated 2 -> keep none, run a 2
     failed a    -> arm a 500, report a failed 500
     activated 1 -> disarm a, run a 1
     ok a        -> keep a=1, report a ok`,
  );
});

Deno.test("a hook that waits for certain parts runs when one of them changed, and is else done at once", () => {
  replayHooks(
    ["a only=layers", "b only=caches,services"],
    "a=1 b=1",
    `activated 2 layers        -> keep b=2, run a 2
     ok a                      -> keep a=2 b=2, report a ok
     activated 3 caches,layers -> keep none, run a 3 caches+layers
     ok a                      -> keep a=3, report a ok, run b 3 caches+layers
     ok b                      -> keep a=3 b=3, report b ok
     activated 4 honua         -> keep a=4 b=4`,
  );
});

Deno.test("the first snapshot of all is news to every hook", () => {
  replayHooks(["a only=caches"], "", "activated 1 layers -> run a 1");
});

Deno.test("a trigger that concerned a hook that has not succeeded goes on concerning it", () => {
  replayHooks(
    ["a only=layers"],
    "a=1",
    `activated 2 layers -> keep none, run a 2
     failed a           -> arm a 500, report a failed 500
     activated 3 caches -> disarm a, run a 3 layers+caches
     ok a               -> keep a=3, report a ok
     activated 4 caches -> keep a=4`,
  );
});

Deno.test("a hook receives all parts that changed since it last succeeded, not only those of the last trigger", () => {
  replayHooks(
    ["a"],
    "a=1",
    `activated 2 layers   -> keep none, run a 2
     activated 3 caches   ->
     activated 4 services ->
     ok a                 -> report a ok superseded, run a 4 layers+caches+services
     ok a                 -> keep a=4, report a ok
     activated 5 honua    -> keep none, run a 5 honua`,
  );
});

Deno.test("a hook whose last trigger is not known runs for any change", () => {
  replayHooks(
    ["a", "b only=layers"],
    "a=1",
    `activated 2 caches -> keep none, run a 2 caches
     ok a               -> keep a=2, report a ok, run b 2 ?
     ok b               -> keep a=2 b=2, report b ok`,
  );
  replayHooks(["a only=layers"], "a=1", "activated 2 ? -> keep none, run a 2 ?");
});

Deno.test("at the start the hooks run that have not succeeded for the snapshot in force", () => {
  replayHooks(
    ["a", "b", "c only=layers"],
    "a=1 b=0",
    `start 1 -> keep a=1, run b 1 ?
     ok b    -> keep a=1 b=1, report b ok, run c 1 ?
     ok c    -> keep a=1 b=1 c=1, report c ok`,
  );
});

Deno.test("the delay that spreads a fleet is waited for once, however often something happens meanwhile", () => {
  replayHooks(
    ["a", "b"],
    "a=1 b=1",
    `activated 2 layers splay 700 -> keep none, arm a 700, arm b 700
     activated 3 layers splay 900 ->
     due a                        -> run a 3
     due b                        ->
     ok a                         -> keep a=3, report a ok, run b 3`,
  );
});

Deno.test("attempts bound the runs for an activation, until the next one", () => {
  const state = replayHooks(
    ["a attempts=1"],
    "a=1",
    `activated 2 -> keep none, run a 2
     failed a    -> arm a 500, report a failed 500
     due a       -> run a 2
     failed a    -> report a failed
     due a       ->
     activated 3 -> run a 3
     failed a    -> arm a 500, report a failed 500`,
  );
  assertEquals([state.hooks[0]?.waits, state.triggers], ["retry", 2]);
});

Deno.test("rejections and divergences are triggers once each, and have no runs after they are past", () => {
  replayHooks(
    ["r rejected attempts=2", "d diverged", "a"],
    "a=1",
    `rejected x    -> run r x ?
     diverged y    -> run d y ?
     failed r      -> arm r 500, report r failed 500
     failed d      -> report d failed
     over diverged ->
     over rejected -> disarm r
     rejected x    -> run r x ?
     ok r          -> report r ok`,
  );
});

Deno.test("hooks of different events do not wait for each other", () => {
  replayHooks(
    ["a", "r rejected"],
    "a=1",
    `activated 2 -> keep none, run a 2
     rejected x  -> run r x ?
     ok r        -> report r ok
     ok a        -> keep a=2, report a ok`,
  );
});

Deno.test("after stop nothing is begun, reported or kept", () => {
  replayHooks(
    ["a", "b"],
    "a=1 b=1",
    `activated 2 -> keep none, run a 2
     failed a    -> arm a 500, report a failed 500, run b 2
     stop        -> disarm a, abort
     failed b    ->
     activated 3 ->
     activated 4 layers splay 9 ->
     rejected x  ->
     due a       ->
     stop        ->`,
  );
});

Deno.test("an end of a hook that does not run is a bug", () => {
  assertThrows(() => replayHooks(["a"], "", "ok a ->"), Error, "the hook a ended and was not running");
  assertThrows(() => replayHooks(["a"], "", "ok b ->"), Error, "the hook b ended and was not running");
});

Deno.test("failures are counted in a row, for the owed trigger: neither newer nor past triggers count", () => {
  const counts: number[] = [];
  const follow = (state: HooksState<string>, ...events: HooksEvent<string>[]) => {
    for (const event of events) {
      const decision = decideHooks(state, event);
      state = decision.state;
      for (const action of decision.actions) if (action.kind === "report") counts.push(action.verdict.failures);
    }
  };
  const failed = { kind: "ended", hook: "r", result: { ok: false, reason: "no" }, random: 0 } as const;
  const due = { kind: "due", hook: "r" } as const;
  const running = replayHooks(["r rejected attempts=9"], "", "rejected x -> run r x ?");
  follow(running, failed, due, failed, due, failed);
  assertEquals(counts.splice(0), [1, 2, 3]);
  follow(running, failed, due, { kind: "over", event: "rejected" }, failed);
  assertEquals(counts.splice(0), [1, 1]);
  const again = replayHooks(["r rejected attempts=9"], "", "rejected x -> run r x ?\nrejected y ->");
  follow(again, failed, failed, due, { ...failed, result: { ok: true } });
  assertEquals(counts, [0, 1, 0]);
});

Deno.test("the kept state of a hook is the trigger for which it is done, and a failure is no such state", () => {
  const done = new Map([["a", "1"], ["b", "failed"], ["c", "failed"]]);
  const { hooks } = initialHooks(["a", "b stop", "c", "d"].map(planOf), done);
  assertEquals(hooks.map((hook) => hook.done), ["1", null, null, null]);
  assertEquals(hooks.map((hook) => hook.isFailing), [false, true, false, false]);
  assertEquals(
    hooks.map((hook) => [hook.failures, hook.waits, hook.running, hook.owed]),
    hooks.map(() => [0, null, null, null]),
  );
});

type Step =
  | {
    readonly kind: "activate";
    readonly key: string;
    readonly parts: readonly string[] | null;
    readonly splay: boolean;
  }
  | { readonly kind: "end"; readonly which: number; readonly ok: boolean }
  | { readonly kind: "due"; readonly which: number }
  | { readonly kind: "kill" };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant("activate" as const),
      key: fc.constantFrom("1", "2", "3"),
      parts: fc.option(fc.subarray(["layers", "caches"])),
      splay: fc.boolean(),
    }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant("end" as const), which: fc.nat(3), ok: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("due" as const), which: fc.nat(3) }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("kill" as const) }) },
);
const plans = fc.uniqueArray(
  fc.record({
    name: fc.constantFrom("a", "b", "c", "d"),
    parallel: fc.boolean(),
    stop: fc.boolean(),
    only: fc.boolean(),
  }),
  { minLength: 1, selector: (one) => one.name },
);

/** Hooks under random events, with their last triggers, and the timers that run. */
interface World {
  state: HooksState<number>;
  readonly running: Map<string, number>;
  readonly timers: Set<string>;
  /** The number of the last activation that each hook succeeded for; 0: of the first moment. */
  readonly succeeded: Map<string, number>;
  /** The hooks with `stopOnFailure` that ended last with a failure. */
  readonly unwell: Set<string>;
  kept: ReadonlyMap<string, string>;
  activations: number;
  inForce: string;
}

function happen(world: World, event: HooksEvent<number>): void {
  const { state, actions } = decideHooks(world.state, event);
  world.state = state;
  for (const action of actions) carryOut(world, action);
}

function carryOut(world: World, action: HooksAction<number>): void {
  const { running, timers, state } = world;
  if (action.kind === "arm") timers.add(action.hook);
  if (action.kind === "disarm") timers.delete(action.hook);
  if (action.kind === "keep") world.kept = action.done;
  if (action.kind !== "run") return;
  assert(!running.has(action.hook), "never twice at a time");
  assertEquals(action.input, world.activations, "always for the newest");
  const isParallel = (name: string) => state.hooks.find((hook) => hook.plan.name === name)!.plan.parallel;
  const placeOf = (name: string) => state.hooks.findIndex((hook) => hook.plan.name === name);
  for (const unwell of world.unwell.has(action.hook) ? [] : world.unwell) {
    const isBefore = placeOf(action.hook) < placeOf(unwell);
    assert(isBefore && !state.hooks[placeOf(action.hook)]!.plan.stopOnFailure, `${unwell} is not well yet`);
  }
  assert(running.size === 0 || [...running.keys(), action.hook].every(isParallel), "alone, or with parallel ones");
  running.set(action.hook, action.input);
}

function obey(world: World, one: Step): void {
  if (one.kind === "activate") {
    world.activations++;
    const before = world.inForce;
    world.inForce = one.key;
    const trigger = { event: "activated", key: one.key, before, changed: one.parts, isStart: false } as const;
    return happen(world, {
      kind: "happened",
      trigger: { ...trigger, input: world.activations },
      splayMilliseconds: one.splay ? 10 : 0,
    });
  }
  if (one.kind === "kill") {
    world.running.clear();
    world.timers.clear();
    world.state = initialHooks(world.state.hooks.map(({ plan }) => plan), world.kept);
    const start = { event: "activated", key: world.inForce, before: null, changed: null, isStart: true } as const;
    return happen(world, {
      kind: "happened",
      trigger: { ...start, input: world.activations },
      splayMilliseconds: 0,
    });
  }
  if (one.kind === "due") {
    const hook = [...world.timers][one.which];
    if (hook === undefined) return;
    world.timers.delete(hook);
    return happen(world, { kind: "due", hook });
  }
  const [hook, input] = [...world.running][one.which] ?? [];
  if (hook === undefined || input === undefined) return;
  world.running.delete(hook);
  if (one.ok) world.succeeded.set(hook, input);
  const stops = world.state.hooks.find(({ plan }) => plan.name === hook)!.plan.stopOnFailure;
  if (one.ok) world.unwell.delete(hook);
  else if (stops) world.unwell.add(hook);
  happen(world, { kind: "ended", hook, result: one.ok ? { ok: true } : { ok: false, reason: "no" }, random: 0 });
}

Deno.test("after any events every hook has succeeded for the newest trigger that concerned it, and that is kept", () => {
  fc.assert(fc.property(plans, fc.array(step, { maxLength: 60, size: "max" }), (given, steps) => {
    const made = given.map(({ name, parallel, stop, only }) =>
      planOf([name, parallel && "parallel", stop && "stop", only && "only=layers"].filter(Boolean).join(" "))
    );
    const names = made.map((plan) => plan.name);
    const done = new Map(names.map((name) => [name, "0"]));
    const world: World = {
      state: initialHooks<number>(made, done),
      running: new Map(),
      timers: new Set(),
      succeeded: new Map(),
      unwell: new Set(),
      kept: done,
      activations: 0,
      inForce: "0",
    };
    const concerned = new Map<string, number>();
    for (const one of steps) {
      obey(world, one);
      if (one.kind !== "activate") continue;
      for (const { name, only } of made) {
        const concerns = only.length === 0 || one.parts === null || one.parts.includes("layers");
        if (concerns) concerned.set(name, world.activations);
      }
    }
    for (let turn = 0; turn < 100 && (world.running.size > 0 || world.timers.size > 0); turn++) {
      obey(world, world.running.size > 0 ? { kind: "end", which: 0, ok: true } : { kind: "due", which: 0 });
    }
    assertEquals([world.running.size, world.timers.size], [0, 0], "comes to rest");
    for (const name of names) {
      assert((world.succeeded.get(name) ?? 0) >= (concerned.get(name) ?? 0), `${name} got its trigger`);
      assertEquals(world.kept.get(name), world.inForce, `${name} is kept as done with the active trigger`);
    }
  }));
});
