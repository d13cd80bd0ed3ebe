// Carries out what decideHooks decides, beside the reload loop and without ever holding it up. Whatever a hook does, it
// is ended with the process: after `dispose` nothing runs and no timer is left.
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

/** How a run ended, and what it wrote. */
export type HookRun = HookResult & {
  /** Bounded; it may hold secrets. */
  readonly output: string;
};

/** What a run came to, with what it wrote and how long it took. */
export interface HookReport extends HookVerdict {
  /** Bounded; it may hold secrets. */
  readonly output: string;
  /** From the beginning of the run to its end. */
  readonly durationMilliseconds: number;
}

/** What a hook loop is given. */
export interface HookLoopOptions<Told> {
  /** In the order in which they run. */
  readonly plans: readonly HookPlan[];
  /** Which trigger each hook is done with, as the last process kept it. */
  readonly done: ReadonlyMap<string, string>;
  /** The longest random delay before the hooks of a trigger; 0: none. */
  readonly splayMilliseconds: number;
  /**
   * Runs a hook; ends soon after the signal. What goes wrong is a result; a throw is a bug. `changed` are the parts that
   * changed since the hook last succeeded; null: not known.
   */
  run(hook: string, told: Told, changed: readonly string[] | null, signal: AbortSignal): Promise<HookRun>;
  /** Keeps over a restart who is done with what, begins to. Returns at once, and must not throw. */
  keep(done: ReadonlyMap<string, string>): void;
  /** Is told what each run came to. */
  report(report: HookReport): void;
  /** How long disposing waits for what was told to end. Default 1,000. */
  readonly graceMilliseconds?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** In [0, 1). */
  random?(): number;
}

/** Hooks at work; disposing of it ends those that run. */
export interface HookLoop<Told> extends AsyncDisposable {
  /** Takes what happened. Returns at once. */
  happened(trigger: HookTrigger<Told>): void;
  /** Takes that what happened is past. */
  over(event: HookEvent): void;
  /** Where each hook stands. */
  state(): HooksState<Told>;
}

/** What goes with the verdict on a run. */
type Ran = Pick<HookReport, "output" | "durationMilliseconds">;

const NOTHING_RAN: Ran = { output: "", durationMilliseconds: 0 };

/** A bug is a failure like any other, so that the hook is tried again; its message may quote anything and stays out. */
function failed(bug: unknown): HookRun {
  const name = bug instanceof Error ? bug.name : typeof bug;
  return { ok: false, reason: `an internal error (${name}) kept it from running`, output: "" };
}

/** Opens the loop of some hooks; nothing runs before something happens. */
export function runHooks<Told>(given: HookLoopOptions<Told>): HookLoop<Told> {
  const options = { graceMilliseconds: 1_000, clock: systemClock, random: Math.random, ...given };
  const { clock, random, splayMilliseconds } = options;
  const closing = new AbortController();
  const timers = new Map<string, () => void>();
  const running = new Set<Promise<void>>();
  let state = initialHooks<Told>(options.plans, options.done);

  const take = (event: HooksEvent<Told>, ran: Ran = NOTHING_RAN): void => {
    const decision = decideHooks(state, event);
    state = decision.state;
    for (const action of decision.actions) carryOut(action, ran);
  };
  const disarm = (hook: string) => timers.get(hook)?.();
  const carryOut = (action: HooksAction<Told>, ran: Ran): void => {
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
        return options.report({ ...action.verdict, ...ran });
      case "abort":
        return closing.abort();
    }
  };
  const perform = async ({ hook, told, changed }: Extract<HooksAction<Told>, { kind: "run" }>): Promise<void> => {
    const begun = clock.now();
    const attempt = async () => await options.run(hook, told, changed, closing.signal);
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
      const cancel = clock.schedule(options.graceMilliseconds, limit.resolve);
      await Promise.race([Promise.all(running), limit.promise]);
      cancel();
    },
  };
}
