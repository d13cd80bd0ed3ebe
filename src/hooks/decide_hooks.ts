// Decides which hook runs when, as a pure function. Every hook that is owed runs for the newest trigger until it
// succeeded, in order and never twice at a time; no hook is interrupted for another. A failed hook holds other hooks
// only if it has `stopOnFailure`.
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";

/** The events of triggers; a check is part of the activation, a health check of the bake, and neither has any. */
export type HookEvent = "activated" | "rejected" | "diverged";

/** The options of a hook on which its turn depends. */
export interface HookPlan {
  readonly name: string;
  readonly on: HookEvent;
  /** Whether it runs beside its neighbours that are parallel too. */
  readonly parallel: boolean;
  /** The parts of the configuration whose change concerns it; empty: every part. */
  readonly only: readonly string[];
  /** How often a failure is tried again; 0: never, but for `activated` without end. */
  readonly attempts: number;
  /** Between the tries. */
  readonly backoff: Backoff;
  /** Whether its failure holds other hooks until it has succeeded: see {@linkcode heldBy}. */
  readonly stopOnFailure: boolean;
}

/** An event of the instance that hooks run for. */
export interface HookTrigger<Input> {
  readonly event: HookEvent;
  /** Of `activated`: the content hash of the snapshot, as the state file keeps it. */
  readonly key: string;
  /** The key of the snapshot in force before; null: there was none, or it is not known. */
  readonly before: string | null;
  /** The parts that changed since then; null: not known, which concerns every hook. */
  readonly changed: readonly string[] | null;
  /** Whether it repeats the last process's trigger at the start: a hook that succeeded for it then owes nothing. */
  readonly isStart: boolean;
  /** The input of the runs; opaque here. */
  readonly input: Input;
}

/** A trigger for which a hook still has to succeed. */
export interface Debt<Input> {
  /** The newest one. */
  readonly trigger: HookTrigger<Input>;
  /** The trigger's place in the order of triggers. */
  readonly number: number;
  /** The parts that changed since the hook last succeeded; null: not known. */
  readonly changed: readonly string[] | null;
}

/** The state of one hook. */
export interface HookState<Input> {
  readonly plan: HookPlan;
  /** Null: nothing. */
  readonly owed: Debt<Input> | null;
  /** The number of the trigger that it runs for; null: it does not run. */
  readonly running: number | null;
  /** Why it may not run yet; `given-up`: until the next trigger, or a restart. */
  readonly waits: "splay" | "retry" | "given-up" | null;
  /** Failures in a row for the trigger that is owed. */
  readonly failures: number;
  /** Whether it failed and did not succeed since, for any trigger; only for hooks with `stopOnFailure`. */
  readonly isFailing: boolean;
  /**
   * Of `activated`: the key of the last trigger that it succeeded for or that did not concern it, if none came since.
   */
  readonly done: string | null;
}

/** The state of all hooks. */
export interface HooksState<Input> {
  /** One for each plan, in the order in which they run. */
  readonly hooks: readonly HookState<Input>[];
  /** The number of triggers so far. */
  readonly triggers: number;
  /** Whether no hook begins any more. */
  readonly stopping: boolean;
}

/** The result of a run. `reason` is one line without secrets. */
export type HookResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** An event of the hooks. `random` is in [0, 1) and is the jitter of a retry. */
export type HooksEvent<Input> =
  | { readonly kind: "happened"; readonly trigger: HookTrigger<Input>; readonly splayMilliseconds: number }
  /** The trigger is past (the source is valid again, the instance agrees): a hook that did not run yet need not run. */
  | { readonly kind: "over"; readonly event: HookEvent }
  | { readonly kind: "due"; readonly hook: string }
  | { readonly kind: "ended"; readonly hook: string; readonly result: HookResult; readonly random: number }
  | { readonly kind: "stop" };

/** The result of a run, and its consequence. */
export interface HookVerdict {
  readonly hook: string;
  readonly result: HookResult;
  /** Null: it is not tried again, or at once for a newer trigger. */
  readonly willRetryInMilliseconds: number | null;
  /** Whether a newer trigger came during the run, for which it runs once more. */
  readonly superseded: boolean;
  /** Failures in a row, with this one. */
  readonly failures: number;
  /** The hooks that are owed, and do not run because this one failed. */
  readonly held: readonly string[];
}

