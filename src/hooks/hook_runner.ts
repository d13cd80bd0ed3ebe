// The hooks of this host, from the options to the children that run: each is told what happened, as often as it takes,
// and who is done with what is kept over a restart. It holds up no reload; checks alone have a say in one.
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { openTextMasker } from "../diagnostic/text_masker.ts";
import { type HookEnding, killSessions, runHook } from "./hook.ts";
import type { HookOptions, HooksOptions } from "../options/options.ts";
import { type HookReport, runHooks } from "./hook_loop.ts";
import { heldBy, type HookPlan, type HooksState } from "./decide_hooks.ts";
import type { Report } from "../reload/report.ts";
import { backoffOf, runChecks } from "./check_runner.ts";
import {
  type CandidatePaths,
  type HookCandidate,
  type HookTriggerSettings,
  openHookTriggers,
  type Told,
} from "./hook_triggers.ts";
import {
  type HookMemory,
  type HookMemorySettings,
  hookStateOf,
  type HookStatus,
  rememberHooks,
} from "./hook_memory.ts";
import { runnableHook } from "./runnable_hook.ts";
import { followSecretFiles } from "./secret_contents.ts";

/** What the hooks of a host need. */
export interface HookRunnerSettings extends HookTriggerSettings, HookMemorySettings {
  /** `Hooks`. */
  readonly options: HooksOptions;
  /** The content hash that each hook is done with, as the last process kept it. */
  readonly done: ReadonlyMap<string, string>;
  /** The paths of files with secrets, which a command may print. */
  readonly secretFiles: readonly string[];
  /** Keeps that for the next one. */
  keep(done: ReadonlyMap<string, string>): void;
  /** The generation agreed with last; null: none, or an own change waits to be announced. */
  generation(): number | null;
  /** Is told that a hook's standing may be another. */
  changed(): void;
}

/** The hooks of a host. Disposing of it ends those that run. */
export interface HookRunner extends AsyncDisposable {
  /** Takes what came of a reload, with the parts that it changed, or passed between the instances. */
  report(report: Report<HookCandidate>, changed: readonly string[]): void;
  /** Shows a snapshot that is not in force yet to the check hooks; resolves with why it was refused, empty: it was not. */
  check(
    candidate: HookCandidate,
    paths: CandidatePaths,
    changed: readonly string[],
    signal: AbortSignal,
  ): Promise<readonly Diagnostic[]>;
  /** Where each hook stands, in the order of the options. */
  status(): readonly HookStatus[];
  /** Kills all that run, for a process that ends without disposing; most of it before this returns. */
  abandon(): Promise<void>;
}

/** Opens the hooks; none runs before something is reported. */
export function openHookRunner(settings: HookRunnerSettings): HookRunner {
  const { options, mask } = settings;
  const hooks = effectiveHooks(options);
  const byName = new Map(hooks.map((hook) => [hook.name, hook]));
  const triggers = openHookTriggers(settings);
  const memory = rememberHooks(settings);
  const groups = new Set<number>();
  // What each hook was carried out for without what it changed being ready in time.
  const carriedOut = new Map<string, Told>();
  const maskerOf = openTextMasker();
  const files = followSecretFiles(settings.secretFiles);
  const run = async (
    hook: HookOptions,
    { payload, secrets }: Told,
    signal: AbortSignal,
    isCarriedOut = false,
  ): Promise<HookEnding> => {
    // What comes into force while it runs may stand in its output as well.
    const maskNow = (text: string) => mask(maskerOf([...secrets, ...triggers.secrets(), ...files.secrets()])(text));
    await files.read();
    return await runHook(runnableHook(hook, isCarriedOut), { ...payload, generation: settings.generation() }, signal, {
      mask: maskNow,
      groups,
      ended: (count) => memory.left(hook.name, count),
    });
  };
  const ended = (report: HookReport) => {
    memory.ended(report);
    settings.changed();
  };
  const loop = runHooks<Told>({
    plans: hooks.flatMap(planOf),
    done: settings.done,
    splayMilliseconds: options.splay * 1000,
    async run(name, told, changed, signal) {
      const { payload, secrets } = told;
      // The header may have been written anew since it happened.
      const hash = payload.event === "activated" ? triggers.hash() : payload.hash;
      const isCarriedOut = carriedOut.get(name) === told;
      const hook = byName.get(name)!;
      const ending = await run(hook, { payload: { ...payload, hash, changed }, secrets }, signal, isCarriedOut);
      if (!ending.ok && ending.isCarriedOut) carriedOut.set(name, told);
      else carriedOut.delete(name);
      return ending;
    },
    keep: settings.keep,
    report: ended,
  });
  return {
    report(report, changed) {
      if (hooks.length === 0) return;
      for (const news of triggers.of(report, changed)) {
        if (news.kind === "over") loop.over(news.event);
        else loop.happened(news.trigger);
      }
    },
    check(candidate, paths, changed, signal) {
      const told = triggers.toCheck(candidate, paths, changed);
      return runChecks(checkHooks(options), changed, {
        run: (hook, ending) => run(hook, told, ending),
        report: ended,
        random: Math.random,
      }, signal);
    },
    status: () => hooks.map((hook) => statusOf(hook, loop.state(), memory)),
    abandon: () => killSessions(groups),
    [Symbol.asyncDispose]: () => loop[Symbol.asyncDispose](),
  };
}

function statusOf({ name, on }: HookOptions, all: HooksState<Told>, memory: HookMemory): HookStatus {
  const state = all.hooks.find((one) => one.plan.name === name);
  const holder = state === undefined ? null : heldBy(state, all);
  return { name, on, ...hookStateOf(state), heldBy: holder, lastRun: memory.last(name) };
}

/** The hooks with what the options say of all of them. */
function effectiveHooks({ list, only }: HooksOptions): HookOptions[] {
  return list.map((hook) => ({ ...hook, only: hook.only.length > 0 ? hook.only : only }));
}

/** The hooks that check a snapshot before it is in force. */
export function checkHooks(options: HooksOptions): HookOptions[] {
  return effectiveHooks(options).filter((hook) => hook.on === "check");
}

function planOf(hook: HookOptions): HookPlan[] {
  const { name, on, parallel, only, retry, ready } = hook;
  if (on === "check") return [];
  // What changed is told of activations alone.
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
