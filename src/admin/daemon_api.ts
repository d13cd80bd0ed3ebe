// The calls that the admin interface makes to the daemon: the one seam between HTTP and the rest. Only the snapshot's
// bytes hold secrets, and every value is the JSON of an answer.
import type { ApprovalApi } from "./approval_api.ts";
import type { HookStatus } from "../hooks/hook_memory.ts";
import type { PeersAnswer } from "../cluster/notifier.ts";
import type { Peer } from "../cluster/peer_record.ts";
import type { SyncStateKind } from "../agreement/agreement.ts";
import type { SingleMount } from "../host/single_mount.ts";
import type { DiagnosticJson } from "../diagnostic/render.ts";
import type { ListedRelease } from "../releases/history_list.ts";
import type { RolloutSummary, RolloutView } from "../rollout/rollout_view.ts";
import type { Release, TextFormat } from "../releases/release.ts";
import type { BlockDiff } from "../config/config_diff.ts";
import type { SourceReference } from "../releases/source_reference.ts";
import type { RecentFigures } from "../telemetry/recent_figures.ts";

/** A diagnostic with the file that it is about. */
export interface DiagnosticAnswer extends DiagnosticJson {
  /** The path as it was configured; null: the diagnostic is about no file. */
  readonly file: string | null;
  /**
   * The lines of its code frame: the line of the source, with secrets hidden, and its place underlined. Null: it has no
   * place in the source, it comes after the first 50 that have one, or the frame would take too long to make.
   */
  readonly frame: readonly string[] | null;
}

/** The result of the last reload. */
export interface LastReload {
  /** `activated`, `unchanged`, `rejected`, `unreadable` (the source, or an environment file) or `write-failed`. */
  readonly outcome: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
  /** From the look at the source to the outcome. */
  readonly durationMilliseconds: number;
  /** The hints that asked for it. */
  readonly reasons: readonly string[];
  /** Why it failed, in one line; null: it did not. */
  readonly reason: string | null;
  /** Errors of a rejected source, warnings of a valid one. */
  readonly diagnostics: readonly DiagnosticAnswer[];
}

/** The link to the cluster. */
export interface RedisStatus {
  /** `disabled`: High Availability is off, or no connection string is set. */
  readonly state: "disabled" | "connecting" | "up" | "down";
  /** When that state began, in ISO 8601. */
  readonly since: string;
  /**
   * Why the link is down or disabled by mistake, or why Redis refuses requests although it is up (its memory is full);
   * else null.
   */
  readonly reason: string | null;
  /** How often a lost connection came back. */
  readonly reconnections: number;
}

/** How the daemon notices changes of the files. */
export interface WatchStatus {
  /**
   * `events`: with polling beside them; `polling`: events are not available at the moment; `nothing`: watching is off.
   */
  readonly by: "events" | "polling" | "nothing";
  /** Why events are not available; null if they are, or are not wanted. */
  readonly reason: string | null;
}

/**
 * The file at a path: `in-force`; `another` file, or the same with another mode or group; `missing`; null: nothing is
 * in force, a write is in progress, or the file system does not answer.
 */
export type StoredStatus = "in-force" | "another" | "missing" | null;