/** The hook loop carries these out in their order. */
export type HooksAction<Input> =
  /** Answered by `ended`. `changed` are the parts that changed since the hook last succeeded; null: not known. */
  | { readonly kind: "run"; readonly hook: string; readonly input: Input; readonly changed: readonly string[] | null }
  /** Start the hook's one timer, which results in `due`, in place of one that runs. */
  | { readonly kind: "arm"; readonly hook: string; readonly milliseconds: number }
  | { readonly kind: "disarm"; readonly hook: string }
  /** Keep over a restart which hook is done with which trigger, or failed ({@linkcode KEPT_FAILURE}). */
  | { readonly kind: "keep"; readonly done: ReadonlyMap<string, string> }
  | { readonly kind: "report"; readonly verdict: HookVerdict }
  /** End all hooks that run, with all processes that they started. */
  | { readonly kind: "abort" };

/** The new state, and the actions before the next event. */
export interface HooksDecision<Input> {
  readonly state: HooksState<Input>;
  readonly actions: readonly HooksAction<Input>[];
}

/** Kept in place of a key for a hook with `stopOnFailure` that failed and did not succeed since. */
export const KEPT_FAILURE = "failed";

/** Hooks that owe nothing yet; `done` is from the last process. */
export function initialHooks<Input>(plans: readonly HookPlan[], done: ReadonlyMap<string, string>): HooksState<Input> {
  const failing = failingAtStart(plans, done);
  const hooks = plans.map((plan): HookState<Input> => ({
    plan,
    owed: null,
    running: null,
    waits: null,
    failures: 0,
    isFailing: failing.includes(plan),
    done: done.get(plan.name) === KEPT_FAILURE ? null : done.get(plan.name) ?? null,
  }));
  return { hooks, triggers: 0, stopping: false };
}

/** The hooks that failed. If none did, but some are done, the last process may have ended while the next one ran. */
function failingAtStart(plans: readonly HookPlan[], done: ReadonlyMap<string, string>): readonly HookPlan[] {
  const stopping = plans.filter((plan) => plan.stopOnFailure && plan.on === "activated");
  const failed = stopping.filter(({ name }) => done.get(name) === KEPT_FAILURE);
  if (failed.length > 0 || !plans.some(({ name }) => done.has(name))) return failed;
  return stopping.filter(({ name }) => !done.has(name)).slice(0, 1);
}

/** Takes an event in. The end of a hook that does not run throws: that is a bug of the caller. */
export function decideHooks<Input>(state: HooksState<Input>, event: HooksEvent<Input>): HooksDecision<Input> {
  if (event.kind === "stop") return stop(state);
  const taken = takeIn(state, event);
  if (taken.state.stopping) return taken;
  const { state: next, actions } = begin(taken.state);
  const done = doneOf(next);
  const kept: HooksAction<Input>[] = isSame(done, doneOf(state)) ? [] : [{ kind: "keep", done }];
  return { state: next, actions: [...kept, ...taken.actions, ...actions] };
}

function takeIn<Input>(
  state: HooksState<Input>,
  event: Exclude<HooksEvent<Input>, { kind: "stop" }>,
): HooksDecision<Input> {
  if (state.stopping && event.kind !== "ended") return { state, actions: [] };
  switch (event.kind) {
    case "happened":
      return happened(state, event.trigger, event.splayMilliseconds);
    case "over":
      return each(state, (hook) => hook.plan.on === event.event ? [release(hook), disarm(hook)] : [hook, []]);
    case "due":
      return each(state, (hook) => hook.plan.name === event.hook ? due(hook) : [hook, []]);
    case "ended":
      return ended(state, event.hook, event.result, event.random);
  }
}

function stop<Input>(state: HooksState<Input>): HooksDecision<Input> {
  if (state.stopping) return { state, actions: [] };
  const { state: disarmed, actions } = each(state, (hook) => [{ ...hook, waits: null }, disarm(hook)]);
  return { state: { ...disarmed, stopping: true }, actions: [...actions, { kind: "abort" }] };
}

function happened<Input>(
  state: HooksState<Input>,
  trigger: HookTrigger<Input>,
  splayMilliseconds: number,
): HooksDecision<Input> {
  const number = state.triggers + 1;
  const decided = each(state, (hook) => {
    if (hook.plan.on !== trigger.event) return [hook, []];
    return owe(hook, trigger, number, splayMilliseconds);
  });
  return { ...decided, state: { ...decided.state, triggers: number } };
}

