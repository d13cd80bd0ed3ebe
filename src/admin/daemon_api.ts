// What the admin interface may ask of the daemon: the one seam between HTTP and the rest. Nothing that comes through it
// holds a secret but the snapshot's bytes, and all of it is JSON as it is answered.
import type { HookStatus } from "../hooks/hook_memory.ts";
import type { PeersAnswer } from "../cluster/notifier.ts";
import type { SyncStateKind } from "../cluster/peers.ts";
import type { SingleMount } from "../host/single_mount.ts";
import type { DiagnosticJson } from "../diagnostic/render.ts";

/** A diagnostic with the file that it is about. */
export interface DiagnosticAnswer extends DiagnosticJson {
  /** As it was named; null where the diagnostic is about no file. */
  readonly file: string | null;
}

/** What the last reload came to. */
export interface LastReload {
  /** `activated`, `unchanged`, `rejected`, `unreadable` (the source, or an environment file) or `write-failed`. */
  readonly outcome: string;
  /** When it ended, in ISO 8601. */
  readonly at: string;
  /** From the look at the source to the outcome. */
  readonly durationMilliseconds: number;
  /** What asked for it. */
  readonly reasons: readonly string[];
  /** Why it failed, in one line; null where it did not. */
  readonly reason: string | null;
  /** Errors of a rejected source, warnings of a valid one. */
  readonly diagnostics: readonly DiagnosticAnswer[];
}

/** How the cluster is reached. */
export interface RedisStatus {
  /** `disabled`: High Availability is off, or no connection string is set. */
  readonly state: "disabled" | "connecting" | "up" | "down";
  /** When it came to that state, in ISO 8601. */
  readonly since: string;
  /**
   * Why the link is down or disabled by mistake, or why Redis refuses requests although it is up (its memory is full);
   * else null.
   */
  readonly reason: string | null;
  /** How often a lost connection came back. */
  readonly reconnections: number;
}

/** How changes of the files are noticed. */
export interface WatchStatus {
  /** `events`: with polling beside them; `polling`: events cannot be had just now; `nothing`: watching is off. */
  readonly by: "events" | "polling" | "nothing";
  /** Why events cannot be had; null if they can, or are not wanted. */
  readonly reason: string | null;
}

/**
 * The file at a path: `in-force`; `another` file, or the same with another mode or group; `missing`; null: nothing is in
 * force, it is just being written, or the file system does not tell.
 */
export type StoredStatus = "in-force" | "another" | "missing" | null;

/** All about one daemon at one moment. */
export interface Status {
  /** Of honua-configd. */
  readonly version: string;
  /** Its name in the cluster. */
  readonly instance: string;
  /** `cluster`: High Availability is on, and Redis is named; `alone`: it is not. */
  readonly mode: "cluster" | "alone";
  /** Whether file events and polling lead to reloads. */
  readonly watching: boolean;
  /** By what. */
  readonly watch: WatchStatus;
  /** ISO 8601. */
  readonly startedAt: string;
  /** The source, as it was named. */
  readonly source: string;
  /** The snapshot's path. */
  readonly snapshot: string;
  /** What is in force; null: nothing yet. */
  readonly active: {
    readonly hash: string;
    /** When this process activated it or found it at its start, in ISO 8601. */
    readonly since: string;
  } | null;
  /** The generation agreed with last; null: none, alone, or an own change waits to be announced. */
  readonly generation: number | null;
  /** Where it stands towards what the cluster agreed on; `unknown` too while an own change waits to be announced. */
  readonly standing: SyncStateKind;
  /** What the cluster has agreed on, as far as it is known. */
  readonly head: { readonly generation: number; readonly hash: string } | null;
  /** Whether an own change waits to be announced. */
  readonly announcementOwed: boolean;
  /** Null until a first one ended. */
  readonly lastReload: LastReload | null;
  /** How the cluster is reached. */
  readonly redis: RedisStatus;
  /** In the order of the options. */
  readonly hooks: readonly HookStatus[];
  /** Whether the options file changed since the start, so that a restart is needed. */
  readonly restartNeeded: boolean;
  /** The file at the snapshot's path. */
  readonly stored: StoredStatus;
  /** The server form; null: there is to be none. */
  readonly serverForm: {
    /** Its path. */
    readonly path: string;
    /** The file there; one of another snapshot is `another`. */
    readonly stored: StoredStatus;
  } | null;
  /** Files that the daemon reads and that are mounted by themselves, so that a file which replaces one is not seen. */
  readonly singleMounts: readonly SingleMount[];
}

