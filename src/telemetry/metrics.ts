// The daemon's metrics in Prometheus' text format 0.0.4. Every series exists from the start, so that rates and alerts
// work before anything happened; their number is fixed and their order always the same. Labels have only the words
// listed here, the version, a hash's first digits and the hooks' names: no path, no reason and no secret.

const RELOAD_OUTCOMES = ["activated", "unchanged", "rejected", "unreadable", "write_failed", "held"] as const;
/** The causes of rollbacks. */
const ROLLBACK_CAUSES = ["operator", "health", "confirmation"] as const;
const RELEASE_STATES = ["running", "baking", "healthy", "failed", "rolled_back", "skipped", "replaced"] as const;
const ROLLOUT_PHASES = [
  "awaiting_approval",
  "admitting",
  "baking",
  "paused",
  "halted",
  "rolled_back",
  "withdrawn",
] as const;
/** How rollouts end; a halted one may go on. */
const ROLLOUT_OUTCOMES = ["done", "halted", "rolled_back", "withdrawn", "refused"] as const;
/** The demand of a notification. */
const NOTIFICATION_KINDS = ["announcement", "look_again"] as const;
/** The sync states of instances; `rejected` overrides the others. */
const PEER_STATES = ["agreed", "settling", "diverged", "held", "unknown", "rejected"] as const;

const HOOK_OUTCOMES = ["succeeded", "failed"] as const;

/** A count that only grows. */
export interface Counter {
  /** Adds a finite amount that is not negative. */
  add(amount: number): void;
}

/** Counts that only grow, one for each value of a label. */
export interface LabelledCounter<Label extends string, Word extends string> {
  /** Adds a finite amount that is not negative to the one with that label. */
  add(amount: number, labels: Readonly<Record<Label, Word>>): void;
}

/** A value that goes up and down, 0 at first. */
export interface Gauge {
  /** Takes a finite number; true is 1 and false 0. */
  set(value: number | boolean): void;
}

/** Counts runs of hooks by hook and outcome. */
export interface HookCounter {
  /** Adds a finite amount that is not negative. */
  add(amount: number, labels: { readonly hook: string; readonly outcome: typeof HOOK_OUTCOMES[number] }): void;
}

/** A flag for each hook, unset at first. */
export interface HookFlags {
  /** Sets the flags of these hooks and clears the others. */
  replace(hooks: Iterable<string>): void;
}

/** The number of members in each state, all 0 at first. */
export interface Census<State extends string> {
  /** Counts from zero: the state of each member, in any order. */
  replace(states: Iterable<State>): void;
}

/** A distribution of durations. */
export interface Histogram {
  /** Takes seconds; a negative value, which a clock that was set back can cause, counts as 0. */
  observe(seconds: number): void;
}

/** One series about the running program, whose value is always 1. */
export interface Info {
  /** Takes the hash in force, or null if there is none. The series with the former hash is gone. */
  replace(labels: { readonly hash: string | null }): void;
}