type Turn<Input> = readonly [HookState<Input>, readonly HooksAction<Input>[]];

function owe<Input>(
  hook: HookState<Input>,
  trigger: HookTrigger<Input>,
  number: number,
  splayMilliseconds: number,
): Turn<Input> {
  const { plan, owed, done } = hook;
  if (trigger.isStart && done === trigger.key) return [hook, []];
  // If the hook is not known to be done with the snapshot before, its changed parts are not known either.
  const isKnown = owed !== null || plan.on !== "activated" || done === trigger.before;
  const changed = isKnown ? union(owed === null ? [] : owed.changed, trigger.changed) : null;
  // The first snapshot of all concerns every hook.
  const isFirst = plan.on === "activated" && trigger.before === null;
  if (!isFirst && !concerns(plan, changed)) return [{ ...hook, done: trigger.key }, []];
  const next: HookState<Input> = {
    ...hook,
    owed: { trigger, number, changed },
    failures: 0,
    done: null,
    waits: splayMilliseconds > 0 ? "splay" : null,
  };
  if (next.waits === null) return [next, disarm(hook)];
  // A delay that runs goes on: otherwise a file that changes often would put it off for ever.
  if (hook.waits === "splay") return [next, []];
  return [next, [{ kind: "arm", hook: plan.name, milliseconds: splayMilliseconds }]];
}

function ended<Input>(
  state: HooksState<Input>,
  name: string,
  result: HookResult,
  random: number,
): HooksDecision<Input> {
  const hook = state.hooks.find((one) => one.plan.name === name);
  if (hook?.running === null || hook === undefined) throw new Error(`the hook ${name} ended and was not running`);
  const { owed, plan } = hook;
  const superseded = owed !== null && owed.number !== hook.running;
  const failures = result.ok || superseded ? 0 : hook.failures + 1;
  const isFailing = plan.stopOnFailure && !result.ok && owed !== null;
  const idle: HookState<Input> = { ...hook, running: null, isFailing };
  let next: HookState<Input>;
  let willRetryInMilliseconds: number | null = null;
  const actions: HooksAction<Input>[] = [];
  if (superseded || state.stopping || owed === null) next = idle;
  else if (result.ok) {
    next = { ...idle, owed: null, failures: 0, done: plan.on === "activated" ? owed.trigger.key : null };
  } else if (mayRetry(plan, failures)) {
    willRetryInMilliseconds = backoffMilliseconds(failures, random, plan.backoff);
    next = { ...idle, failures, waits: "retry" };
    actions.push({ kind: "arm", hook: name, milliseconds: willRetryInMilliseconds });
  } else if (plan.on === "activated") next = { ...idle, failures, waits: "given-up" };
  else next = { ...idle, owed: null, failures };
  const tried = { ...state, hooks: state.hooks.map((one) => one === hook ? next : one) };
  const held = isFailing ? tried.hooks.filter((one) => one !== next && isHeldBy(one, next, tried)) : [];
  const verdict: HookVerdict = {
    hook: name,
    result,
    willRetryInMilliseconds,
    superseded,
    failures,
    held: held.map((one) => one.plan.name),
  };
  // A run that the stop ended says nothing about the hook.
  if (!state.stopping) actions.push({ kind: "report", verdict });
  // A hook that gives up a trigger permanently also ends the turn of the hooks that it held.
  if (next.owed !== null || held.length === 0) return { state: tried, actions };
  const ending = each(tried, (one) => held.includes(one) ? [release(one), disarm(one)] : [one, []]);
  return { state: ending.state, actions: [...actions, ...ending.actions] };
}

/**
 * The hook that has to succeed before `hook` may begin; null: none. A failed hook with `stopOnFailure` holds the hooks
 * after it, and those before it that have `stopOnFailure` too: at the next trigger the failed one comes first, so that
 * no second server is restarted before the first works again.
 */
export function heldBy<Input>(hook: HookState<Input>, state: HooksState<Input>): string | null {
  return state.hooks.find((one) => one.isFailing && one.owed !== null && isHeldBy(hook, one, state))?.plan.name ?? null;
}

function isHeldBy<Input>(hook: HookState<Input>, failing: HookState<Input>, { hooks }: HooksState<Input>): boolean {
  if (hook.plan.on !== failing.plan.on || hook.owed === null || hook.running !== null || hook.isFailing) return false;
  return hook.plan.stopOnFailure || hooks.indexOf(hook) > hooks.indexOf(failing);
}

