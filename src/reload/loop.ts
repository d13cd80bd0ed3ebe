// The single writer: it carries out the actions of `decide`, one look or write at a time. No hint is lost, no bug in a
// look or write ends or blocks the loop, and after `stop` nothing begins and no timer remains.
import { initialAgreement, isAnnouncing } from "../agreement/agreement.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import type { HealthResult, Order, ReleaseEvent, ReleaseTimer } from "../releases/decide_releases.ts";
import type { KeptReleases, Releases } from "../releases/release.ts";
import { announce, type ClusterAccess, moveRollout, readFleet, readHead } from "./cluster_access.ts";
import { decide } from "./decide.ts";
import type { Action, ActivationOrder, ActivationResult, Event, LookOutcome, LoopRolloutEvent } from "./events.ts";
import type { Rollouts } from "../rollout/rollouts.ts";
import type { ReloadOutcome, Report } from "./report.ts";
import { type HintReason, initialState, type SnapshotId, type State } from "./state.ts";

/** The work of a loop, its limits, and the receivers of its reports. */
export interface LoopOptions<Candidate> {
  /** The verified snapshot in force at start; null: there is none. */
  readonly active: SnapshotId | null;
  /** Reads and judges the source, and changes nothing. A fault of the source is an outcome; a throw is a bug. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /**
   * Does the same with the text of an earlier release; a candidate has that hash. Absent: there is no history, which
   * makes an earlier release unreadable.
   */
  lookBack?(hash: string, signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /**
   * Writes the releases, and then the snapshot. After an abort it either gives up before its rename (by a result or a
   * throw) or completes, and its result says truly which. If the loop `isChecked`, the reason of the abort may be
   * `SUPERSEDED`. A throw without an abort is a bug. It suspends the limit for checks that take their own time and end
   * by themselves.
   */
  activate(
    candidate: Candidate,
    signal: AbortSignal,
    limit: WorkLimit,
    order: ActivationOrder,
  ): Promise<ActivationResult>;
  /** The releases that the last process kept, reconciled with `active`. Default: none. */
  readonly releases?: Releases | null;
  /** The rollouts at the start. Null or absent: the instance has no cluster. */
  readonly rollouts?: Rollouts | null;
  /** Begins to write the releases, so that they survive a restart. Returns at once, and must not throw. */
  record?(releases: KeptReleases): void;
  /** Asks the health checks once; ends soon after its abort. Absent: there are none. */
  checkHealth?(signal: AbortSignal): Promise<HealthResult>;
  /** Receives each report, in order. It must not throw; the global handler gets its exceptions. */
  report(report: Report<Candidate>): void;
  /** Null or absent: the instance has no cluster. */
  readonly cluster?: ClusterAccess | null;
  /** Whether others check a snapshot before it is in force, which takes as long as they want. Default false. */
  readonly isChecked?: boolean;
  /**
   * Its `beat` is called at this interval while the loop is alive, but not while a write has outlasted its limit,
   * because then nothing is reloaded any more. Null or absent: no beats.
   */
  readonly heartbeat?: { readonly everyMilliseconds: number; beat(): void } | null;
  /** Receives each new state before its actions are carried out. It must not throw. */
  changed?(state: State<Candidate>): void;
  /** The limit after which a look is given up (a read that hangs on a network file system). Default 30,000. */
  readonly lookLimitMilliseconds?: number;
  /** The limit after which a write is aborted. Default 30,000. */
  readonly activateLimitMilliseconds?: number;
  /** How long `stop` waits for aborted work. Default 1,000. */
  readonly graceMilliseconds?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** Milliseconds since 1970. Default: the system's. */
  wallClock?(): number;
  /** In [0, 1), the jitter of retries. */
  random?(): number;
}

/** The limit of a write, under the control of the write. */
export interface WorkLimit {
  suspend(): void;
  /** Starts the limit again, at its full length. */
  resume(): void;
}

/** A running loop; disposing of it stops it. */
export interface Loop<Candidate> extends AsyncDisposable {
  /** Asks for a look. Returns at once; after `stop` it does nothing. */
  hint(reason: HintReason): void;
  /** The same, and resolves with the outcome of a look that began after it; null: the loop stopped first. */
  request(reason: HintReason): Promise<ReloadOutcome<Candidate> | null>;
  /** Takes in an order that leads to a look, and resolves like `request`. */
  requestOrder(order: Order): Promise<ReloadOutcome<Candidate> | null>;
  /** Takes in an event of the link to the cluster: it came up, went down, or brought a message. */
  link(event: "linked" | "unlinked" | "heard"): void;
  /** Takes in an event of the releases: an order of a person, or news of hooks. After `stop` it does nothing. */
  release(event: ReleaseNews): void;
  /** Takes in an order of a person about the fleet's rollout, or a release that a person published. */
  rollout(event: Extract<LoopRolloutEvent, { readonly kind: "rollout-ordered" | "published" }>): void;
  /** Gives up a look, lets a write complete or give up before its rename, and does nothing more. */
  stop(): Promise<void>;
  /** Resolves when the loop has stopped. */
  readonly stopped: Promise<void>;
  /** Resolves when no announcement is in progress; one that failed may still be tried again later. */
  announced(): Promise<void>;
  /** Resolves when no work is in progress and no hint waits; a retry may still be due later. */
  settled(): Promise<void>;
  /** The current state, a value that does not change later. */
  state(): State<Candidate>;
}

/** The reason of the abort signal if a write is to give up for a newer source. */
export const SUPERSEDED = "superseded by a newer source";

/** Looks that outlasted their limit and still hang. At this number the next does not begin: each may hold a thread. */
const MAX_HUNG_LOOKS = 4;

/** The work that only a daemon with a history or health checks has. */
type OptionalWork = "lookBack" | "checkHealth" | "record";

/** Called once with the outcome; null: the loop stopped. */
type Answer<C> = (outcome: ReloadOutcome<C> | null) => void;

/** An event of the releases without its time, which the loop adds. */
export type ReleaseNews = WithoutTime<
  Exclude<ReleaseEvent, { readonly kind: "release-due" | "health-checked" }>
>;

/** Applies to each member of a union by itself. */
type WithoutTime<E> = E extends unknown ? Omit<E, "at"> : never;

/** The timers of the loop, at most one of each at a time. */
type TimerName = "retry" | "settle" | "reconcile" | "heartbeat" | "rollout" | ReleaseTimer;

/** All that changes while a loop runs. */
interface Machine<C> {
  readonly options: Required<Omit<LoopOptions<C>, OptionalWork>> & Pick<LoopOptions<C>, OptionalWork>;
  state: State<C>;
  /** Events that arrived while the actions of another were carried out; hints of one reason are here once. */
  readonly arrived: Event<C>[];
  carrying: boolean;
  work: RunningWork<unknown> | null;
  /** Requests that wait for a look that has not begun, and those that wait for the current one. */
  requests: { waiting: Answer<C>[]; looking: Answer<C>[] };
  /** Resolved at the end of the current announcement. */
  announced: PromiseWithResolvers<void>;
  /** Each cancels the timer of that name, if one runs. */
  readonly timers: Record<TimerName, () => void>;
  cancelGrace: () => void;
  /** Aborts when the loop has finished: a health check that runs has no receiver any more. */
  readonly closing: AbortController;
  hungLooks: number;
  /** Whether the current write outlasted its limit. */
  isStalled: boolean;
  idle: PromiseWithResolvers<void>;
  readonly finished: PromiseWithResolvers<void>;
}

/**
 * Starts an idle loop; its owner hints `start` when it is ready.
 *
 * @example
 * ```ts
 * await using loop = runLoop({ active: null, look, activate, report: console.log });
 * loop.hint("start");
 * await loop.settled();
 * ```
 */
export function runLoop<Candidate>(options: LoopOptions<Candidate>): Loop<Candidate> {
  const { cluster } = options;
  const machine: Machine<Candidate> = {
    options: {
      cluster: null,
      isChecked: false,
      heartbeat: null,
      changed: () => {},
      lookLimitMilliseconds: 30_000,
      activateLimitMilliseconds: 30_000,
      graceMilliseconds: 1_000,
      clock: systemClock,
      random: Math.random,
      wallClock: Date.now,
      releases: null,
      rollouts: null,
      ...options,
    },
    state: initialState(
      options.active,
      {
        agreement: cluster ? initialAgreement(cluster.ledger, cluster.limits) : null,
        isChecked: options.isChecked ?? false,
        ...options.releases && { releases: options.releases },
        rollouts: options.rollouts ?? null,
      },
    ),
    arrived: [],
    carrying: false,
    work: null,
    requests: { waiting: [], looking: [] },
    announced: Promise.withResolvers(),
    timers: noTimers(),
    closing: new AbortController(),
    cancelGrace: () => {},
    hungLooks: 0,
    isStalled: false,
    idle: Promise.withResolvers(),
    finished: Promise.withResolvers(),
  };
  machine.idle.resolve();
  if (machine.options.heartbeat) armHeartbeat(machine, machine.options.heartbeat);
  const stop = () => {
    take(machine, { kind: "stop" });
    return machine.finished.promise;
  };
  return {
    hint: (reason) => take(machine, { kind: "hint", reason }),
    request: (reason) => request(machine, { kind: "hint", reason }),
    requestOrder: (order) => request(machine, { kind: "ordered", order, at: machine.options.wallClock() }),
    link(event) {
      take(machine, event === "linked" ? { kind: event, random: machine.options.random() } : { kind: event });
    },
    rollout: (event) => take(machine, event),
    release: (news) => take(machine, { ...news, at: machine.options.wallClock() } as ReleaseEvent),
    stop,
    stopped: machine.finished.promise,
    announced() {
      const { promise } = machine.announced;
      noteAnnounced(machine);
      return promise;
    },
    settled: () => machine.idle.promise,
    state: () => machine.state,
    [Symbol.asyncDispose]: stop,
  };
}

function noTimers(): Record<TimerName, () => void> {
  const names = ["retry", "settle", "reconcile", "heartbeat", "rollout", "health", "hold", "confirmation"] as const;
  return Object.fromEntries(names.map((name) => [name, () => {}])) as Record<TimerName, () => void>;
}

/** Takes in an event that leads to a look, and resolves with the outcome of the first look that begins after it. */
function request<C>(machine: Machine<C>, event: Event<C>): Promise<ReloadOutcome<C> | null> {
  if (machine.state.stopping) return Promise.resolve(null);
  const { promise, resolve } = Promise.withResolvers<ReloadOutcome<C> | null>();
  machine.requests.waiting.push(resolve);
  take(machine, event);
  return promise;
}

/** Decides on an event and carries the actions out. An event that an action causes waits until all are carried out. */
function take<C>(machine: Machine<C>, event: Event<C>): void {
  const { arrived } = machine;
  if (isQueued(arrived, event)) return;
  arrived.push(event);
  if (machine.carrying) return;
  machine.carrying = true;
  try {
    for (let next = arrived.shift(); next !== undefined; next = arrived.shift()) {
      const { state, actions } = decide(machine.state, next);
      machine.state = state;
      machine.options.changed(state);
      for (const action of actions) carryOut(machine, action);
    }
  } finally {
    machine.carrying = false;
  }
  noteAnnounced(machine);
}

/** Resolves `announced` if no announcement is in progress any more. */
function noteAnnounced<C>(machine: Machine<C>): void {
  const { agreement, work } = machine.state;
  if (agreement !== null && work.kind !== "stopped" && isAnnouncing(agreement)) return;
  machine.announced.resolve();
  machine.announced = Promise.withResolvers();
}

/** Whether an equal event waits: many hints of one reason are one, and so are many messages. */
function isQueued<C>(arrived: readonly Event<C>[], event: Event<C>): boolean {
  if (event.kind === "heard") return arrived.some((one) => one.kind === "heard");
  return event.kind === "hint" && arrived.some((one) => one.kind === "hint" && one.reason === event.reason);
}

function carryOut<C>(machine: Machine<C>, action: Action<C>): void {
  const { clock, graceMilliseconds, cluster, random } = machine.options;
  switch (action.kind) {
    case "look":
      return look(machine);
    case "look-back":
      return look(machine, action.hash);
    case "activate":
      return activate(machine, action.candidate, action);
    case "record":
      return machine.options.record?.(action.releases);
    case "check-health":
      return checkHealth(machine);
    case "arm-release": {
      const { timer, milliseconds } = action;
      return arm(machine, timer, milliseconds, () => ({
        kind: "release-due",
        timer,
        at: machine.options.wallClock(),
      }));
    }
    case "disarm-release":
      return machine.timers[action.timer]();
    case "supersede":
      return machine.work?.abort(SUPERSEDED);
    case "abort": {
      const work = machine.work;
      work?.abort();
      machine.cancelGrace = clock.schedule(graceMilliseconds, () => work?.abandon());
      return;
    }
    case "arm-retry":
      return arm(machine, "retry", action.milliseconds, () => ({ kind: "retry-due" }));
    case "disarm-retry":
      return machine.timers.retry();
    case "read-head":
    case "announce":
    case "read-fleet":
    case "move-rollout":
      return consult(machine, action);
    case "arm-rollout":
      return arm(machine, "rollout", action.milliseconds, () => ({ kind: "rollout-due" }));
    case "disarm-rollout":
      return machine.timers.rollout();
    case "arm-settle":
      return arm(machine, "settle", action.milliseconds, () => ({ kind: "settle-due" }));
    case "disarm-settle":
      return machine.timers.settle();
    case "arm-reconcile":
      return arm(machine, "reconcile", action.milliseconds, () => ({ kind: "reconcile-due", random: random() }));
    case "disarm-reconcile":
      return machine.timers.reconcile();
    case "keep":
      return cluster?.keep(action.ledger);
    case "report":
      report(machine, action.report);
      if ("reasons" in action.report) answer(machine, action.report);
      return;
    case "finish":
      machine.cancelGrace();
      machine.closing.abort();
      for (const cancel of Object.values(machine.timers)) cancel();
      answer(machine, null);
      machine.finished.resolve();
      return;
  }
}

/** Starts a timer in place of the one of its name; `due` makes the event when the timer fires. */
function arm<C>(machine: Machine<C>, name: TimerName, milliseconds: number, due: () => Event<C>): void {
  machine.timers[name]();
  machine.timers[name] = machine.options.clock.schedule(milliseconds, () => take(machine, due()));
}

/** Beats from now on, by the loop's own timers: if these do not run, nothing is reloaded. */
function armHeartbeat<C>(machine: Machine<C>, heartbeat: NonNullable<LoopOptions<C>["heartbeat"]>): void {
  const { everyMilliseconds, beat } = heartbeat;
  machine.timers.heartbeat = machine.options.clock.schedule(everyMilliseconds, () => {
    if (!machine.isStalled) beat();
    armHeartbeat(machine, heartbeat);
  });
}

/** Answers the requests that waited for the look that ended, or all of them if the loop stopped. */
function answer<C>({ requests }: Machine<C>, outcome: ReloadOutcome<C> | null): void {
  const answered = outcome === null ? [...requests.looking, ...requests.waiting] : requests.looking;
  requests.looking = [];
  for (const one of answered) one(outcome);
}

/** Asks the cluster, beside the current look or write: a slow Redis delays no reload. */
function consult<C>(machine: Machine<C>, action: Extract<Action<C>, { kind: ClusterQuestion }>): void {
  const { cluster } = machine.options;
  if (cluster === null) throw new Error(`${action.kind} without a cluster`);
  void askCluster(machine, cluster, action).then((event) => take(machine, event));
}

type ClusterQuestion = "read-head" | "announce" | "read-fleet" | "move-rollout";

function askCluster<C>(
  machine: Machine<C>,
  cluster: ClusterAccess,
  action: Extract<Action<C>, { kind: ClusterQuestion }>,
): Promise<Event<C>> {
  const { random } = machine.options;
  const onBug = (error: unknown) => report(machine, { kind: "internal-error", during: action.kind, error });
  switch (action.kind) {
    case "read-head":
      return readHead(cluster, random, onBug);
    case "announce":
      return announce(cluster, action.announcement, random, onBug);
    case "read-fleet":
      return readFleet(cluster, machine.options, onBug);
    case "move-rollout":
      return moveRollout(cluster, action, machine.options, onBug);
  }
}

/** Looks at the source, or at the text of the release `back`. */
function look<C>(machine: Machine<C>, back: string | null = null): void {
  const { options, requests } = machine;
  requests.looking.push(...requests.waiting.splice(0));
  const begin = (signal: AbortSignal) => back === null ? options.look(signal) : lookBack(options, back, signal);
  const limit = options.lookLimitMilliseconds;
  const overdue: LookOutcome<C> = {
    kind: "unreadable",
    fingerprint: "time-limit",
    reason: `reading the source took longer than ${limit} ms`,
  };
  const work = machine.hungLooks < MAX_HUNG_LOOKS ? beginWork(begin) : beginWork(() => Promise.resolve(overdue));
  const giveUp = () => {
    machine.hungLooks++;
    work.over.then(() => machine.hungLooks--);
    work.abort();
    work.abandon();
  };
  perform(machine, work, armLimit(machine, limit, giveUp), (ending, tookMilliseconds) => {
    const outcome: LookOutcome<C> = ending.kind === "done" ? ending.value : ending.kind === "abandoned" ? overdue : {
      kind: "unreadable",
      fingerprint: "internal-error",
      reason: "an internal error kept the source from being read",
    };
    if (ending.kind === "threw") report(machine, { kind: "internal-error", during: "look", error: ending.error });
    return { kind: "looked", outcome, tookMilliseconds, random: options.random(), at: options.wallClock() };
  });
}

function lookBack<C>(
  { lookBack }: Pick<LoopOptions<C>, "lookBack">,
  hash: string,
  signal: AbortSignal,
): Promise<LookOutcome<C>> {
  if (lookBack !== undefined) return lookBack(hash, signal);
  return Promise.resolve({ kind: "unreadable", fingerprint: hash, reason: "there is no history" });
}

/** Asks the health checks, beside the current look or write. */
function checkHealth<C>(machine: Machine<C>): void {
  const { options, closing } = machine;
  const check = async (): Promise<HealthResult> => {
    try {
      return await options.checkHealth?.(closing.signal) ?? { ok: true };
    } catch (error) {
      report(machine, { kind: "internal-error", during: "check-health", error });
      return { ok: false, reason: "an internal error" };
    }
  };
  void check().then((result) => take(machine, { kind: "health-checked", result, at: options.wallClock() }));
}

function activate<C>(machine: Machine<C>, candidate: C, { releases, isForced }: ActivationOrder): void {
  const { options } = machine;
  const limit = options.activateLimitMilliseconds;
  const giveUp = () => {
    work.abort();
    machine.isStalled = true;
    report(machine, { kind: "write-stalled", limitMilliseconds: limit });
  };
  const workLimit = armLimit(machine, limit, giveUp);
  const work = beginWork((signal) => options.activate(candidate, signal, workLimit, { releases, isForced }));
  perform(machine, work, workLimit, (ending, tookMilliseconds) => {
    const result: ActivationResult = ending.kind === "done" ? ending.value : {
      kind: "failed",
      reason: ending.kind === "abandoned"
        ? `writing the snapshot took longer than ${limit} ms`
        : "an internal error kept the snapshot from being written",
    };
    if (ending.kind === "threw") report(machine, { kind: "internal-error", during: "activate", error: ending.error });
    return { kind: "activated", result, tookMilliseconds, random: options.random(), at: options.wallClock() };
  });
}

/** Calls `giveUp` after that time, unless the limit is suspended. */
function armLimit<C>({ options: { clock } }: Machine<C>, milliseconds: number, giveUp: () => void): WorkLimit {
  let cancel = clock.schedule(milliseconds, giveUp);
  return {
    suspend: () => cancel(),
    resume() {
      cancel();
      cancel = clock.schedule(milliseconds, giveUp);
    },
  };
}

/** Keeps `work` as the current work until it ends, and takes in the event that `answer` makes of the ending. */
function perform<C, T>(
  machine: Machine<C>,
  work: RunningWork<T>,
  limit: WorkLimit,
  answer: (ending: Ending<T>, tookMilliseconds: number) => Event<C>,
): void {
  const { clock } = machine.options;
  if (machine.work === null) machine.idle = Promise.withResolvers();
  machine.work = work;
  const begun = clock.now();
  work.ended.then((ending) => {
    limit.suspend();
    machine.isStalled = false;
    take(machine, answer(ending, clock.now() - begun));
    if (machine.work !== work) return;
    machine.work = null;
    machine.idle.resolve();
  });
}

/** Reports; a bug of the receiver does not keep the loop from its other actions. */
function report<C>(machine: Machine<C>, report: Report<C>): void {
  try {
    machine.options.report(report);
  } catch (error) {
    reportError(error);
  }
}

// One look or write in progress. Whether it ends with a value, a bug, an abort or never, its waiter gets one answer; a
// late answer is ignored.

/** How work ended for its waiter. `abandoned`: it was given up, and may still run. */
export type Ending<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "abandoned" };

/** One look or write in progress. */
export interface RunningWork<T> {
  /** Never rejects. */
  readonly ended: Promise<Ending<T>>;
  /** Resolves when the work itself is over, later than `ended` if it was abandoned; never rejects. */
  readonly over: Promise<void>;
  /** Aborts the signal of the work, with this reason. */
  abort(reason?: unknown): void;
  /** Waits no longer. */
  abandon(): void;
}

/** Begins work at once. Work may give up by a throw after `abort`, which is no bug: it ends as `abandoned`. */
export function beginWork<T>(run: (signal: AbortSignal) => Promise<T>): RunningWork<T> {
  const controller = new AbortController();
  const { promise: ended, resolve } = Promise.withResolvers<Ending<T>>();
  const over = (async () => {
    try {
      resolve({ kind: "done", value: await run(controller.signal) });
    } catch (error) {
      resolve(controller.signal.aborted ? { kind: "abandoned" } : { kind: "threw", error });
    }
  })();
  return {
    ended,
    over,
    abort: (reason) => controller.abort(reason),
    abandon: () => resolve({ kind: "abandoned" }),
  };
}
