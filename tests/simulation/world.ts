// All that a simulation consists of: hosts with their disks, sources that are late, one Redis, and a network that
// fails.
import { type Ledger, NEW_LEDGER } from "../../src/agreement/agreement.ts";
import type { StoredRollout } from "../../src/agreement/rollout.ts";
import type { ReleaseTimer } from "../../src/releases/decide_releases.ts";
import { type KeptReleases, NO_RELEASES, type ReleaseLimits } from "../../src/releases/release.ts";
import type { SnapshotId, State } from "../../src/reload/state.ts";
import type { RolloutPolicy, StoreView } from "../../src/rollout/staging.ts";
import { type Random, randomFrom } from "../support/random.ts";
import { emptyRedis, type RedisModel } from "./redis_model.ts";
import { countRollouts, type RolloutCounts } from "./rollout_counts.ts";
import { type RolloutFleet, rolloutHostFrom, rolloutSettingFrom } from "./rollout_setting.ts";
import { startTimeline, type Timeline } from "./timeline.ts";

/** The hash of a source, in hex; null: it does not validate. */
export type Content = string | null;

/** The hash of a content, in the form of any other. */
export function hashOf(content: string): string {
  return content.padStart(64, "0");
}

/** The content of a snapshot: its content hash is the content and the number of an environment, of 1 digit. */
export function contentIn({ hash }: SnapshotId): string {
  return shortOf(hash);
}

/** The name of a hash in a transcript. */
export function shortOf(hash: string | null | undefined): string {
  return hash?.replace(/^0+/, "") ?? "nothing";
}

/** A source with its past: a late host sees an earlier state. The latest is last. */
export interface Source {
  readonly states: { readonly at: number; readonly content: Content; readonly version: number }[];
}

/** One process, from its start to its end. */
export interface Life {
  state: State<SnapshotId>;
  ended: "no" | "crashed" | "stopped";
  /** The work in progress: at most one of each. */
  working: boolean;
  asking: boolean;
  /** The version that the last look saw, for the poll. */
  polled: string;
  /** Given to be kept and not yet written. */
  pending: Ledger | null;
  /** The work to do once the ledger is kept. */
  onKept: (() => void)[];
  /** Whether the link was reported as up. */
  linked: boolean;
  /** When that was reported last, and when the latest look that has ended began. */
  linkedAt: number;
  lookedAt: number;
  readonly timers: Record<"retry" | "settle" | "reconcile" | "rollout" | ReleaseTimer, () => void>;
  /** Whether a request about rollouts is under way: at most one. */
  moving: boolean;
  /** The state of the store when it gave the last answer that arrived since the link came up. */
  known: StoreView | "nothing" | "lies";
  /** The state that its own last move replaced, until the next reading, which may have begun before; null: none. */
  replaced: StoreView | null;
  /** The rollout whose text it read last, so that it need not read it again. */
  stored: StoredRollout | null;
  /** The content of the source that was looked at last. */
  looked: string | null;
  /** The record that the store took last, as text, and whether one is on its way. */
  told: string;
  telling: "no" | "yes" | "again" | "renew";
  /** Cancels the next renewal of the record. */
  renewal: () => void;
  /** Releases that are to be kept and not yet written. */
  recording: KeptReleases | null;
}

/** One host: the state that survives its processes, and its counts. */
export interface Host {
  readonly name: string;
  readonly disk: {
    snapshot: SnapshotId | null;
    ledger: Ledger;
    releases: KeptReleases;
    /** The contents of releases, by their hash. */
    readonly texts: Map<string, string>;
  };
  source: Source;
  /** How late it sees its source, in milliseconds. */
  lag: number;
  /** Whether edits of its source are hints to it; one that does not watch looks when somebody asks it to. */
  readonly watches: boolean;
  /** Null: it takes changes up at once. */
  readonly policy: RolloutPolicy | null;
  /** Whether it knows of rollouts; version 0.1 does not. */
  readonly stages: boolean;
  readonly canary: boolean;
  /** Whether it has its own source; otherwise it runs the store's. */
  readonly hasFile: boolean;
  /** By how much its clock is ahead, in milliseconds. */
  skew: number;
  /** Whether its source cannot be read now. */
  isUnread: boolean;
  /** Contents with which its server does not work, and those that do not validate here. */
  readonly sick: Set<string>;
  readonly rejects: Set<string>;
  /** Whether it left permanently. */
  hasLeft: boolean;
  readonly wasHealthy: Set<string>;
  /** Hashes that were in force. */
  readonly ran: Set<string>;
  /** Hashes that a person ordered it to run, and those that a health check took back. */
  readonly ordered: Set<string>;
  readonly undone: Set<string>;
  /** Changes only the content hash. */
  environment: number;
  /** Null: no process runs. */
  life: Life | null;
  /** Whether it is cut off from Redis. */
  cut: boolean;
  /** When its process began last, or its way to Redis changed. */
  changedAt: number;
  /** Counts changes of its link, so that late news of an earlier one is passed over. */
  linkChanges: number;
  /** Snapshots written, those of another hash among them, and announcements that were taken. */
  readonly done: {
    activations: number;
    changes: number;
    announced: number;
    restored: number;
    forced: number;
    undone: number;
    /** Rollbacks by the health checks, and releases that came into force in place of a skipped source. */
    automatic: number;
    substituted: number;
  };
  /** Other contents than the look before found. */
  found: number;
  lastFound: string;
}

