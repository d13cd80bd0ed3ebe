// The single writer: carries out what decide decides, one look or write at a time, and is the only one that may. No
// hint is lost, no bug in a look or write ends or wedges it, and after `stop` nothing is begun and no timer is left.
import { initialAgreement, isAnnouncing } from "../agreement/agreement.ts";
import { type Clock, systemClock } from "../time/clock.ts";
import { announce, type ClusterAccess, readHead } from "./cluster_access.ts";
import { type Action, type ActivationResult, decide, type Event, type LookOutcome } from "./decide.ts";
import type { ReloadOutcome, Report } from "./report.ts";
import { type HintReason, initialState, type SnapshotId, type State } from "./state.ts";

/** What a loop is given. */
export interface LoopOptions<Candidate> {
  /** The snapshot in force at start, verified; null where there is none. */
  readonly active: SnapshotId | null;
  /** Reads and judges the source, changing nothing. What is wrong with it is an outcome; a throw is a bug. */
  look(signal: AbortSignal): Promise<LookOutcome<Candidate>>;
  /**
   * Writes the snapshot. Once aborted it either gives up before its rename (by a result or a throw) or completes, and
   * says truly which; where it `isChecked`, the reason may be `SUPERSEDED`. A throw without an abort is a bug. What
   * others take their time for, and ends by itself, is done with the limit suspended.
   */
  activate(candidate: Candidate, signal: AbortSignal, limit: WorkLimit): Promise<ActivationResult>;
  /** Is told what came of each reload, in order. It must not throw; what it throws is the global handler's. */
  report(report: Report<Candidate>): void;
  /** Null or absent: the instance is alone. */
  readonly cluster?: ClusterAccess | null;
  /** Whether others check a snapshot before it is in force, which takes as long as they want. Default false. */
  readonly isChecked?: boolean;
  /**
   * Is told that the loop lives, so often: not while a write has outlasted its limit, for then nothing is reloaded any
   * more. Null or absent: nobody wants to know.
   */
  readonly heartbeat?: { readonly everyMilliseconds: number; beat(): void } | null;
  /** Is told of each new state, before what follows from it is done. It must not throw. */
  changed?(state: State<Candidate>): void;
  /** How long a look may take before it is given up (a read that hangs on a network file system). Default 30,000. */
  readonly lookLimitMilliseconds?: number;
  /** How long a write may take before it is told to give up. Default 30,000. */
  readonly activateLimitMilliseconds?: number;
  /** How long `stop` waits for work that was told to give up. Default 1,000. */
  readonly graceMilliseconds?: number;
  /** Default: the system's. */
  readonly clock?: Clock;
  /** In [0, 1), the jitter of retries. */
  random?(): number;
}

/** The limit of a write, as the write itself may handle it. */
export interface WorkLimit {
  /** Stops the clock. */
  suspend(): void;
  /** Starts it anew, at its full length. */
  resume(): void;
}

/** A running loop; disposing of it stops it. */
export interface Loop<Candidate> extends AsyncDisposable {
  /** Says "look again". Returns at once; after `stop` it does nothing. */
  hint(reason: HintReason): void;
  /** The same, and resolves with what came of a look that began after it; null where the loop stopped first. */
  request(reason: HintReason): Promise<ReloadOutcome<Candidate> | null>;
  /** Says what happened to the link: it is there (again), it is not, or a message came over it. */
  link(event: "linked" | "unlinked" | "heard"): void;
  /** Gives up a look, lets a write complete or give up before its rename, and does nothing more. */
  stop(): Promise<void>;
  /** Resolves when the loop has stopped. */
  readonly stopped: Promise<void>;
  /** Resolves when no announcement is at hand; one that failed may still be tried again later. */
  announced(): Promise<void>;
  /** Resolves when nothing is at hand and no hint waits; a retry may still be due later. */
  settled(): Promise<void>;
  /** What the loop knows now; a value that does not change under its reader. */
  state(): State<Candidate>;
}

/** The reason of the signal by which a write is told to give up for a newer source. */
export const SUPERSEDED = "superseded by a newer source";

/** Looks that outlasted their limit and still hang: beyond so many the next is not begun, each may hold a thread. */
const MAX_HUNG_LOOKS = 4;