/** All about one daemon at one moment. */
export interface Status extends ReleaseStatus {
  readonly version: string;
  readonly instance: string;
  /** `cluster`: High Availability is on and Redis is configured; else `alone`. */
  readonly mode: "cluster" | "alone";
  /** Whether file events and polling lead to reloads. */
  readonly watching: boolean;
  readonly watch: WatchStatus;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The path as it was configured; null: there is no file, and the source is in the store. */
  readonly source: string | null;
  /** As `Source:From` says; `both`: the file if it is there. */
  readonly sourceFrom: "file" | "store" | "both";
  readonly snapshot: string;
  /** Of history and journal, absolute. */
  readonly stateDirectory: string;
  /** Null: nothing is in force yet. */
  readonly active: {
    readonly hash: string;
    /** When this process activated it or found it at its start, in ISO 8601. */
    readonly since: string;
  } | null;
  /** The last generation agreed with; null: none, `alone`, or an own change waits to be announced. */
  readonly generation: number | null;
  /** Compared with the cluster's head; `unknown` too while an own change waits to be announced. */
  readonly standing: SyncStateKind;
  /** The cluster's agreement, as far as this instance knows it. */
  readonly head: { readonly generation: number; readonly hash: string } | null;
  /** Whether an own change waits to be announced. */
  readonly announcementOwed: boolean;
  /** Null until a first one ended. */
  readonly lastReload: LastReload | null;
  readonly redis: RedisStatus;
  /** In the order of the options. */
  readonly hooks: readonly HookStatus[];
  /** Whether the options file changed since the start, so that a restart is needed. */
  readonly restartNeeded: boolean;
  /** The file at the snapshot's path. */
  readonly stored: StoredStatus;
  /** Null: none is configured. */
  readonly serverForm: {
    readonly path: string;
    /** The file at that path; one of another snapshot is `another`. */
    readonly stored: StoredStatus;
  } | null;
  /**
   * Files that the daemon reads and that are mounted by themselves, so that it does not see a file that replaces one.
   */
  readonly singleMounts: readonly SingleMount[];
  /** The troubles of history and journal, in one line each; the configuration in force does not depend on them. */
  readonly stateTroubles: readonly string[];
  /** The fleet's latest rollout as this instance knows it, also one that is over; null: none is known. */
  readonly rollout: RolloutSummary | null;
}

/** The number of the release that a rollback without one leads to, or why a person has to choose, in one line. */
export type UndoStatus =
  | { readonly to: number; readonly why: null }
  | { readonly to: null; readonly why: string };

/**
 * Why a valid source is not in force: a rollback took it back, a hold, its rollout has not let this host in, another
 * change of the fleet took its place (`taken-back`: and that does not run here, because it was taken back on this
 * host), or approvals are missing.
 */
export type HeldKind = "skipped" | "frozen" | "staged" | "overtaken" | "taken-back" | "unapproved";

/** The part of a status about releases. */
export interface ReleaseStatus {
  /** The one in force; null: none is known. */
  readonly release: Release | null;
  /** The effect of a rollback without a number. */
  readonly undo: UndoStatus;
  /** Null: the source is in force, or is not valid. */
  readonly held: {
    readonly kind: HeldKind;
    /** Of the source. */
    readonly hash: string;
    /** The person or the cause, when, and why: of the rollback, or of the hold; otherwise null. */
    readonly by: string | null;
    /** ISO 8601; null: not known. */
    readonly at: string | null;
    readonly reason: string | null;
    /** Why it is not put in force, in one line. */
    readonly why: string;
    /** The advice, in one line. */
    readonly advice: string;
  } | null;
  /** Null: nothing is held. */
  readonly hold: { readonly until: string; readonly author: string; readonly reason: string } | null;
  /** Null: no change waits for a person. */
  readonly confirmation: { readonly deadline: string; readonly author: string } | null;
  /** Null: nothing is watched. `endsAt` is null until the hooks are done, and while a failed release fails. */
  readonly bake: { readonly endsAt: string | null; readonly failures: number } | null;
}

/** The text of a release, or why it cannot be had. */
export type ReleaseSource =
  | { readonly ok: true; readonly release: Release; readonly format: TextFormat; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly isUnknown: boolean; readonly reason: string };

/** The body of a request to roll back. */
export interface RollbackRequest {
  /** Null: to the newest release before the one in force that was healthy. */
  readonly number: number | null;
  readonly reason: string;
  readonly author: string | null;
  /** Whether only this host goes back. */
  readonly local: boolean;
  /** Whether the release counts although a rollback took it back; only with a number. */
  readonly force: boolean;
}

