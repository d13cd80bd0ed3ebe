// The daemon's answers for its admin interface: questions are answered from the current state, and a requested reload
// goes through the one loop like every other.
import { resolve } from "node:path";
import type { EventFeed } from "../admin/event_feed.ts";
import type {
  DaemonApi,
  RedisStatus,
  ReloadAnswer,
  ReloadRequest,
  ServedSnapshot,
  Status,
  StoredStatus,
  WatchStatus,
} from "../admin/daemon_api.ts";
import { namesakesOf } from "../cluster/peer_record.ts";
import { withinLimit } from "../time/limit.ts";
import { isolationOf } from "../cluster/isolation.ts";
import { openLostPeers } from "../cluster/lost_peers.ts";
import type { Notifier, PeersAnswer } from "../cluster/notifier.ts";
import type { DaemonMetrics } from "../telemetry/metrics.ts";
import type { FigureMemory } from "../telemetry/recent_figures.ts";
import type { Head } from "../agreement/head.ts";
import { type Held, runningRelease } from "../releases/release.ts";
import type { Loop } from "../reload/loop.ts";
import { heldText } from "../reload/narration.ts";
import type { ReloadOutcome } from "../reload/report.ts";
import { awaitsStep } from "../reload/staged.ts";
import type { SnapshotStore } from "../snapshot/store.ts";
import { diagnosticAnswer, type EventRecorder } from "./event_recorder.ts";
import { type ApprovalParts, noApprovals, openApprovalAnswers } from "./approval_answers.ts";
import { emergencyEntry, maskedEntry } from "./journal_entries.ts";
import type { HookStatus } from "../hooks/hook_memory.ts";
import type { HookRunner } from "../hooks/hook_runner.ts";
import { openReleaseAnswers, releaseStatusOf } from "./release_answers.ts";
import { type ReleaseKeeper, stateDirectoryOf } from "./release_keeper.ts";
import { openRolloutAnswers } from "./rollout_answers.ts";
import type { Candidate } from "./look_compiler.ts";
import { recordOf } from "./membership.ts";
import type { MountedFiles } from "./mounted_files.ts";
import type { Differ } from "./differ.ts";
import { type DaemonSettings, lookAgainPath } from "./daemon_settings.ts";
import { peerLifeOf } from "./joining.ts";
import { agreedGeneration, syncStateOf } from "./sync_state.ts";

/** The parts of the daemon that answer. */
export interface DaemonApiParts {
  readonly settings: DaemonSettings;
  /** The instance's name in the cluster. */
  readonly instance: string;
  readonly incarnation: string;
  readonly store: Pick<SnapshotStore, "read" | "stored">;
  readonly differ: Differ;
  readonly mounted: Pick<MountedFiles, "known" | "look">;
  readonly loop: Loop<Candidate>;
  readonly notifier: Notifier;
  readonly recorder: EventRecorder;
  readonly publisher: Pick<DaemonApi, "publish" | "stableSource">;
  readonly keeper: Pick<ReleaseKeeper, "textOf" | "reserve" | "recorded" | "journal" | "troubles">;
  /** Absent: no approval is required. */
  readonly approvals?: ApprovalParts;
  readonly hookRunner: Pick<HookRunner, "status">;
  readonly metrics: DaemonMetrics;
  readonly figures: Pick<FigureMemory, "recent">;
  readonly feed: EventFeed;
  /** Replaces secrets. */
  mask(text: string): string;
}

/** How long a reload's answer waits for its announcement beyond the limit for connecting. */
const ANNOUNCEMENT_GRACE_MILLISECONDS = 1_000;

/** The peers are only one of many metrics: a slow Redis must not delay the others for longer. */
const PEERS_FOR_METRICS_MILLISECONDS = 1_000;

