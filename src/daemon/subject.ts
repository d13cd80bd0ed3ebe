// The daemon as its admin interface sees it: questions are answered from what is known at the moment, and a reload that
// is asked for goes through the one loop like every other.
import { setTimeout as delay } from "node:timers/promises";
import type { Journal } from "../admin/journal.ts";
import type { RedisStatus, ReloadAnswer, ReloadRequest, ServedSnapshot, Status, Subject } from "../admin/subject.ts";
import type { Notifier, PeersAnswer } from "../cluster/notifier.ts";
import type { DaemonMetrics } from "../process/metrics.ts";
import type { Head } from "../reload/agreement.ts";
import type { Loop } from "../reload/loop.ts";
import type { Outcome } from "../reload/report.ts";
import { readSnapshot } from "../snapshot/store.ts";
import { type Chronicle, diagnosticAnswer } from "./chronicle.ts";
import type { Candidate } from "./looking.ts";
import { recordOf } from "./membership.ts";
import type { DaemonSettings } from "./settings.ts";

/** What answers the questions. */
export interface SubjectParts {
  /** What it was started with. */
  readonly settings: DaemonSettings;
  /** Its name in the cluster. */
  readonly instance: string;
  /** The one that reloads. */
  readonly loop: Loop<Candidate>;
  /** The way to the others. */
  readonly notifier: Notifier;
  /** What happened so far. */
  readonly chronicle: Chronicle;
  /** What is counted. */
  readonly metrics: DaemonMetrics;
  /** The events. */
  readonly journal: Journal;
  /** Replaces what must not be seen. */
  mask(text: string): string;
}

/** How long a reload's answer waits for its announcement beyond what connecting may take. */
const ANNOUNCEMENT_GRACE_MILLISECONDS = 1_000;

/** Makes the subject of an admin interface. */
export function openSubject(parts: SubjectParts): Subject {
  const { loop, chronicle, metrics, journal, mask } = parts;
  const startedAt = new Date().toISOString();
  return {
    status: () => statusOf(parts, startedAt),
    contentHash: () => loop.state().active?.contentHash ?? null,
    reload: (request) => reload(parts, request),
    peers: () => peersOf(parts),
    snapshot: snapshotReader(parts),
    onActivated: (listener) => chronicle.onActivated(listener),
    events: journal,
    async metrics() {
      metrics.peers.replace(peerStates(await peersOf(parts)));
      return { contentType: metrics.contentType, text: metrics.text() };
    },
    mask,
  };
}

/** Alone there is no other process to be told apart from. */
const INCARNATION = "alone";

/** Who is there. An instance alone tells nobody what it runs, so it says it here. */
async function peersOf({ settings, instance, loop, notifier, chronicle, mask }: SubjectParts): Promise<PeersAnswer> {
  const { options, version } = settings;
  if (!options.highAvailability.enabled) {
    const record = recordOf({ instance, version, loop: () => loop, chronicle, mask }, INCARNATION);
    await notifier.tell({ ...record, at: new Date().toISOString() });
  }
  return await notifier.peers();
}

function peerStates(answer: PeersAnswer) {
  if (!answer.ok) return [];
  return answer.peers.map((peer) => peer.rejected !== null ? "rejected" as const : peer.standing);
}

function statusOf(parts: SubjectParts, startedAt: string): Status {
  const { settings, instance, loop, chronicle } = parts;
  const { options, version } = settings;
  const { active, agreement } = loop.state();
  const { enabled } = options.highAvailability;
  return {
    version,
    instance,
    mode: enabled ? "cluster" : "alone",
    watching: options.configurationWatcher.enableFileWatching,
    startedAt,
    source: settings.sourcePath,
    snapshot: options.snapshot.path,
    active: active && { hash: active.hash, since: chronicle.activeSince() },
    generation: agreement?.ledger.agreed || null,
    standing: agreement?.standing.kind ?? "unknown",
    head: headOf(agreement?.head ?? null),
    announcementOwed: agreement !== null && agreement.ledger.owed !== null,
    lastReload: chronicle.lastReload(),
    redis: redisOf(parts),
    restartNeeded: chronicle.restartNeeded(),
  };
}