/** How a rollback ended. */
export type RollbackAnswer =
  | {
    readonly kind: "done";
    /** The release that was taken back. */
    readonly from: number;
    /** The release whose configuration is in force again, by its old number. */
    readonly to: number;
    /** The new release. */
    readonly release: number;
    readonly hash: string;
    readonly instancesNotified: number;
    /** Why the other instances do not follow yet, in one line; null: they do, or there are none. */
    readonly notNotified: string | null;
  }
  /** It cannot be done now: the reason with advice, in one line. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It was decided and is tried again, but the release could not be put in force. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopping" };

/** The body of a request to hold changes. */
export interface HoldRequest {
  /** In milliseconds since 1970. */
  readonly until: number;
  readonly reason: string;
  readonly author: string | null;
}

/** How a request about releases ended; `reason` is one line with advice. */
export type OrderAnswer = { readonly ok: true } | { readonly ok: false; readonly reason: string };

/** The body of a request to reload. */
export interface ReloadRequest {
  /** The person; null: not known. */
  readonly author: string | null;
  /** Null: none. */
  readonly reason: string | null;
  /** Go back after this time unless the change is confirmed; null: no. */
  readonly confirmSeconds: number | null;
  /** Makes the other instances look again even if nothing changed here. */
  readonly notifyOtherInstances: boolean;
  /** Announces over a head that moved on. */
  readonly force: boolean;
  /** Comes to all hosts at once, without the steps of a rollout. */
  readonly now: boolean;
  /** Runs the source without the approvals that it needs; needs a reason. */
  readonly emergency: boolean;
}

/** The fleet's rollout with its hosts (null: there is none), or in one line why it is not known. */
export type RolloutAnswer =
  | { readonly ok: true; readonly rollout: RolloutView | null }
  | { readonly ok: false; readonly reason: string };

/** The body of a request to pause or to end the rollout. */
export interface RolloutOrderRequest {
  readonly reason: string;
  readonly author: string | null;
}

/** The body of a request to let more hosts in. */
export interface PromoteRequest extends RolloutOrderRequest {
  /** All hosts, in place of those of the next step. */
  readonly full: boolean;
}

/** How a request about the rollout ended. */
export type RolloutOrderAnswer =
  /** The rollout after it. */
  | { readonly kind: "done"; readonly rollout: RolloutSummary }
  /** It cannot be done now: the reason with advice, in one line. */
  | { readonly kind: "refused"; readonly reason: string }
  /** It is not known whether it was done: the store did not answer. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopping" };

/** How a reload ended. */
export type ReloadAnswer =
  | {
    readonly kind: "done";
    readonly status: "reloaded" | "unchanged";
    /** The number of other instances to which Redis delivered a message. */
    readonly instancesNotified: number;
    readonly hash: string;
    /** As in the status. */
    readonly generation: number | null;
    /** As in the status. */
    readonly standing: SyncStateKind;
    /**
     * Why the other instances could not be made to look again although the request asked for it, in one line; else
     * null.
     */
    readonly notNotified: string | null;
    /** The reasons for which the daemon may miss the next edit, in one line each. */
    readonly warnings: readonly string[];
  }
  | { readonly kind: "rejected"; readonly reason: string; readonly diagnostics: readonly DiagnosticAnswer[] }
  /** The source is valid, and not to be put in force. */
  | {
    readonly kind: "held";
    readonly reason: string;
    /** Of the source. */
    readonly hash: string;
    /** Whether the source has a rollout, or is to be proposed for one. */
    readonly awaitsRollout: boolean;
  }
  /** The source could not be read, the snapshot not be written, or a forced change not be announced. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopping" };

/** A side of a diff: a source that the daemon has, or a text that the client sends. */
export type DiffSource = SourceReference | {
  readonly kind: "text";
  /** A path or another name; its ending tells the format. */
  readonly name: string;
  readonly text: string;
};