/** The hooks on `activated` and the newest activation: each has succeeded for it, or has failed at least once. */
export type ActivatedState = "running" | "done" | "failing";

/**
 * Whether the hooks on `activated` have run for the newest activation. A hook that is held has not run, but does not
 * count as running: the one that holds it decides.
 */
export function activatedState<Input>(state: HooksState<Input>): ActivatedState {
  const owing = state.hooks.filter(({ plan, owed }) => plan.on === "activated" && owed !== null);
  if (owing.some((hook) => hook.failures === 0 && heldBy(hook, state) === null)) return "running";
  return owing.length === 0 ? "done" : "failing";
}

/** The hook on `activated` that failed for the newest activation, the first in their order; null: none. */
export function failedHook<Input>({ hooks }: HooksState<Input>): string | null {
  return hooks.find(({ plan, owed, failures }) => plan.on === "activated" && owed !== null && failures > 0)?.plan
    .name ?? null;
}

function mayRetry({ on, attempts }: HookPlan, failures: number): boolean {
  return failures <= attempts || (on === "activated" && attempts === 0);
}

/** Begins the hooks that may run. Hooks of one event wait for each other, those of different events do not. */
function begin<Input>(state: HooksState<Input>): HooksDecision<Input> {
  const events = new Set(state.hooks.map((hook) => hook.plan.on));
  const starting = new Set<HookState<Input>>();
  for (const event of events) {
    const hooks = state.hooks.filter((one) => one.plan.on === event);
    const isHeld = (hook: HookState<Input>) => heldBy(hook, state) !== null;
    for (const hook of nextOf(hooks, isHeld)) starting.add(hook);
  }
  if (starting.size === 0) return { state, actions: [] };
  return each(state, (hook) => {
    if (!starting.has(hook) || hook.owed === null) return [hook, []];
    const { number, changed, trigger: { input } } = hook.owed;
    return [{ ...hook, running: number }, [{ kind: "run", hook: hook.plan.name, input, changed }]];
  });
}

/** The hooks of one event that may begin now: a single one, or parallel ones together, none before its predecessors. */
function nextOf<Input>(
  hooks: readonly HookState<Input>[],
  isHeld: (hook: HookState<Input>) => boolean,
): readonly HookState<Input>[] {
  const running = hooks.filter((hook) => hook.running !== null);
  if (running.some((hook) => !hook.plan.parallel)) return [];
  const next: HookState<Input>[] = [];
  for (const hook of hooks) {
    if (hook.owed === null || hook.running !== null || hook.waits !== null || isHeld(hook)) continue;
    if (!hook.plan.parallel) return running.length === 0 && next.length === 0 ? [hook] : next;
    next.push(hook);
  }
  return next;
}

export function concerns({ only }: Pick<HookPlan, "only">, changed: readonly string[] | null): boolean {
  return only.length === 0 || changed === null || only.some((part) => changed.includes(part));
}

function union(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  return one === null || other === null ? null : [...new Set([...one, ...other])];
}

function due<Input>(hook: HookState<Input>): Turn<Input> {
  return [hook.waits === "given-up" ? hook : { ...hook, waits: null }, []];
}

function release<Input>(hook: HookState<Input>): HookState<Input> {
  return { ...hook, owed: null, waits: null, failures: 0, isFailing: false };
}

function disarm<Input>({ plan, waits }: HookState<Input>): readonly HooksAction<Input>[] {
  return waits === "splay" || waits === "retry" ? [{ kind: "disarm", hook: plan.name }] : [];
}

function each<Input>(state: HooksState<Input>, turn: (hook: HookState<Input>) => Turn<Input>): HooksDecision<Input> {
  const turns = state.hooks.map(turn);
  return { state: { ...state, hooks: turns.map(([hook]) => hook) }, actions: turns.flatMap(([, actions]) => actions) };
}

function doneOf<Input>({ hooks }: HooksState<Input>): ReadonlyMap<string, string> {
  return new Map(hooks.flatMap(({ plan, done, isFailing }) => {
    const kept = isFailing && plan.on === "activated" ? KEPT_FAILURE : done;
    return kept === null ? [] : [[plan.name, kept]];
  }));
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, key]) => other.get(name) === key);
}
