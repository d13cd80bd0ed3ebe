// Which hook runs when, as a pure function. Every hook that is owed runs for the newest trigger and until it succeeded,
// in order and never twice at a time; no hook is interrupted for another. A failure keeps another hook from its turn only
// if the one that failed says so (`stopOnFailure`).
import { type Backoff, backoffMilliseconds } from "../time/backoff.ts";

/** What hooks are run on; a check is part of the activation and no trigger of its own. */
export type HookEvent = "activated" | "rejected" | "diverged";

/** A hook, as far as its turn depends on it. */
export interface HookPlan {
  /** Tells it from all others. */
  readonly name: string;
  /** When it runs. */
  readonly on: HookEvent;
  /** Whether it runs beside its neighbours that say so too. */
  readonly parallel: boolean;
  /** The parts of the configuration whose change matters to it; empty: every part. */
  readonly only: readonly string[];
  /** How often a failure is tried again; 0: never, and for `activated` without end. */
  readonly attempts: number;
  /** Between the tries. */
  readonly backoff: Backoff;
  /** Whether others wait until it has succeeded, once it has failed: see {@linkcode heldBy}. */
  readonly stopOnFailure: boolean;
}

/** Something that hooks are told. */
export interface HookTrigger<Told> {
  /** What happened. */
  readonly event: HookEvent;
  /** Of `activated`: which snapshot came into force, as it is remembered over a restart. */
  readonly key: string;
  /** Which one was in force before; null: none, or it is not known. */
  readonly before: string | null;
  /** The parts that changed since then; null: not known, which concerns every hook. */
  readonly changed: readonly string[] | null;
  /** Whether it happened before and this is a start: whoever succeeded for it then owes nothing. */
  readonly isStart: boolean;
  /** What is told; opaque here. */
  readonly told: Told;
}

/** What a hook has still to be run for. */
export interface Debt<Told> {
  /** The newest trigger. */
  readonly trigger: HookTrigger<Told>;
  /** Its place in the order of triggers. */
  readonly number: number;
  /** The parts that changed since the hook last succeeded; null: not known. */
  readonly changed: readonly string[] | null;
}

/** Where one hook stands. */
export interface HookState<Told> {
  /** The hook. */
  readonly plan: HookPlan;
  /** Null: nothing. */
  readonly owed: Debt<Told> | null;
  /** The number of the trigger it runs for at the moment; null: it does not run. */
  readonly running: number | null;
  /** What it waits for before it may run; `given-up`: the next trigger, or a restart. */
  readonly waits: "splay" | "retry" | "given-up" | null;
  /** Failures in a row for what is owed. */
  readonly failures: number;
  /** Whether it failed and did not succeed since, for whatever trigger; kept for hooks with `stopOnFailure` only. */
  readonly isUnwell: boolean;
  /** Of `activated`: the key of the last trigger it succeeded for or was not concerned by, if nothing came since. */
  readonly done: string | null;
}

/** The state of all hooks, in the order in which they run. */
export interface HooksState<Told> {
  /** One for each plan. */
  readonly hooks: readonly HookState<Told>[];
  /** How many triggers there were. */
  readonly triggers: number;
  /** Whether nothing is begun any more. */
  readonly stopping: boolean;
}

/** How a hook ended. `reason` is one line without secrets. */
export type HookResult = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** What can happen to the hooks. `random` is in [0, 1) and is the jitter of a retry. */
export type HooksEvent<Told> =
  | { readonly kind: "happened"; readonly trigger: HookTrigger<Told>; readonly splayMilliseconds: number }
  /** What was told is past (the source is valid again, the instance agrees): who was not told yet need not be. */
  | { readonly kind: "over"; readonly event: HookEvent }
  | { readonly kind: "due"; readonly hook: string }
  | { readonly kind: "ended"; readonly hook: string; readonly result: HookResult; readonly random: number }
  | { readonly kind: "stop" };