/** The variations of a run beside chance. */
export interface Setting {
  readonly hosts: number;
  readonly shared: boolean;
  readonly settleMilliseconds: number;
  readonly reconcileMilliseconds: number;
  /** Per mille of messages and requests that are lost. */
  readonly loss: number;
  /** Whether persons undo, hold, confirm and force, and health checks watch. */
  readonly operators: boolean;
  readonly limits: ReleaseLimits;
  /** Null: changes come to all hosts at once. */
  readonly rollouts: RolloutFleet | null;
}

/** A running simulation. */
export interface World {
  readonly random: Random;
  readonly time: Timeline;
  readonly setting: Setting;
  readonly redis: RedisModel;
  readonly hosts: Host[];
  redisUp: boolean;
  /** When it stopped last. */
  redisStoppedAt: number;
  /** Whether another server is in the place of Redis, which answers anything. */
  lying: boolean;
  /** How often that happened. */
  lies: number;
  /** Whether anything still fails. */
  faulty: boolean;
  /** How many hints to force were given. */
  forced: number;
  /** Contents with which no server works. */
  readonly sick: Set<string>;
  /** Rollbacks that persons ordered. */
  orders: number;
  readonly rollouts: RolloutCounts;
  /** Hashes that a rollout rolled back, with how often the store had lost writes by then. */
  readonly failed: Map<string, number>;
  /** Hashes that are approved. */
  readonly approved: Set<string>;
  /** Whether hooks may fail. */
  calm: boolean;
  /** Receives the events, for readers of a transcript. */
  readonly trace: (line: string) => void;
}

/** Between two writings of a record. */
export function tellMilliseconds({ setting }: World): number {
  return Math.min(setting.reconcileMilliseconds, 30_000);
}

/** How long there have to be records without a gap before all instances have written theirs. */
export function gatherMilliseconds(world: World): number {
  return tellMilliseconds(world) + REQUEST_TIMEOUT_MILLISECONDS;
}

/** How long a request waits for its answer. */
export const REQUEST_TIMEOUT_MILLISECONDS = 2_000;
/** The longest between two polls of a source. */
export const POLL_MILLISECONDS = 4_000;

/** A world at its beginning, in which no process runs. */
export function createWorld(seed: number, trace: (line: string) => void): World {
  const random = randomFrom(seed);
  const setting: Setting = {
    hosts: 2 + random.below(7),
    shared: random.below(2) === 0,
    settleMilliseconds: random.pick([0, 2_000, 10_000, 30_000]),
    reconcileMilliseconds: random.pick([5_000, 30_000]),
    loss: random.pick([0, 20, 200]),
    ...releasesFrom(random),
    rollouts: null,
    ...seed % 2 === 0 && rolloutSettingFrom(random),
  };
  const common: Source = { states: [{ at: 0, content: "a", version: 0 }] };
  const time = startTimeline();
  const hosts = Array.from({ length: setting.hosts }, (_, index): Host => ({
    name: `h${index}`,
    disk: {
      snapshot: null,
      ledger: NEW_LEDGER,
      releases: NO_RELEASES,
      texts: new Map(),
    },
    source: setting.shared ? common : { states: [...common.states] },
    watches: index === 0 || random.below(3) > 0,
    lag: random.pick([0, 0, random.below(1_000), random.below(45_000)]),
    ...rolloutHostFrom(random, setting.rollouts, index),
    isUnread: false,
    sick: new Set(),
    rejects: new Set(),
    hasLeft: false,
    wasHealthy: new Set(),
    ran: new Set(),
    ordered: new Set(),
    undone: new Set(),
    environment: 0,
    life: null,
    cut: false,
    changedAt: 0,
    linkChanges: 0,
    done: { activations: 0, changes: 0, announced: 0, restored: 0, forced: 0, undone: 0, automatic: 0, substituted: 0 },
    found: 0,
    lastFound: "",
  }));
  return {
    random,
    time,
    setting,
    redis: emptyRedis(),
    hosts,
    redisUp: true,
    redisStoppedAt: 0,
    lying: false,
    lies: 0,
    faulty: true,
    forced: 0,
    sick: new Set(),
    orders: 0,
    rollouts: countRollouts(),
    failed: new Map(),
    approved: new Set([hashOf("a")]),
    calm: false,
    trace: (line) => trace(`${String(time.now()).padStart(8)} ${line}`),
  };
}

/** Two failures in a row within ten seconds. */
export const HEALTH = {
  bakeMilliseconds: 10_000,
  intervalMilliseconds: 2_000,
  failures: 2,
  onFailure: "rollback",
} as const;

function releasesFrom(random: Random): Pick<Setting, "operators" | "limits"> {
  const operators = random.below(2) === 0;
  const health = operators && random.below(3) > 0 ? HEALTH : null;
  return { operators, limits: { keep: random.pick([2, 5, 20]), health } };
}

/** Whether chance has it, in this many of 1,000 cases. */
export function chance({ random }: World, perMille: number): boolean {
  return random.below(1_000) < perMille;
}

/** A jitter in [0, 1). */
export function jitter({ random }: World): number {
  return random.below(1_000) / 1_000;
}

/** The host's clock. */
export function clockOf({ time }: World, { skew }: Host): number {
  return time.now() + skew;
}

/** The state of the source that the host sees now. */
export function seen(
  { time, faulty }: World,
  { source, lag, environment }: Host,
): { content: Content; version: string } {
  const moment = faulty ? time.now() - lag : time.now();
  const state = source.states.findLast(({ at }) => at <= moment) ?? source.states[0]!;
  return { content: state.content, version: `${state.version}/${environment}` };
}

/** Changes a source. */
export function edit({ time, trace }: World, source: Source, content: Content, what: string): void {
  const version = source.states.at(-1)!.version + 1;
  source.states.push({ at: time.now(), content, version });
  trace(`${what} becomes ${content ?? "invalid"}`);
}