/** A source that was compiled for a diff. */
export interface DiffSide {
  /** For people: `release 12`, or a path. */
  readonly label: string;
  /** Of the portable config. */
  readonly hash: string;
}

/** The differences of two portable configs, with their secrets masked. */
export interface Diff {
  readonly from: DiffSide;
  readonly to: DiffSide;
  readonly blocks: readonly BlockDiff[];
}

/** Why a source could not be compiled for a diff; all texts are for people. */
export type DiffRefusal =
  /** There is no such release. */
  | { readonly kind: "unknown"; readonly reason: string }
  | {
    readonly kind: "rejected";
    readonly label: string;
    readonly reason: string;
    readonly diagnostics: readonly DiagnosticAnswer[];
  }
  /** A file or the history could not be read. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopping" };

/** A diff, or why there is none. */
export type DiffAnswer = { readonly kind: "diff"; readonly diff: Diff } | DiffRefusal;

/** A hook that an activation of the file would run. */
export interface PlannedHook {
  readonly name: string;
  /** `check`: before the snapshot is in force. */
  readonly on: "check" | "activated";
  /** The action; `restart` and `reload-or-restart` are done to `unit`. */
  readonly does: "restart" | "reload-or-restart" | "command" | "http" | "signal";
  readonly unit: string | null;
}

/** The effects of a reload, without one. */
export type PlanAnswer =
  | {
    readonly kind: "plan";
    /** The file. */
    readonly to: DiffSide;
    /** Whether a reload would put another snapshot in force; a rotated secret of the environment is enough for that. */
    readonly activates: boolean;
    /** Why the file would not be put in force although it is valid, in one line: a rollback or a hold; else null. */
    readonly held: string | null;
    readonly warnings: readonly DiagnosticAnswer[];
    /** In the order in which they would run. */
    readonly hooks: readonly PlannedHook[];
    /** Null: the source in force is not known. */
    readonly diff: Diff | null;
    /** Why there is no diff, in one line; null: there is one. */
    readonly noDiff: string | null;
  }
  | DiffRefusal;

/** The body of a request to publish. */
export interface PublishRequest {
  /** A path or another name; its ending tells the format. */
  readonly name: string;
  readonly text: string;
  readonly reason: string;
  readonly author: string | null;
}

/** How a request to publish ended; all texts are for people. */
export type PublishAnswer =
  /**
   * `unchanged`: the fleet has agreed on it already, and its text is in the store; `first`: the store had no release;
   * `proposed`: it goes through the fleet.
   */
  | { readonly kind: "published"; readonly status: "unchanged" | "first" | "proposed"; readonly hash: string }
  | { readonly kind: "rejected"; readonly reason: string; readonly diagnostics: readonly DiagnosticAnswer[] }
  /** It is not to be published now: the reason with advice, in one line. */
  | { readonly kind: "refused"; readonly reason: string }
  /** The store, or this host, did not do it. */
  | { readonly kind: "failed"; readonly reason: string }
  | { readonly kind: "stopping" };

/** The text that the fleet has agreed on, or in one line why it cannot be had. */
export type StableSource =
  | { readonly ok: true; readonly hash: string; readonly format: TextFormat; readonly bytes: Uint8Array }
  | { readonly ok: false; readonly isUnknown: boolean; readonly reason: string };