/** Makes the answers for an admin interface. */
export function openDaemonApi(parts: DaemonApiParts): DaemonApi {
  const { loop, recorder, metrics, feed, mask, differ, publisher } = parts;
  const { highAvailability } = parts.settings.options;
  const startedAt = new Date().toISOString();
  const lost = openLostPeers(Date.now, peerLifeOf(parts.settings.options));
  const peers = async (): Promise<PeersAnswer> => {
    const answer = await peersOf(parts);
    if (answer.ok) lost.see(answer.peers);
    return answer;
  };
  const stopped = new AbortController();
  void loop.stopped.then(() => stopped.abort());
  const rollouts = openRolloutAnswers({
    loop,
    notifier: parts.notifier,
    peers,
    movingMilliseconds: announcingMilliseconds(parts),
    now: Date.now,
    mask,
  });
  return {
    status: async () => ({
      ...statusOf(parts, startedAt),
      rollout: rollouts.rolloutSummary(),
      ...await storedOf(parts),
    }),
    contentHash: () => loop.state().active?.contentHash ?? null,
    reload: (request) => reload(parts, request, stopped.signal),
    ...openReleaseAnswers({ ...parts, announcingMilliseconds: announcingMilliseconds(parts), now: Date.now }),
    ...rollouts,
    ...openApprovalAnswers(parts.approvals ?? noApprovals(highAvailability.configurationChannel), mask),
    peers,
    lostPeers: lost.list,
    diff: (from, to, signal) => unlessStopping([signal, stopped.signal], (either) => differ.diff(from, to, either)),
    plan: (signal) => unlessStopping([signal, stopped.signal], (either) => differ.plan(either)),
    publish: (request, signal) =>
      unlessStopping([signal, stopped.signal], (either) => publisher.publish(request, either)),
    stableSource: (signal) => publisher.stableSource(signal),
    snapshot: snapshotReader(parts),
    onActivated: (listener) => recorder.onActivated(listener),
    events: feed,
    async metrics() {
      const answer = await withinLimit(peers(), PEERS_FOR_METRICS_MILLISECONDS);
      metrics.peers.replace(answer.ok ? peerStates(answer.value) : []);
      const { kept, held } = loop.state().releases;
      const state = runningRelease(kept)?.state;
      metrics.releaseState.replace(state === undefined ? [] : [state === "rolled-back" ? "rolled_back" : state]);
      metrics.held.set(held !== null);
      metrics.rolloutPhase.replace(phasesOf(rollouts.rolloutSummary()));
      metrics.hooksPending.replace(parts.hookRunner.status().filter(isPending).map((hook) => hook.name));
      return { contentType: metrics.contentType, text: metrics.text() };
    },
    recent: () => parts.figures.recent(Date.now()),
    mask,
  };
}

/** The phase for the metrics; none if there is no rollout, or if it is done or void. */
function phasesOf(rollout: Status["rollout"]) {
  if (rollout === null || rollout.isDone || rollout.isVoid) return [];
  if (rollout.phase === "rolled-back") return ["rolled_back" as const];
  return [rollout.phase === "awaiting-approval" ? "awaiting_approval" as const : rollout.phase];
}