/** What a run came to, for those who follow. */
export interface HookVerdict {
  /** The hook. */
  readonly hook: string;
  /** How it ended. */
  readonly result: HookResult;
  /** When it is tried again; null: not, or at once for something newer. */
  readonly willRetryInMilliseconds: number | null;
  /** Whether something newer came while it ran, for which it runs once more. */
  readonly superseded: boolean;
  /** Failures in a row, this one too. */
  readonly failures: number;
  /** The hooks that are owed, and do not run because this one failed. */
  readonly held: readonly string[];
}

/** What is to be done, in this order. */
export type HooksAction<Told> =
  /** Answered by `ended`. `changed` are the parts that changed since the hook last succeeded; null: not known. */
  | { readonly kind: "run"; readonly hook: string; readonly told: Told; readonly changed: readonly string[] | null }
  /** Start the hook's one timer, which says `due`, in place of one that runs. */
  | { readonly kind: "arm"; readonly hook: string; readonly milliseconds: number }
  | { readonly kind: "disarm"; readonly hook: string }
  /** Keep over a restart who is done with what, or failed ({@linkcode KEPT_FAILURE}). */
  | { readonly kind: "keep"; readonly done: ReadonlyMap<string, string> }
  | { readonly kind: "report"; readonly verdict: HookVerdict }
  /** End all that run, with all they started. */
  | { readonly kind: "abort" };

/** A state and what to do on the way to the next event. */
export interface HooksDecision<Told> {
  /** What the next event is decided on. */
  readonly state: HooksState<Told>;
  /** To be carried out in this order, all of them. */
  readonly actions: readonly HooksAction<Told>[];
}

/** Kept in place of a key for a hook with `stopOnFailure` that failed and did not succeed since. */
export const KEPT_FAILURE = "failed";

/** Hooks that owe nothing yet; `done` is what the last process kept. */
export function initialHooks<Told>(plans: readonly HookPlan[], done: ReadonlyMap<string, string>): HooksState<Told> {
  const unwell = unwellAtStart(plans, done);
  const hooks = plans.map((plan): HookState<Told> => ({
    plan,
    owed: null,
    running: null,
    waits: null,
    failures: 0,
    isUnwell: unwell.includes(plan),
    done: done.get(plan.name) === KEPT_FAILURE ? null : done.get(plan.name) ?? null,
  }));
  return { hooks, triggers: 0, stopping: false };
}

/** The hooks that failed. If none did, but some are done, the last process may have ended while the next one ran. */
function unwellAtStart(plans: readonly HookPlan[], done: ReadonlyMap<string, string>): readonly HookPlan[] {
  const stopping = plans.filter((plan) => plan.stopOnFailure && plan.on === "activated");
  const failed = stopping.filter(({ name }) => done.get(name) === KEPT_FAILURE);
  if (failed.length > 0 || !plans.some(({ name }) => done.has(name))) return failed;
  return stopping.filter(({ name }) => !done.has(name)).slice(0, 1);
}

/** Takes an event in. An end of what does not run throws: that is a bug of the caller. */
export function decideHooks<Told>(state: HooksState<Told>, event: HooksEvent<Told>): HooksDecision<Told> {
  if (event.kind === "stop") return stop(state);
  const taken = takeIn(state, event);
  if (taken.state.stopping) return taken;
  const { state: next, actions } = begin(taken.state);
  const done = doneOf(next);
  const kept: HooksAction<Told>[] = isSame(done, doneOf(state)) ? [] : [{ kind: "keep", done }];
  return { state: next, actions: [...kept, ...taken.actions, ...actions] };
}

