// The hooks of this host, from the options to the processes: each hook runs until it succeeded, and the state file
// keeps which hook is done with which trigger. No reload waits for them; only check hooks can refuse one. Health hooks
// run only when they are asked.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { openTextMasker } from "../diagnostic/text_masker.ts";
import { killSessions } from "../host/process_group.ts";
import type { HookEnding } from "./ending.ts";
import { runHook } from "./hook.ts";
import type { HookOptions, HooksOptions } from "../options/options.ts";
import { type HookReport, runHooks } from "./hook_loop.ts";
import {
  type ActivatedState,
  activatedState,
  failedHook,
  heldBy,
  type HookPlan,
  type HookResult,
  type HooksState,
} from "./decide_hooks.ts";
import { checkHealth } from "./health_runner.ts";
import type { Report } from "../reload/report.ts";
import { backoffOf, runChecks } from "./check_runner.ts";
import {
  type CandidatePaths,
  type HookCandidate,
  type HookInput,
  type HookTriggers,
  type HookTriggerSettings,
  openHookTriggers,
} from "./hook_triggers.ts";
import {
  healthStateOf,
  type HookMemory,
  type HookMemorySettings,
  hookStateOf,
  type HookStatus,
  rememberHooks,
} from "./hook_memory.ts";
import { runnableHook } from "./runnable_hook.ts";
import { followSecretFiles } from "./secret_contents.ts";

/** The options of the hooks, the state that the last process kept, and the receivers of changes. */
export interface HookRunnerSettings extends HookTriggerSettings, HookMemorySettings {
  readonly options: HooksOptions;
  /** The content hash that each hook is done with, from the last process. */
  readonly done: ReadonlyMap<string, string>;
  /** The paths of files with secrets, which a command may print. */
  readonly secretFiles: readonly string[];
  /** Begins to write `done` for the next process. */
  keep(done: ReadonlyMap<string, string>): void;
  /** The generation agreed with last; null: none, or an own change waits to be announced. */
  generation(): number | null;
  /** Called if the status of a hook may have changed. */
  changed(): void;
  /**
   * Called once for each activation and once for the start, as soon as every hook on `activated` has run for it: `ok`
   * if all succeeded, otherwise some failed and may be tried again. If no hook is owed, that is at once. Never called
   * during a call of the runner.
   */
  onSettled?(ok: boolean): void;
}