/** The instruments, each named like its metric without prefix and unit; times are seconds since 1970. */
export interface DaemonMetrics {
  /** Every look that ended, also one that changed nothing. */
  readonly reloads: LabelledCounter<"outcome", typeof RELOAD_OUTCOMES[number]>;
  /** From the beginning of the look to the outcome. */
  readonly reloadDuration: Histogram;
  /** The end of the last reload that was `activated`, `unchanged` or `held`. */
  readonly lastReloadSuccessTime: Gauge;
  /** The last write of a snapshot. */
  readonly lastChangeTime: Gauge;
  /** Whether the last reload was `activated`, `unchanged` or `held`. */
  readonly lastReloadSuccessful: Gauge;
  /** Announcements that were accepted and messages that make all instances look again. */
  readonly notificationsSent: Counter;
  /** Those that were understood, without this instance's own. */
  readonly notificationsReceived: LabelledCounter<"kind", typeof NOTIFICATION_KINDS[number]>;
  /** Announcements of the hash that this instance runs already. */
  readonly notificationsIgnored: Counter;
  /** Messages that are neither an announcement nor a path. */
  readonly notificationsInvalid: Counter;
  /** From another instance's announcement, by the age of the head, to the activation here. */
  readonly notificationLatency: Histogram;
  /** Failures of the watch on the files. */
  readonly watcherErrors: Counter;
  /** How often a failed watch worked again. */
  readonly watcherRestarts: Counter;
  /** Whether High Availability is on: an instance outside a cluster misses no Redis. */
  readonly highAvailabilityEnabled: Gauge;
  /** Whether the link to Redis is up. */
  readonly redisConnected: Gauge;
  /** How often a lost link came back. */
  readonly redisReconnections: Counter;
  /** The last generation agreed with; 0: none. */
  readonly activeGeneration: Gauge;
  /** Whether this instance runs a hash other than the cluster's, and looking again did not change that. */
  readonly diverged: Gauge;
  readonly rollbacks: LabelledCounter<"by", typeof ROLLBACK_CAUSES[number]>;
  /** The state of the release in force; none before a first one. */
  readonly releaseState: Census<typeof RELEASE_STATES[number]>;
  /** The phase of the fleet's rollout; none after it is done. */
  readonly rolloutPhase: Census<typeof ROLLOUT_PHASES[number]>;
  /** As this instance saw them end; `refused`: it could not propose one. */
  readonly rollouts: LabelledCounter<"outcome", typeof ROLLOUT_OUTCOMES[number]>;
  /** Whether the source is not put in force because of a rollback, a hold, a rollout or a missing approval. */
  readonly held: Gauge;
  /** Runs of hooks that ended, also checks. */
  readonly hookRuns: HookCounter;
  /** From the beginning of such a run to its end. */
  readonly hookDuration: Histogram;
  /** The hooks that have not succeeded for the snapshot in force, to be set before `text`. */
  readonly hooksPending: HookFlags;
  /** All living instances as the cluster knows them, to be set before `text`; none if Redis cannot be asked. */
  readonly peers: Census<typeof PEER_STATES[number]>;
  /** The version, and the first 12 digits of the hash in force. */
  readonly info: Info;
  /** Of `text`. */
  readonly contentType: string;
  /** All metrics, with the process's figures of this moment. */
  text(): string;
}

/** Figures of the process; null: not readable. */
export interface ProcessFigures {
  /** Resident memory, in bytes. */
  readonly residentBytes: number | null;
  /** Number of open file descriptors. */
  readonly openFileDescriptors: number | null;
}

export interface MetricsSettings {
  /** Of honua-configd. */
  readonly version: string;
  /** Of the process, since 1970. */
  readonly startTimeSeconds: number;
  /** The names of the hooks. */
  readonly hooks?: readonly string[];
  /** Read at each scrape. */
  readonly processFigures?: () => ProcessFigures;
}

/** The text format's content type (prometheus.io, Exposition formats). */
const CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8";
const PREFIX = "honua_configd_";
const HASH_DIGITS = 12;
/** Around the usual tens of milliseconds, and up to the limits of the parser and of a slow disk. */
const RELOAD_BUCKETS_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
/** Longer than a reload's: late files settle for 30 s by default, and a missed change is found every 30 s. */
const LATENCY_BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300];