/** Called once with the outcome; null where the loop stopped. */
type Answer<C> = (outcome: ReloadOutcome<C> | null) => void;

/** The timers that decide arms, one of each at a time. */
type TimerName = "retry" | "settle" | "reconcile" | "heartbeat";

/** All that changes while a loop runs. */
interface Machine<C> {
  readonly options: Required<LoopOptions<C>>;
  state: State<C>;
  /** Events that arrived while the actions of another were carried out; hints of one reason stand here once. */
  readonly arrived: Event<C>[];
  carrying: boolean;
  work: RunningWork<unknown> | null;
  /** Who waits for a look that has not begun, and who for the one at hand. */
  requests: { waiting: Answer<C>[]; looking: Answer<C>[] };
  /** Who waits for the announcement at hand. */
  announced: PromiseWithResolvers<void>;
  /** Each cancels the timer of that name, where one runs. */
  readonly timers: Record<TimerName, () => void>;
  cancelGrace: () => void;
  hungLooks: number;
  /** Whether the write at hand outlasted its limit. */
  isStalled: boolean;
  idle: PromiseWithResolvers<void>;
  readonly finished: PromiseWithResolvers<void>;
}

/**
 * Starts a loop that is idle: its owner hints `start` when it is ready.
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
      ...options,
    },
    state: initialState(
      options.active,
      {
        agreement: cluster ? initialAgreement(cluster.ledger, cluster.limits) : null,
        isChecked: options.isChecked ?? false,
      },
    ),
    arrived: [],
    carrying: false,
    work: null,
    requests: { waiting: [], looking: [] },
    announced: Promise.withResolvers(),
    timers: { retry: () => {}, settle: () => {}, reconcile: () => {}, heartbeat: () => {} },
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
    request(reason) {
      if (machine.state.stopping) return Promise.resolve(null);
      const { promise, resolve } = Promise.withResolvers<ReloadOutcome<Candidate> | null>();
      machine.requests.waiting.push(resolve);
      take(machine, { kind: "hint", reason });
      return promise;
    },
    link(event) {
      take(machine, event === "linked" ? { kind: event, random: machine.options.random() } : { kind: event });
    },
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

/** Decides on an event and carries the actions out; an event from within an action waits for the rest of them. */
function take<C>(machine: Machine<C>, event: Event<C>): void {
  const { arrived } = machine;
  if (isThere(arrived, event)) return;
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

/** Answers those who wait for the announcement at hand, where there is none any more. */
function noteAnnounced<C>(machine: Machine<C>): void {
  const { agreement, work } = machine.state;
  if (agreement !== null && work.kind !== "stopped" && isAnnouncing(agreement)) return;
  machine.announced.resolve();
  machine.announced = Promise.withResolvers();
}

/** Many hints of one reason, and many messages, are one. */
function isThere<C>(arrived: readonly Event<C>[], event: Event<C>): boolean {
  if (event.kind === "heard") return arrived.some((one) => one.kind === "heard");
  return event.kind === "hint" && arrived.some((one) => one.kind === "hint" && one.reason === event.reason);
}

function carryOut<C>(machine: Machine<C>, action: Action<C>): void {
  const { clock, graceMilliseconds, cluster, random } = machine.options;
  switch (action.kind) {
    case "look":
      return look(machine);
    case "activate":
      return activate(machine, action.candidate);
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
      return consult(machine, action);
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
      tell(machine, action.report);
      if ("reasons" in action.report) answer(machine, action.report);
      return;
    case "finish":
      machine.cancelGrace();
      machine.timers.settle();
      machine.timers.reconcile();
      machine.timers.heartbeat();
      answer(machine, null);
      machine.finished.resolve();
      return;
  }
}

/** Starts a timer in place of the one of its name that may run; the event is made when it is due. */
function arm<C>(machine: Machine<C>, name: TimerName, milliseconds: number, due: () => Event<C>): void {
  machine.timers[name]();
  machine.timers[name] = machine.options.clock.schedule(milliseconds, () => take(machine, due()));
}

/** Beats from now on. The beat is a matter of the loop's own timers: where they do not run, nothing is reloaded. */
function armHeartbeat<C>(machine: Machine<C>, heartbeat: NonNullable<LoopOptions<C>["heartbeat"]>): void {
  const { everyMilliseconds, beat } = heartbeat;
  machine.timers.heartbeat = machine.options.clock.schedule(everyMilliseconds, () => {
    if (!machine.isStalled) beat();
    armHeartbeat(machine, heartbeat);
  });
}

/** Answers those who waited for the look that ended; where the loop stopped, all. */
function answer<C>({ requests }: Machine<C>, outcome: ReloadOutcome<C> | null): void {
  const answered = outcome === null ? [...requests.looking, ...requests.waiting] : requests.looking;
  requests.looking = [];
  for (const one of answered) one(outcome);
}

/** Asks the cluster, beside the look or write at hand: a slow Redis delays no reload. */
function consult<C>(machine: Machine<C>, action: Extract<Action<C>, { kind: "read-head" | "announce" }>): void {
  const { cluster, random } = machine.options;
  if (cluster === null) throw new Error(`${action.kind} without a cluster`);
  const onBug = (error: unknown) => tell(machine, { kind: "internal-error", during: action.kind, error });
  const answered = action.kind === "announce"
    ? announce(cluster, action.announcement, random, onBug)
    : readHead(cluster, random, onBug);
  void answered.then((event) => take(machine, event));
}

function look<C>(machine: Machine<C>): void {
  const { options, requests } = machine;
  requests.looking.push(...requests.waiting.splice(0));
  const limit = options.lookLimitMilliseconds;
  const overdue: LookOutcome<C> = {
    kind: "unreadable",
    fingerprint: "time-limit",
    reason: `reading the source took longer than ${limit} ms`,
  };
  const work = machine.hungLooks < MAX_HUNG_LOOKS
    ? beginWork((signal) => options.look(signal))
    : beginWork(() => Promise.resolve(overdue));
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
    if (ending.kind === "threw") tell(machine, { kind: "internal-error", during: "look", error: ending.error });
    return { kind: "looked", outcome, tookMilliseconds, random: options.random() };
  });
}