/** The snapshot in force. */
export interface ServedSnapshot {
  /** Of the resolved config. It is the entity tag, and derives from secrets. */
  readonly contentHash: string;
  /** The bytes of the file, shared between all requests. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The kinds of events. */
export const EVENT_KINDS = [
  "activated",
  "rejected",
  "held",
  "rolled-back",
  "baking",
  "healthy",
  "unhealthy",
  "confirmed",
  "hold",
  "hold-ended",
  "rollout-proposed",
  "rollout-moved",
  "rollout-done",
  "rollout-refused",
  "diverged",
  "agreed",
  "redis-up",
  "redis-down",
  "hook-failed",
] as const;

/** An event for followers. */
export interface DaemonEvent {
  /** Grows by one with each event of this process. */
  readonly id: number;
  readonly kind: typeof EVENT_KINDS[number];
  /** ISO 8601. */
  readonly at: string;
  /** Hash, generation, reason and the like, without secrets. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events that are kept, and those to come. */
export interface EventSource {
  /** Random for each process: ids of another process mean nothing here. */
  readonly epoch: string;
  /** Those kept with a greater id, the earliest first. */
  after(id: number): readonly DaemonEvent[];
  /** 0: there is none. */
  latest(): number;
  /** Calls back for each event from now on; returns a function that ends that. */
  follow(listener: (event: DaemonEvent) => void): () => void;
}

/** The daemon as the admin interface sees it. Nothing here throws except for a bug. */
export interface DaemonApi extends ApprovalApi {
  status(): Promise<Status>;
  /** The content hash of the snapshot in force, for conditions; null: none. */
  contentHash(): string | null;
  /** Resolves when the reload is done and its change, if any, was announced or could not be announced in time. */
  reload(request: ReloadRequest): Promise<ReloadAnswer>;
  /** The history, the newest first. */
  releases(): readonly ListedRelease[];
  /** Finds a release by its number, or by its hash or a beginning of at least 8 digits; null: there is none. */
  release(reference: string): ListedRelease | null;
  /** Finds the text of a release as {@linkcode DaemonApi.release} does. */
  releaseSource(reference: string): Promise<ReleaseSource>;
  /** Resolves when the release is in force again and was announced, or could not be in time. */
  rollBack(request: RollbackRequest): Promise<RollbackAnswer>;
  /** Resolves when the order is on the disk, or could not be written in time; likewise the next two. */
  confirm(author: string | null): Promise<OrderAnswer>;
  hold(request: HoldRequest): Promise<OrderAnswer>;
  releaseHold(author: string | null): Promise<OrderAnswer>;
  /** As in the status. */
  rolloutSummary(): RolloutSummary | null;
  rollout(): Promise<RolloutAnswer>;
  /** Resolves when the store has the order, or did not answer in time; likewise the next two. */
  promoteRollout(order: PromoteRequest): Promise<RolloutOrderAnswer>;
  pauseRollout(order: RolloutOrderRequest): Promise<RolloutOrderAnswer>;
  /** Ends the rollout: all hosts run the head again, and the candidate is skipped. */
  abortRollout(order: RolloutOrderRequest): Promise<RolloutOrderAnswer>;
  /** The records of all living instances. */
  peers(): Promise<PeersAnswer>;
  /** The last records of instances that stopped writing them, as far as earlier answers of `peers` had them. */
  lostPeers(): readonly Peer[];
  /** Compares two sources; the signal ends the work. */
  diff(from: DiffSource, to: DiffSource, signal: AbortSignal): Promise<DiffAnswer>;
  /** Compiles a text, puts it into the store and proposes it; resolves when that is done. The signal ends the work. */
  publish(request: PublishRequest, signal: AbortSignal): Promise<PublishAnswer>;
  /** Finds the text that the fleet has agreed on; without a cluster that of the release in force. */
  stableSource(signal: AbortSignal): Promise<StableSource>;
  /** The effects of a reload; the signal ends the work. */
  plan(signal: AbortSignal): Promise<PlanAnswer>;
  /** Null: none is in force, or it cannot be read at the moment. */
  snapshot(): Promise<ServedSnapshot | null>;
  /** Calls back when another snapshot came into force; returns a function that ends that. */
  onActivated(listener: () => void): () => void;
  readonly events: EventSource;
  /** In Prometheus' text format 0.0.4. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Reloads and latencies of the last hour. */
  recent(): RecentFigures;
  /** Replaces secrets, as a last line of defence. */
  mask(text: string): string;
}