/** Opens the metrics, all of them 0. */
export function openMetrics(settings: MetricsSettings): DaemonMetrics {
  const { version, startTimeSeconds, hooks = [], processFigures = readProcessFigures } = settings;
  const families: Family[] = [];
  const opened = <Instrument>([instrument, family]: readonly [Instrument, Family]): Instrument => {
    families.push({ ...family, name: PREFIX + family.name });
    return instrument;
  };
  return {
    reloads: opened(labelledCounter("reloads_total", "Reloads that ended.", "outcome", RELOAD_OUTCOMES)),
    reloadDuration: opened(
      histogram("reload_duration_seconds", "From the look at the source to the outcome.", RELOAD_BUCKETS_SECONDS),
    ),
    lastReloadSuccessTime: opened(
      gauge("last_reload_success_timestamp_seconds", "When a reload last ended well; 0: not since the start."),
    ),
    lastChangeTime: opened(
      gauge("last_change_timestamp_seconds", "When a snapshot was last written; 0: not since the start."),
    ),
    lastReloadSuccessful: opened(gauge("last_reload_successful", "Whether the last reload ended well.")),
    notificationsSent: opened(counter("notifications_sent_total", "Notifications sent to other instances.")),
    notificationsReceived: opened(
      labelledCounter("notifications_received_total", "Notifications of other instances.", "kind", NOTIFICATION_KINDS),
    ),
    notificationsIgnored: opened(counter("notifications_ignored_total", "Announcements of the hash in force.")),
    notificationsInvalid: opened(counter("notifications_invalid_total", "Messages that were not understood.")),
    notificationLatency: opened(
      histogram("notification_latency_seconds", "From announcement to activation.", LATENCY_BUCKETS_SECONDS),
    ),
    watcherErrors: opened(counter("watcher_errors_total", "Failures of the watch on the files.")),
    watcherRestarts: opened(counter("watcher_restarts_total", "Failed watches that work again.")),
    highAvailabilityEnabled: opened(gauge("high_availability_enabled", "Whether High Availability is on.")),
    redisConnected: opened(gauge("redis_connected", "Whether the link to Redis is up.")),
    redisReconnections: opened(counter("redis_reconnections_total", "Lost links to Redis that came back.")),
    activeGeneration: opened(gauge("active_generation", "The generation agreed with last; 0: none.")),
    diverged: opened(gauge("diverged", "Whether the hash in force is not the cluster's, and stays so.")),
    rollbacks: opened(labelledCounter("rollbacks_total", "Releases that were rolled back.", "by", ROLLBACK_CAUSES)),
    releaseState: opened(census("release_state", "The state of the release in force.", "state", RELEASE_STATES)),
    rolloutPhase: opened(census("rollout_phase", "The phase of the fleet's rollout.", "phase", ROLLOUT_PHASES)),
    rollouts: opened(
      labelledCounter("rollouts_total", "Rollouts, as this instance saw them end.", "outcome", ROLLOUT_OUTCOMES),
    ),
    held: opened(gauge("held", "Whether the source is valid and not put in force.")),
    hookRuns: opened(hookCounter("hook_runs_total", "Runs of hooks that ended.", hooks)),
    hookDuration: opened(
      histogram("hook_duration_seconds", "From a hook's beginning to its end.", RELOAD_BUCKETS_SECONDS),
    ),
    hooksPending: opened(
      hookFlags("hook_pending", "Whether a hook has not succeeded for the snapshot in force.", hooks),
    ),
    peers: opened(census("peers", "Living instances, this one too.", "state", PEER_STATES)),
    info: opened(info(version)),
    contentType: CONTENT_TYPE,
    text: () => [...families, ...processFamilies(startTimeSeconds, processFigures())].map(textOf).join(""),
  };
}

/** Reads the process's figures; a figure is null if the file system or a permission refuses it. */
export function readProcessFigures(): ProcessFigures {
  const orNull = (read: () => number): number | null => {
    try {
      return read();
    } catch {
      return null;
    }
  };
  return {
    residentBytes: orNull(() => Deno.memoryUsage().rss),
    openFileDescriptors: orNull(() => [...Deno.readDirSync("/proc/self/fd")].length),
  };
}

interface Sample {
  /** Follows the family's name: `_bucket`, `_sum`, `_count`. */
  readonly suffix?: string;
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge" | "histogram";
  samples(): readonly Sample[];
}

function counter(name: string, help: string): [Counter, Family] {
  let value = 0;
  const add = (amount: number) => void (value += increment(name, amount));
  return [{ add }, { name, help, type: "counter", samples: () => [{ value }] }];
}

function labelledCounter<Label extends string, Word extends string>(
  name: string,
  help: string,
  label: Label,
  words: readonly Word[],
): [LabelledCounter<Label, Word>, Family] {
  const values = new Map<Word, number>(words.map((word) => [word, 0]));
  const add = (amount: number, labels: Readonly<Record<Label, Word>>) => {
    const before = values.get(labels[label]);
    if (before === undefined) throw new RangeError(`${name} has no such ${label}`);
    values.set(labels[label], before + increment(name, amount));
  };
  return [{ add }, { name, help, type: "counter", samples: () => samplesBy(label, values) }];
}

function hookCounter(name: string, help: string, hooks: readonly string[]): [HookCounter, Family] {
  const counters = hooks.map((hook) => [hook, ...labelledCounter(name, help, "outcome", HOOK_OUTCOMES)] as const);
  const add: HookCounter["add"] = (amount, { hook, outcome }) => {
    const [, counter] = counters.find(([known]) => known === hook) ?? [];
    if (counter === undefined) throw new RangeError(`${name} has no such hook`);
    counter.add(amount, { outcome });
  };
  const samples = () =>
    counters.flatMap(([hook, , family]) =>
      family.samples().map((sample) => ({ ...sample, labels: { hook, ...sample.labels } }))
    );
  return [{ add }, { name, help, type: "counter", samples }];
}