function takeIn<Told>(
  state: HooksState<Told>,
  event: Exclude<HooksEvent<Told>, { kind: "stop" }>,
): HooksDecision<Told> {
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

function stop<Told>(state: HooksState<Told>): HooksDecision<Told> {
  if (state.stopping) return { state, actions: [] };
  const { state: calmed, actions } = each(state, (hook) => [{ ...hook, waits: null }, disarm(hook)]);
  return { state: { ...calmed, stopping: true }, actions: [...actions, { kind: "abort" }] };
}

function happened<Told>(
  state: HooksState<Told>,
  trigger: HookTrigger<Told>,
  splayMilliseconds: number,
): HooksDecision<Told> {
  const number = state.triggers + 1;
  const decided = each(state, (hook) => {
    if (hook.plan.on !== trigger.event) return [hook, []];
    return owe(hook, trigger, number, splayMilliseconds);
  });
  return { ...decided, state: { ...decided.state, triggers: number } };
}

type Turn<Told> = readonly [HookState<Told>, readonly HooksAction<Told>[]];

function owe<Told>(
  hook: HookState<Told>,
  trigger: HookTrigger<Told>,
  number: number,
  splayMilliseconds: number,
): Turn<Told> {
  const { plan, owed, done } = hook;
  if (trigger.isStart && done === trigger.key) return [hook, []];
  // Who is not known to be done with what was before is told everything: what changed since then is not known.
  const isKnown = owed !== null || plan.on !== "activated" || done === trigger.before;
  const changed = isKnown ? union(owed === null ? [] : owed.changed, trigger.changed) : null;
  // The first snapshot of all is news to everybody.
  const isFirst = plan.on === "activated" && trigger.before === null;
  if (!isFirst && !concerns(plan, changed)) return [{ ...hook, done: trigger.key }, []];
  const next: HookState<Told> = {
    ...hook,
    owed: { trigger, number, changed },
    failures: 0,
    done: null,
    waits: splayMilliseconds > 0 ? "splay" : null,
  };
  if (next.waits === null) return [next, disarm(hook)];
  // The delay that runs goes on: else a busy file would put it off for ever.
  if (hook.waits === "splay") return [next, []];
  return [next, [{ kind: "arm", hook: plan.name, milliseconds: splayMilliseconds }]];
}

function ended<Told>(state: HooksState<Told>, name: string, result: HookResult, random: number): HooksDecision<Told> {
  const hook = state.hooks.find((one) => one.plan.name === name);
  if (hook?.running === null || hook === undefined) throw new Error(`the hook ${name} ended and was not running`);
  const { owed, plan } = hook;
  const superseded = owed !== null && owed.number !== hook.running;
  const failures = result.ok || superseded ? 0 : hook.failures + 1;
  const isUnwell = plan.stopOnFailure && !result.ok && owed !== null;
  const idle: HookState<Told> = { ...hook, running: null, isUnwell };
  let next: HookState<Told>;
  let willRetryInMilliseconds: number | null = null;
  const actions: HooksAction<Told>[] = [];
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
  const held = isUnwell ? tried.hooks.filter((one) => one !== next && isHeldBy(one, next, tried)) : [];
  const verdict: HookVerdict = {
    hook: name,
    result,
    willRetryInMilliseconds,
    superseded,
    failures,
    held: held.map((one) => one.plan.name),
  };
  // An end that stopping brought about says nothing of the hook.
  if (!state.stopping) actions.push({ kind: "report", verdict });
  // A trigger that is not told again has no later turn either.
  if (next.owed !== null || held.length === 0) return { state: tried, actions };
  const ending = each(tried, (one) => held.includes(one) ? [release(one), disarm(one)] : [one, []]);
  return { state: ending.state, actions: [...actions, ...ending.actions] };
}

/**
 * The hook that has to succeed before another may begin; null: none. A hook that failed, with `stopOnFailure`, holds
 * those behind it, and those before it that have `stopOnFailure` too: at the next trigger the one that is unwell comes
 * first, so that no second server is restarted before the first is well.
 */
export function heldBy<Told>(hook: HookState<Told>, state: HooksState<Told>): string | null {
  return state.hooks.find((one) => one.isUnwell && one.owed !== null && isHeldBy(hook, one, state))?.plan.name ?? null;
}

function isHeldBy<Told>(hook: HookState<Told>, unwell: HookState<Told>, { hooks }: HooksState<Told>): boolean {
  if (hook.plan.on !== unwell.plan.on || hook.owed === null || hook.running !== null || hook.isUnwell) return false;
  return hook.plan.stopOnFailure || hooks.indexOf(hook) > hooks.indexOf(unwell);
}

function mayRetry({ on, attempts }: HookPlan, failures: number): boolean {
  return failures <= attempts || (on === "activated" && attempts === 0);
}

/** Begins what may begin, event by event: hooks of one event wait for each other, those of different ones do not. */
function begin<Told>(state: HooksState<Told>): HooksDecision<Told> {
  const events = new Set(state.hooks.map((hook) => hook.plan.on));
  const starting = new Set<HookState<Told>>();
  for (const event of events) {
    const hooks = state.hooks.filter((one) => one.plan.on === event);
    const isHeld = (hook: HookState<Told>) => heldBy(hook, state) !== null;
    for (const hook of nextOf(hooks, isHeld)) starting.add(hook);
  }
  if (starting.size === 0) return { state, actions: [] };
  return each(state, (hook) => {
    if (!starting.has(hook) || hook.owed === null) return [hook, []];
    const { number, changed, trigger: { told } } = hook.owed;
    return [{ ...hook, running: number }, [{ kind: "run", hook: hook.plan.name, told, changed }]];
  });
}

/** The hooks of one event that may begin now: one alone, or parallel ones together, none before its predecessors. */
function nextOf<Told>(
  hooks: readonly HookState<Told>[],
  isHeld: (hook: HookState<Told>) => boolean,
): readonly HookState<Told>[] {
  const running = hooks.filter((hook) => hook.running !== null);
  if (running.some((hook) => !hook.plan.parallel)) return [];
  const next: HookState<Told>[] = [];
  for (const hook of hooks) {
    if (hook.owed === null || hook.running !== null || hook.waits !== null || isHeld(hook)) continue;
    if (!hook.plan.parallel) return running.length === 0 && next.length === 0 ? [hook] : next;
    next.push(hook);
  }
  return next;
}

function concerns({ only }: HookPlan, changed: readonly string[] | null): boolean {
  return only.length === 0 || changed === null || only.some((part) => changed.includes(part));
}

function union(one: readonly string[] | null, other: readonly string[] | null): readonly string[] | null {
  return one === null || other === null ? null : [...new Set([...one, ...other])];
}

function due<Told>(hook: HookState<Told>): Turn<Told> {
  return [hook.waits === "given-up" ? hook : { ...hook, waits: null }, []];
}

function release<Told>(hook: HookState<Told>): HookState<Told> {
  return { ...hook, owed: null, waits: null, failures: 0, isUnwell: false };
}

function disarm<Told>({ plan, waits }: HookState<Told>): readonly HooksAction<Told>[] {
  return waits === "splay" || waits === "retry" ? [{ kind: "disarm", hook: plan.name }] : [];
}

function each<Told>(state: HooksState<Told>, turn: (hook: HookState<Told>) => Turn<Told>): HooksDecision<Told> {
  const turns = state.hooks.map(turn);
  return { state: { ...state, hooks: turns.map(([hook]) => hook) }, actions: turns.flatMap(([, actions]) => actions) };
}

function doneOf<Told>({ hooks }: HooksState<Told>): ReadonlyMap<string, string> {
  return new Map(hooks.flatMap(({ plan, done, isUnwell }) => {
    const kept = isUnwell && plan.on === "activated" ? KEPT_FAILURE : done;
    return kept === null ? [] : [[plan.name, kept]];
  }));
}

function isSame(one: ReadonlyMap<string, string>, other: ReadonlyMap<string, string>): boolean {
  return one.size === other.size && [...one].every(([name, key]) => other.get(name) === key);
}