/** The hooks of a host. Disposing of it ends those that run. */
export interface HookRunner extends AsyncDisposable {
  /** Takes in a report about a reload, with the parts that it changed, or about agreement. */
  report(report: Report<HookCandidate>, changed: readonly string[]): void;
  /** Runs the check hooks on a snapshot that is not in force yet; resolves with the refusals, empty: it is accepted. */
  check(
    candidate: HookCandidate,
    paths: CandidatePaths,
    changed: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[]>;
  /** Whether there are health hooks. */
  readonly hasHealth: boolean;
  /**
   * Asks all health hooks once, and resolves soon after the signal. The servers are not healthy either if a hook on
   * `activated` failed for the newest activation and did not succeed since. The reason is one line without secrets.
   */
  health(signal: AbortSignal): Promise<HookResult>;
  /** The hooks on `activated` and the newest activation; without such hooks `done`. */
  activatedState(): ActivatedState;
  /** In the order of the options. */
  status(): readonly HookStatus[];
  /** Kills all that run, for a process that ends without disposing; most of them before this returns. */
  abandon(): Promise<void>;
}

/** Opens the hooks; none runs before a report. */
export function openHookRunner(settings: HookRunnerSettings): HookRunner {
  const { options } = settings;
  const hooks = effectiveHooks(options);
  const healthHooks = hooks.filter(({ on }) => on === "health");
  const triggers = openHookTriggers(settings);
  const memory = rememberHooks(settings);
  const groups = new Set<number>();
  const run = runnerOf(settings, { triggers, memory, groups });
  const ended = (report: HookReport) => {
    memory.ended(report);
    settings.changed();
    settling.look();
  };
  const loop = runHooks<HookInput>({
    plans: hooks.flatMap(planOf),
    done: settings.done,
    splayMilliseconds: options.splay * 1000,
    run: runOfLoop(hooks, triggers, run),
    keep: settings.keep,
    report: ended,
  });
  const settling = followSettling(() => activatedState(loop.state()), (ok) => settings.onSettled?.(ok));
  let hasReported = false;
  return {
    report(report, changed) {
      // An activation that runs no hook is settled too, and so is that of the last process.
      const isFirst = !hasReported && (report.kind === "unchanged" || report.kind === "held");
      if (report.kind === "activated" || isFirst) settling.begin();
      hasReported ||= "reasons" in report;
      if (hooks.length === 0) return;
      for (const news of triggers.of(report, changed)) {
        if (news.kind === "over") {
          loop.over(news.event);
          continue;
        }
        loop.happened(news.trigger);
        if (news.trigger.event === "activated") settling.begin();
      }
    },
    check(candidate, paths, changed, signal) {
      const input = triggers.toCheck(candidate, paths, changed);
      return runChecks(checkHooks(options), changed, {
        run: (hook, ending) => run(hook, input, ending),
        report: ended,
        random: Math.random,
      }, signal);
    },
    hasHealth: healthHooks.length > 0,
    async health(signal) {
      const name = failedHook(loop.state());
      if (name !== null) return { ok: false, reason: `hook ${name} failed: ${memory.last(name)?.reason}` };
      return await checkHealth(healthHooks, {
        run: (hook, ending) => run(hook, triggers.toAsk(), ending),
        report(answer) {
          memory.answered(answer);
          settings.changed();
        },
      }, signal);
    },
    activatedState: () => activatedState(loop.state()),
    status: () => hooks.map((hook) => statusOf(hook, loop.state(), memory)),
    abandon: () => killSessions(groups),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

interface RunnerParts {
  readonly triggers: HookTriggers;
  readonly memory: HookMemory;
  readonly groups: Set<number>;
}

/** Makes the function that runs a hook once and masks its output. */
function runnerOf(settings: HookRunnerSettings, { triggers, memory, groups }: RunnerParts) {
  const maskerOf = openTextMasker();
  const files = followSecretFiles(settings.secretFiles);
  return async (
    hook: HookOptions,
    { payload, secrets }: HookInput,
    signal: AbortSignal,
    isCarriedOut = false,
  ): Promise<HookEnding> => {
    // A snapshot that comes into force during the run may show in the output as well.
    const known = () => [...secrets, ...triggers.secrets(), ...files.secrets()];
    const mask = (text: string) => settings.mask(maskerOf(known())(text));
    await files.read();
    const filled = { ...payload, generation: settings.generation() };
    const ending = await runHook(runnableHook(hook, isCarriedOut), filled, signal, {
      mask,
      groups,
      ended: (count) => memory.left(hook.name, count),
    });
    // The text of a bug is not masked yet.
    return { ...ending, output: mask(ending.output) };
  };
}

/** Makes the run of the loop's hooks, which knows which of them were carried out already. */
function runOfLoop(hooks: readonly HookOptions[], triggers: HookTriggers, run: ReturnType<typeof runnerOf>) {
  const byName = new Map(hooks.map((hook) => [hook.name, hook]));
  // The input for which each hook was carried out, but its server was not ready in time.
  const carriedOut = new Map<string, HookInput>();
  return async (name: string, input: HookInput, changed: readonly string[] | null, signal: AbortSignal) => {
    const { payload, secrets } = input;
    // A later write may have changed the hash since the trigger.
    const hash = payload.event === "activated" ? triggers.hash() : payload.hash;
    const isCarriedOut = carriedOut.get(name) === input;
    const hook = byName.get(name)!;
    const ending = await run(hook, { payload: { ...payload, hash, changed }, secrets }, signal, isCarriedOut);
    if (!ending.ok && ending.isCarriedOut) carriedOut.set(name, input);
    else carriedOut.delete(name);
    return ending;
  };
}

/** Calls a listener once for each beginning, when the state is no longer `running`. */
function followSettling(state: () => ActivatedState, settled: (ok: boolean) => void) {
  let awaited: "end" | "success" | null = null;
  // A listener that acts on it must find the loop of the hooks between two events.
  const look = () =>
    queueMicrotask(() => {
      const now = state();
      if (awaited === null || now === "running" || (awaited === "success" && now !== "done")) return;
      // A hook that failed is tried again, and may succeed.
      awaited = now === "done" ? null : "success";
      settled(now === "done");
    });
  return {
    begin() {
      awaited = "end";
      look();
    },
    look,
  };
}

function statusOf({ name, on }: HookOptions, all: HooksState<HookInput>, memory: HookMemory): HookStatus {
  const state = all.hooks.find((one) => one.plan.name === name);
  const holder = state === undefined ? null : heldBy(state, all);
  const lastRun = memory.last(name);
  return { name, on, ...(on === "health" ? healthStateOf(lastRun) : hookStateOf(state)), heldBy: holder, lastRun };
}

/** The hooks of the options, with the common `Only` if they have none of their own. */
export function effectiveHooks({ list, only }: HooksOptions): HookOptions[] {
  return list.map((hook) => ({ ...hook, only: hook.only.length > 0 ? hook.only : only }));
}

/** Returns the hooks that check a snapshot before it is in force. */
export function checkHooks(options: HooksOptions): HookOptions[] {
  return effectiveHooks(options).filter((hook) => hook.on === "check");
}

function planOf(hook: HookOptions): HookPlan[] {
  const { name, on, parallel, only, retry, ready } = hook;
  if (on === "check" || on === "health") return [];
  // Only an activation has changed parts.
  return [{
    name,
    on,
    parallel,
    only: on === "activated" ? only : [],
    attempts: retry.attempts,
    backoff: backoffOf(hook),
    stopOnFailure: hook.stopOnFailure ?? ready !== null,
  }];
}