function hookFlags(name: string, help: string, hooks: readonly string[]): [HookFlags, Family] {
  let flagged: ReadonlySet<string> = new Set();
  const replace = (names: Iterable<string>) => void (flagged = new Set(names));
  const samples = () => hooks.map((hook) => ({ labels: { hook }, value: Number(flagged.has(hook)) }));
  return [{ replace }, { name, help, type: "gauge", samples }];
}

function gauge(name: string, help: string): [Gauge, Family] {
  let value = 0;
  const set = (to: number | boolean) => void (value = finite(name, Number(to)));
  return [{ set }, { name, help, type: "gauge", samples: () => [{ value }] }];
}

function census<State extends string>(
  name: string,
  help: string,
  label: string,
  states: readonly State[],
): [Census<State>, Family] {
  let counts = new Map<State, number>(states.map((state) => [state, 0]));
  const replace = (found: Iterable<State>) => {
    const next = new Map<State, number>(states.map((state) => [state, 0]));
    for (const state of found) {
      const before = next.get(state);
      if (before === undefined) throw new RangeError(`${name} has no such ${label}`);
      next.set(state, before + 1);
    }
    counts = next;
  };
  return [{ replace }, { name, help, type: "gauge", samples: () => samplesBy(label, counts) }];
}

function histogram(name: string, help: string, bounds: readonly number[]): [Histogram, Family] {
  const counts = bounds.map(() => 0);
  let [sum, count] = [0, 0];
  const observe = (seconds: number) => {
    const value = Math.max(0, finite(name, seconds));
    bounds.forEach((bound, at) => counts[at]! += value <= bound ? 1 : 0);
    sum += value;
    count++;
  };
  const samples = () => [
    ...bounds.map((bound, at) => ({ suffix: "_bucket", labels: { le: String(bound) }, value: counts[at]! })),
    { suffix: "_bucket", labels: { le: "+Inf" }, value: count },
    { suffix: "_sum", value: sum },
    { suffix: "_count", value: count },
  ];
  return [{ observe }, { name, help, type: "histogram", samples }];
}

function info(version: string): [Info, Family] {
  let digits = "";
  const replace: Info["replace"] = ({ hash }) => void (digits = hash?.slice(0, HASH_DIGITS) ?? "");
  const samples = () => [{ labels: { version, hash: digits }, value: 1 }];
  const help = "The version that runs, and the beginning of the hash in force, empty if nothing is.";
  return [{ replace }, { name: "info", help, type: "gauge", samples }];
}

/** With the names of all of Prometheus' client libraries, without a prefix; an unknown figure is left out. */
function processFamilies(startTimeSeconds: number, figures: ProcessFigures): Family[] {
  const entries: readonly (readonly [string, string, number | null])[] = [
    ["process_start_time_seconds", "When the process began.", startTimeSeconds],
    ["process_resident_memory_bytes", "Resident memory.", figures.residentBytes],
    ["process_open_fds", "Open file descriptors.", figures.openFileDescriptors],
  ];
  return entries.flatMap(([name, help, value]) =>
    value === null ? [] : [{ name, help, type: "gauge" as const, samples: () => [{ value }] }]
  );
}

function samplesBy(label: string, values: ReadonlyMap<string, number>): Sample[] {
  return [...values].map(([word, value]) => ({ labels: { [label]: word }, value }));
}

function textOf({ name, help, type, samples }: Family): string {
  const lines = samples().map(({ suffix = "", labels = {}, value }) => {
    const pairs = Object.entries(labels).map(([label, text]) =>
      `${label}="${escapeText(text).replaceAll('"', '\\"')}"`
    );
    return `${name}${suffix}${pairs.length > 0 ? `{${pairs.join(",")}}` : ""} ${value}\n`;
  });
  return `# HELP ${name} ${escapeText(help)}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

/** Escapes characters that would end the line; a lone surrogate, for which UTF-8 has no form, becomes U+FFFD. */
function escapeText(text: string): string {
  return text.toWellFormed().replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
}

function increment(name: string, amount: number): number {
  if (amount < 0) throw new RangeError(`${name} cannot go down`);
  return finite(name, amount);
}

function finite(name: string, value: number): number {
  if (!Number.isFinite(value)) throw new RangeError(`${name} must be finite`);
  return value;
}