/** What a reload is asked with. */
export interface ReloadRequest {
  /** Makes the others look again even if nothing changed here. */
  readonly notifyOtherInstances: boolean;
  /** Announces over a head that moved on. */
  readonly force: boolean;
}

/** How it ended. */
export type ReloadAnswer =
  | {
    readonly kind: "done";
    readonly status: "reloaded" | "unchanged";
    /** The others that Redis delivered a message to. */
    readonly instancesNotified: number;
    readonly hash: string;
    /** As in the status. */
    readonly generation: number | null;
    /** As in the status. */
    readonly standing: SyncStateKind;
    /** Why the others could not be made to look again though that was asked for, in one line; null otherwise. */
    readonly notNotified: string | null;
    /** What may keep the next edit from being seen, in one line each. */
    readonly warnings: readonly string[];
  }
  | { readonly kind: "rejected"; readonly reason: string; readonly diagnostics: readonly DiagnosticAnswer[] }
  /** The source could not be read, the snapshot not be written, or what was to overrule the others not be announced. */
  | { readonly kind: "failed"; readonly reason: string }
  /** The daemon is about to end. */
  | { readonly kind: "stopping" };

/** The snapshot as it is in force. */
export interface ServedSnapshot {
  /** Of the resolved config; it is the entity tag, and it is made of secrets. */
  readonly contentHash: string;
  /** The file's bytes, shared between all who ask. */
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** One thing that happened, for those who follow. */
export interface DaemonEvent {
  /** Grows by one with each event of this process. */
  readonly id: number;
  /** What happened. */
  readonly kind: "activated" | "rejected" | "diverged" | "agreed" | "redis-up" | "redis-down" | "hook-failed";
  /** ISO 8601. */
  readonly at: string;
  /** What goes with it, without secrets: hash, generation, reason. */
  readonly data: Readonly<Record<string, unknown>>;
}

/** The events so far, as far as they are kept, and those to come. */
export interface EventSource {
  /** Random for each process: ids of another one mean nothing here. */
  readonly epoch: string;
  /** Those kept with a greater id, the earliest first. */
  after(id: number): readonly DaemonEvent[];
  /** The id of the latest; 0: none. */
  latest(): number;
  /** Calls back for each event from now on; returns what ends that. */
  follow(listener: (event: DaemonEvent) => void): () => void;
}

/** The daemon as the admin interface sees it. Nothing here throws for what is not a bug. */
export interface DaemonApi {
  /** All about it at this moment. */
  status(): Promise<Status>;
  /** The content hash of the snapshot in force, for conditions; null: none. */
  contentHash(): string | null;
  /** Reloads, and resolves when that is done and, where it changed something, was announced or could not be in time. */
  reload(request: ReloadRequest): Promise<ReloadAnswer>;
  /** What all living instances run. */
  peers(): Promise<PeersAnswer>;
  /** Null where none is in force, or it cannot be read just now. */
  snapshot(): Promise<ServedSnapshot | null>;
  /** Calls back when another snapshot came into force; returns what ends that. */
  onActivated(listener: () => void): () => void;
  /** What happened. */
  readonly events: EventSource;
  /** The metrics as Prometheus' text format 0.0.4, and their content type. */
  metrics(): Promise<{ readonly contentType: string; readonly text: string }>;
  /** Replaces what must not be seen, a last line of defence. */
  mask(text: string): string;
}