/** Does work that rejects if one of the signals aborts. */
async function unlessStopping<T>(
  signals: readonly AbortSignal[],
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | { readonly kind: "stopping" }> {
  const either = AbortSignal.any([...signals]);
  try {
    return await work(either);
  } catch (error) {
    if (either.aborted) return { kind: "stopping" };
    throw error;
  }
}

/**
 * Returns the living processes. Without High Availability this function writes this instance's record, because there is
 * no membership to write it; without a connection string the peers are not known.
 */
async function peersOf(
  { settings, instance, incarnation, loop, notifier, recorder, hookRunner, mask }: DaemonApiParts,
): Promise<PeersAnswer> {
  const { options, version } = settings;
  const isolation = isolationOf(options);
  if (isolation !== null) return { ok: false, reason: isolation };
  if (!options.highAvailability.enabled) {
    const { canary: isCanary } = options.rollout;
    const hooks = hookRunner.status;
    const record = recordOf({ instance, incarnation, version, isCanary, loop, recorder, hooks, mask });
    await notifier.writeRecord({ ...record, at: new Date().toISOString() });
  }
  return await notifier.peers();
}

/** Whether a hook on activations has still to succeed for the snapshot in force. */
function isPending({ on, state }: HookStatus): boolean {
  return on === "activated" && state !== "done" && state !== "idle";
}

function peerStates(answer: PeersAnswer) {
  if (!answer.ok) return [];
  const namesakes = namesakesOf(answer.peers);
  return answer.peers.map(({ instance, rejected, standing }) => {
    if (rejected !== null) return "rejected" as const;
    return namesakes.has(instance) ? "unknown" : standing;
  });
}

/** The limit of a status for the file system of the snapshot. */
const STORED_LIMIT_MILLISECONDS = 2_000;

/** Whether the files on the disk are those in force; null: no snapshot is in force, or it is not known now. */
async function storedOf({ settings, loop, store }: DaemonApiParts): Promise<Pick<Status, "stored" | "serverForm">> {
  const { path, serverPath } = settings.options.snapshot;
  const judge = async (path: string, isInForce: boolean): Promise<StoredStatus> => {
    if (isInForce) return "in-force";
    return await Deno.lstat(path).then(() => "another" as const, () => "missing" as const);
  };
  const compare = async () => {
    const { snapshot, serverForm } = await store.stored();
    const server = serverPath === null ? null : await judge(serverPath, serverForm === true);
    return { snapshot: await judge(path, snapshot), server };
  };
  const before = loop.state();
  const isSteady = before.active !== null && before.work.kind !== "activating";
  const compared = isSteady ? await withinLimit(compare(), STORED_LIMIT_MILLISECONDS) : { ok: false as const };
  const { active, work } = loop.state();
  const isKnown = compared.ok && active === before.active && work.kind !== "activating";
  const { snapshot, server } = isKnown ? compared.value : { snapshot: null, server: null };
  return { stored: snapshot, serverForm: serverPath === null ? null : { path: serverPath, stored: server } };
}

function statusOf(parts: DaemonApiParts, startedAt: string): Omit<Status, "stored" | "serverForm" | "rollout"> {
  const { settings, instance, loop, recorder } = parts;
  const { options, version } = settings;
  const { active, agreement } = loop.state();
  const { enabled } = options.highAvailability;
  return {
    version,
    instance,
    mode: enabled && isolationOf(options) === null ? "cluster" : "alone",
    watching: options.configurationWatcher.enableFileWatching,
    watch: watchOf(parts),
    startedAt,
    source: settings.sourcePath,
    sourceFrom: options.source.from,
    snapshot: options.snapshot.path,
    stateDirectory: resolve(stateDirectoryOf(options)),
    active: active && { hash: active.hash, since: recorder.activeSince() },
    generation: agreedGeneration(agreement),
    standing: syncStateOf(agreement),
    head: headOf(agreement?.head ?? null),
    announcementOwed: agreement !== null && agreement.ledger.owed !== null,
    lastReload: recorder.lastReload(),
    redis: redisOf(parts),
    hooks: parts.hookRunner.status(),
    restartNeeded: recorder.restartNeeded(),
    singleMounts: parts.mounted.known(),
    stateTroubles: parts.keeper.troubles().map(parts.mask),
    ...releaseStatusOf(parts),
  };
}

function watchOf({ settings, recorder, mask }: DaemonApiParts): WatchStatus {
  if (!settings.options.configurationWatcher.enableFileWatching) return { by: "nothing", reason: null };
  const reason = recorder.watchTrouble();
  return reason === null ? { by: "events", reason } : { by: "polling", reason: mask(reason) };
}

/** Leaves out the announcer and the age of the head: the age would make every answer differ. */
function headOf(head: Head | null): Status["head"] {
  return head && { generation: head.generation, hash: head.hash };
}

/**
 * The log has the first reason of a lost link; the status shows the latest one, which helps more. Likewise for
 * refusals.
 */
function redisOf({ recorder, notifier }: DaemonApiParts): RedisStatus {
  const link = notifier.link();
  const status = recorder.redis();
  if (status.state === "up" && link.state === "up") return { ...status, reason: link.refuses ?? null };
  return status.state === "down" && link.state === "down" ? { ...status, reason: link.reason } : status;
}

const UNCONFIRMABLE = "With Rollout:Steps a change waits for its hosts and not for a confirmation: " +
  "pause, promote and rollback lead its rollout; reload --now --confirm passes over the steps";

async function reload(parts: DaemonApiParts, request: ReloadRequest, stopped: AbortSignal): Promise<ReloadAnswer> {
  const { loop, recorder, mask } = parts;
  const before = recorder.announcements();
  const { author, reason, confirmSeconds } = request;
  const isStaged = (loop.state().rollouts?.policy ?? null) !== null && !request.now && !request.force;
  if (confirmSeconds !== null && isStaged && !request.emergency) return { kind: "failed", reason: UNCONFIRMABLE };
  if (request.emergency) parts.keeper.journal.append(maskedEntry(emergencyEntry(author, reason), mask));
  const confirmMilliseconds = confirmSeconds === null ? null : confirmSeconds * 1000;
  // A request without details leaves those of another person, whose reload has not ended, unchanged.
  if (author !== null || reason !== null || confirmMilliseconds !== null) {
    const terms = { author: author && mask(author), reason: reason && mask(reason), confirmMilliseconds };
    loop.release({ kind: "ordered", order: { kind: "terms", terms } });
  }
  const { emergency, force, now } = request;
  const outcome = await loop.request(emergency ? "emergency" : force ? "force" : now ? "now" : "admin");
  if (outcome === null) return { kind: "stopping" };
  const failed = failureOf(outcome, loop.state().rollouts?.policy != null);
  if (failed !== null) return failed;
  await withinLimit(loop.announced(), announcingMilliseconds(parts));
  const { count, forced, delivered } = recorder.announcements();
  const why = request.force && forced === before.forced ? whyNotForced(parts) : null;
  if (why !== null) return stopped.aborted ? { kind: "stopping" } : { kind: "failed", reason: why };
  const notified = count > before.count
    ? { instancesNotified: delivered, notNotified: null }
    : request.notifyOtherInstances
    ? await askAll(parts, stopped)
    : NONE_NOTIFIED;
  if (notified === null) return { kind: "stopping" };
  const mounted = await parts.mounted.look();
  const { active, agreement } = loop.state();
  if (active === null) return { kind: "failed", reason: "No snapshot is in force" };
  return {
    kind: "done",
    status: outcome.kind === "activated" ? "reloaded" : "unchanged",
    instancesNotified: notified.instancesNotified,
    hash: active.hash,
    generation: agreedGeneration(agreement),
    standing: syncStateOf(agreement),
    notNotified: notified.notNotified,
    warnings: mounted.map(({ what, todo }) => `${what}: ${todo}`),
  };
}

function failureOf(outcome: ReloadOutcome<Candidate>, hasSteps: boolean): ReloadAnswer | null {
  switch (outcome.kind) {
    case "activated":
    case "unchanged":
      return null;
    case "rejected": {
      const { reason, diagnostics } = outcome;
      if (outcome.isUnread) return { kind: "failed", reason };
      return { kind: "rejected", reason, diagnostics: diagnostics.map(diagnosticAnswer) };
    }
    case "held":
      return {
        kind: "held",
        reason: heldText(outcome.held),
        hash: outcome.held.hash,
        awaitsRollout: awaitsRollout(outcome.held, hasSteps),
      };
    case "unreadable":
    case "write-failed":
      return { kind: "failed", reason: outcome.reason };
    case "awaiting-retry":
      return { kind: "failed", reason: "The snapshot is still to be written" };
  }
}

/** A source without approvals is proposed too: its rollout waits for them. */
function awaitsRollout(held: Held, hasSteps: boolean): boolean {
  if (held.kind === "unapproved") return hasSteps;
  return awaitsStep(held);
}

/** The limit of an answer for a request to Redis. */
function announcingMilliseconds({ settings }: DaemonApiParts): number {
  return settings.options.highAvailability.connectionTimeoutMs + ANNOUNCEMENT_GRACE_MILLISECONDS;
}

/** Why force announced nothing, in one line; null: there is no cluster, or it has agreed on that hash already. */
function whyNotForced({ settings, loop, notifier, recorder }: DaemonApiParts): string | null {
  const { active, agreement } = loop.state();
  if (agreement === null) return isolationOf(settings.options);
  if (!agreement.linked || notifier.link().state !== "up") {
    return "Redis cannot be reached: nothing was announced over the others";
  }
  if (agreement.request?.kind === "announcement") {
    return "Redis did not answer in time: whether it was announced over the others is not known";
  }
  if (syncStateOf(agreement) === "agreed" && agreement.head?.hash === active?.hash) return null;
  const { trouble } = recorder.announcements();
  return `Nothing was announced over the others${trouble === null ? "" : `: ${trouble}`}`;
}

type Notified = Pick<Extract<ReloadAnswer, { kind: "done" }>, "instancesNotified" | "notNotified">;

const NONE_NOTIFIED: Notified = { instancesNotified: 0, notNotified: null };

/** Asks all other instances to look again, if there are any; null: the daemon is about to end. */
async function askAll(parts: DaemonApiParts, stopped: AbortSignal): Promise<Notified | null> {
  const { notifier, recorder, settings } = parts;
  if (!settings.options.highAvailability.enabled) return NONE_NOTIFIED;
  const isolation = isolationOf(settings.options);
  if (isolation !== null) return { instancesNotified: 0, notNotified: isolation };
  const asked = await withinLimit(notifier.lookAgain(lookAgainPath(settings)), announcingMilliseconds(parts), stopped);
  if (!asked.ok) {
    return stopped.aborted ? null : { instancesNotified: 0, notNotified: "Redis did not answer in time" };
  }
  if (!asked.value.ok) return { instancesNotified: 0, notNotified: asked.value.reason };
  recorder.sentLookAgain();
  return { instancesNotified: asked.value.delivered, notNotified: null };
}

/** Makes the function that reads the snapshot file, once for all requests under one snapshot; it verifies the bytes. */
function snapshotReader({ store, loop, recorder }: DaemonApiParts): () => Promise<ServedSnapshot | null> {
  let shared: Promise<ServedSnapshot | null> | null = null;
  recorder.onActivated(() => shared = null);
  const read = async (): Promise<ServedSnapshot | null> => {
    const { active } = loop.state();
    const found = active && await store.read(active.contentHash);
    if (found === null) return null;
    const { header: { contentHash }, bytes } = found;
    return contentHash === loop.state().active?.contentHash ? { contentHash, bytes } : null;
  };
  return async () => {
    const mine = shared ??= read();
    const snapshot = await mine;
    if (snapshot === null && shared === mine) shared = null;
    return snapshot;
  };
}
