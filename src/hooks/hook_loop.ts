// Carries out the actions of `decideHooks` beside the reload loop, which never waits for it. Every hook ends with the
// process: after disposing nothing runs and no timer remains.
import { type Clock, systemClock } from "../time/clock.ts";
import {
  decideHooks,
  type HookEvent,
  type HookPlan,
  type HookResult,
  type HooksAction,
  type HooksEvent,
  type HooksState,
  type HookTrigger,
  type HookVerdict,
  initialHooks,
} from "./decide_hooks.ts";

/** The result of a run, and its output. */
export type HookRun = HookResult & {
  /** Bounded; it may hold secrets. */
  readonly output: string;
};

/** The verdict on a run, with its output and duration. */
export interface HookReport extends HookVerdict {
  /** Bounded; it may hold secrets. */
  readonly output: string;
  readonly durationMilliseconds: number;
}

/** The hooks of a loop, the functions that run and keep them, and their limits. */
export interface HookLoopOptions<Input> {
  /** In the order in which they run. */
  readonly plans: readonly HookPlan[];
  /** The key of the trigger that each hook is done with, from the last process. */
  readonly done: ReadonlyMap<string, string>;
  /** The longest random delay before the hooks of a trigger; 0: none. */
  readonly splayMilliseconds: number;
  /**
   * Runs a hook; ends soon after the signal. A failure is a result; a throw is a bug. `changed` are the parts that
   * changed since the hook last succeeded; null: not known.
   */
  run(hook: string, input: Input, changed: readonly string[] | null, signal: AbortSignal): Promise<HookRun>;
  /** Begins to write which hook is done with which trigger. Returns at once, and must not throw. */
  keep(done: ReadonlyMap<string, string>): void;
  /** Receives the report of each run. */
  report(report: HookReport): void;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** In [0, 1). */
  random?(): number;
}

/** A running hook loop; disposing of it ends the hooks that run. */
export interface HookLoop<Input> extends AsyncDisposable {
  /** Takes a trigger in. Returns at once. */
  happened(trigger: HookTrigger<Input>): void;
  /** Ends the triggers of that event: they are past. */
  over(event: HookEvent): void;
  state(): HooksState<Input>;
}

/** The parts of a report that are not in the verdict. */
type RunOutput = Pick<HookReport, "output" | "durationMilliseconds">;

/** How long disposing waits for hooks that were aborted. */
const GRACE_MILLISECONDS = 1_000;

const NO_RUN: RunOutput = { output: "", durationMilliseconds: 0 };

/** Makes a failure of a bug, so that the hook is tried again. The bug's message may quote anything and is left out. */
function failed(bug: unknown): HookRun {
  const name = bug instanceof Error ? bug.name : typeof bug;
  return { ok: false, reason: `an internal error (${name}) kept it from running`, output: "" };
}

/** Opens the loop of some hooks; none runs before a trigger. */
export function runHooks<Input>(given: HookLoopOptions<Input>): HookLoop<Input> {
  const options = { clock: systemClock, random: Math.random, ...given };
  const { clock, random, splayMilliseconds } = options;
  const closing = new AbortController();
  const timers = new Map<string, () => void>();
  const running = new Set<Promise<void>>();
  let state = initialHooks<Input>(options.plans, options.done);

  const take = (event: HooksEvent<Input>, output: RunOutput = NO_RUN): void => {
    const decision = decideHooks(state, event);
    state = decision.state;
    for (const action of decision.actions) carryOut(action, output);
  };
  const disarm = (hook: string) => timers.get(hook)?.();
  const carryOut = (action: HooksAction<Input>, output: RunOutput): void => {
    switch (action.kind) {
      case "run": {
        const run = perform(action).finally(() => running.delete(run));
        running.add(run);
        return;
      }
      case "arm":
        disarm(action.hook);
        timers.set(action.hook, clock.schedule(action.milliseconds, () => take({ kind: "due", hook: action.hook })));
        return;
      case "disarm":
        return disarm(action.hook);
      case "keep":
        return options.keep(action.done);
      case "report":
        return options.report({ ...action.verdict, ...output });
      case "abort":
        return closing.abort();
    }
  };
  const perform = async ({ hook, input, changed }: Extract<HooksAction<Input>, { kind: "run" }>): Promise<void> => {
    const begun = clock.now();
    const attempt = async () => await options.run(hook, input, changed, closing.signal);
    const { output, ...result } = await attempt().catch(failed);
    take({ kind: "ended", hook, result, random: random() }, { output, durationMilliseconds: clock.now() - begun });
  };
  return {
    happened: (trigger) =>
      take({ kind: "happened", trigger, splayMilliseconds: Math.round(random() * splayMilliseconds) }),
    over: (event) => take({ kind: "over", event }),
    state: () => state,
    async [Symbol.asyncDispose]() {
      take({ kind: "stop" });
      const limit = Promise.withResolvers<void>();
      const cancel = clock.schedule(GRACE_MILLISECONDS, limit.resolve);
      await Promise.race([Promise.all(running), limit.promise]);
      cancel();
    },
  };
}