/** Who announced it, and when, is for the instance alone: how long ago that was changes with every moment. */
function headOf(head: Head | null): Status["head"] {
  return head && { generation: head.generation, hash: head.hash };
}

/** The log tells a loss once, with its first reason; here it is the latest one that helps. */
function redisOf({ chronicle, notifier }: SubjectParts): RedisStatus {
  const link = notifier.link();
  const status = chronicle.redis();
  return status.state === "down" && link.state === "down" ? { ...status, reason: link.reason } : status;
}

async function reload(parts: SubjectParts, request: ReloadRequest): Promise<ReloadAnswer> {
  const { loop, chronicle, settings } = parts;
  const announcedBefore = chronicle.announcements().count;
  const outcome = await loop.request(request.force ? "force" : "admin");
  if (outcome === null) return { kind: "stopping" };
  const failed = failureOf(outcome);
  if (failed !== null) return failed;
  const limit = settings.options.highAvailability.connectionTimeoutMs + ANNOUNCEMENT_GRACE_MILLISECONDS;
  await within(limit, loop.announced());
  const { count, delivered } = chronicle.announcements();
  const wasAnnounced = count > announcedBefore;
  const { active, agreement } = loop.state();
  if (active === null) return { kind: "failed", reason: "No snapshot is in force" };
  return {
    kind: "done",
    status: outcome.kind === "activated" ? "reloaded" : "unchanged",
    hash: active.hash,
    generation: agreement?.ledger.agreed || null,
    instancesNotified: wasAnnounced ? delivered : request.notifyOtherInstances ? await askAll(parts) : 0,
    standing: agreement?.standing.kind ?? "unknown",
  };
}

function failureOf(outcome: Outcome<Candidate>): ReloadAnswer | null {
  switch (outcome.kind) {
    case "activated":
    case "unchanged":
      return null;
    case "rejected":
      return { kind: "rejected", reason: outcome.reason, diagnostics: outcome.diagnostics.map(diagnosticAnswer) };
    case "unreadable":
    case "write-failed":
      return { kind: "failed", reason: outcome.reason };
    case "awaiting-retry":
      return { kind: "failed", reason: "The snapshot is still to be written" };
  }
}

/** Makes all look again; how many were told. */
async function askAll({ notifier, chronicle, settings }: SubjectParts): Promise<number> {
  const answer = await notifier.lookAgain(settings.sourcePath);
  if (!answer.ok) return 0;
  chronicle.sentLookAgain();
  return answer.delivered;
}

/** Waits for a promise, but no longer than the limit. */
async function within(milliseconds: number, done: Promise<void>): Promise<void> {
  const over = new AbortController();
  const limit = delay(milliseconds, undefined, { signal: over.signal }).catch(() => {});
  await Promise.race([done, limit]);
  over.abort();
}

/** Reads the file once for all who ask while the same snapshot is in force; its bytes are proven before. */
function snapshotReader({ settings, loop, chronicle }: SubjectParts): () => Promise<ServedSnapshot | null> {
  let shared: Promise<ServedSnapshot | null> | null = null;
  chronicle.onActivated(() => shared = null);
  const read = async (): Promise<ServedSnapshot | null> => {
    const found = await readSnapshot(settings.options.snapshot.path).catch(() => null);
    if (found?.state !== "file" || !found.verification.ok) return null;
    const { contentHash } = found.verification.header;
    if (contentHash !== loop.state().active?.contentHash) return null;
    return { contentHash, bytes: found.bytes };
  };
  return async () => {
    const mine = shared ??= read();
    const snapshot = await mine;
    if (snapshot === null && shared === mine) shared = null;
    return snapshot;
  };
}