function activate<C>(machine: Machine<C>, candidate: C): void {
  const { options } = machine;
  const limit = options.activateLimitMilliseconds;
  const giveUp = () => {
    work.abort();
    machine.isStalled = true;
    tell(machine, { kind: "write-stalled", limitMilliseconds: limit });
  };
  const workLimit = armLimit(machine, limit, giveUp);
  const work = beginWork((signal) => options.activate(candidate, signal, workLimit));
  perform(machine, work, workLimit, (ending, tookMilliseconds) => {
    const result: ActivationResult = ending.kind === "done" ? ending.value : {
      kind: "failed",
      reason: ending.kind === "abandoned"
        ? `writing the snapshot took longer than ${limit} ms`
        : "an internal error kept the snapshot from being written",
    };
    if (ending.kind === "threw") tell(machine, { kind: "internal-error", during: "activate", error: ending.error });
    return { kind: "activated", result, tookMilliseconds, random: options.random() };
  });
}

/** Gives up after so long, but for while it is suspended. */
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

/** Holds the place of the one piece of work until it ended, and takes in the event that `answer` makes of it. */
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

/** Reports without letting a bug of the receiver keep the loop from what is left to do. */
function tell<C>(machine: Machine<C>, report: Report<C>): void {
  try {
    machine.options.report(report);
  } catch (error) {
    reportError(error);
  }
}

// One look or write in progress. However it ends (a value, a bug, an abort, or never), whoever waits for it is answered
// once; what answers late is ignored.

/** How work ended for whoever waited: `abandoned` says that it was given up, whether or not it still runs somewhere. */
export type Ending<T> =
  | { readonly kind: "done"; readonly value: T }
  | { readonly kind: "threw"; readonly error: unknown }
  | { readonly kind: "abandoned" };

/** A piece of work that runs. */
export interface RunningWork<T> {
  /** Never rejects. */
  readonly ended: Promise<Ending<T>>;
  /** Resolves when the work itself is over, which is later than `ended` where it was abandoned; never rejects. */
  readonly over: Promise<void>;
  /** Tells the work to give up, by its signal, whose reason that is. */
  abort(reason?: unknown): void;
  /** Waits no longer. */
  abandon(): void;
}

/** Begins work at once. A throw after `abort` is how work gives up, not a bug: it ends as `abandoned`. */
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
