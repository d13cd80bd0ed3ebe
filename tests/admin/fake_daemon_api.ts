// A daemon under a test's control, behind the admin interface's own seam, with a secret in every place in which a
// careless one could have let it through.
import type { ApproveAnswer, PendingApproval } from "../../src/admin/approval_api.ts";
import type { PeersAnswer } from "../../src/cluster/notifier.ts";
import type { RolloutView } from "../../src/rollout/rollout_view.ts";
import type { ListedRelease } from "../../src/releases/history_list.ts";
import type { Peer } from "../../src/cluster/peer_record.ts";
import type {
  DaemonApi,
  DaemonEvent,
  DiffAnswer,
  DiffSource,
  EventSource,
  OrderAnswer,
  PlanAnswer,
  PublishAnswer,
  PublishRequest,
  ReleaseSource,
  ReloadAnswer,
  ReloadRequest,
  RollbackAnswer,
  RolloutAnswer,
  RolloutOrderAnswer,
  StableSource,
  Status,
} from "../../src/admin/daemon_api.ts";
import { type FigureMemory, openFigureMemory } from "../../src/telemetry/recent_figures.ts";

/** A part of the snapshot, and of every text that the fake gives away. */
export const SECRET = "hunter2-correct-horse-battery";

/** The events of a fake daemon. */
export interface FakeEvents extends EventSource {
  /** Adds one and calls the followers. */
  add(kind: DaemonEvent["kind"], data?: Readonly<Record<string, unknown>>): void;
  /** Forgets those up to this id. */
  forget(id: number): void;
  /** How many follow. */
  followers(): number;
}

/** A daemon under a test's control. */
export interface FakeSubject extends DaemonApi {
  readonly events: FakeEvents;
  /** Puts a snapshot with this content hash in force; null: none. */
  activate(contentHash: string | null, bytes?: Uint8Array<ArrayBuffer>): void;
  /** The requests of reloads. */
  readonly requests: ReloadRequest[];
  /** The answers of the next reloads. */
  answerReload: () => Promise<ReloadAnswer>;
  /** The sources of the diffs that were asked for. */
  readonly diffs: (readonly [DiffSource, DiffSource])[];
  /** The instances that stopped writing. */
  lost: readonly Peer[];
  /** The answer of the next diffs. */
  answerDiff: (signal: AbortSignal) => Promise<DiffAnswer>;
  /** The answer of the next plans. */
  answerPlan: (signal: AbortSignal) => Promise<PlanAnswer>;
  /** The publications. */
  readonly published: PublishRequest[];
  /** The answer of the next publications. */
  answerPublish: () => Promise<PublishAnswer>;
  /** Finds the stable source. */
  answerStable: () => Promise<StableSource>;
  /** Finds the source of a release. */
  answerSource: (reference: string) => Promise<ReleaseSource>;
  /** Rollbacks, holds and the like that were asked for. */
  readonly orders: unknown[];
  /** The answer of the next rollbacks. */
  answerRollback: () => Promise<RollbackAnswer>;
  /** The rollout. */
  answerRollout: () => Promise<RolloutAnswer>;
  /** The answer of the next orders about the rollout. */
  answerRolloutOrder: () => Promise<RolloutOrderAnswer>;
  /** Why orders are refused; null: they are not. */
  refuseOrders: string | null;
  /** The answer of the next signatures. */
  answerApprove: (hash: string, signature: string) => Promise<ApproveAnswer>;
  /** The peers. */
  answerPeers: () => Promise<PeersAnswer>;
  /** The members of the status that a test gives. */
  given: Partial<Status>;
  /** Is thrown by `status`; null: nothing. */
  bug: Error | null;
  /** The figures of `recent`, as of 2026-01-01T01:00Z. */
  readonly figures: FigureMemory;
  /** How many wait for a snapshot. */
  waiters(): number;
}

/** A peer with this name and hash. */
export function peer(instance: string, hash: string | null): Peer {
  return {
    instance,
    hash,
    incarnation: "0f",
    version: "1.0.0",
    generation: 1,
    standing: "agreed",
    rejected: null,
    at: "2026-01-01T00:00:00.000Z",
    self: instance === "edge-1",
  };
}

/** Makes one in which nothing is in force. */
export function fakeDaemonApi(): FakeSubject {
  let contentHash: string | null = null;
  let bytes = new TextEncoder().encode(JSON.stringify({ password: SECRET }) + "\n");
  const listeners = new Set<() => void>();
  const requests: ReloadRequest[] = [];
  const api: FakeSubject = {
    events: fakeEvents(),
    requests,
    given: {},
    bug: null,
    answerReload: () =>
      Promise.resolve({
        kind: "done",
        status: "reloaded",
        instancesNotified: 3,
        hash: "a1",
        generation: 7,
        standing: "agreed",
        notNotified: null,
        warnings: [],
      }),
    answerPeers: () => Promise.resolve({ ok: true, peers: [peer("edge-1", "a1"), peer(`edge-2 ${SECRET}`, "a1")] }),
    status() {
      if (api.bug !== null) throw api.bug;
      return Promise.resolve({ ...status(contentHash), ...api.given });
    },
    contentHash: () => contentHash,
    reload(request) {
      requests.push(request);
      return api.answerReload();
    },
    diffs: [],
    answerDiff: () => Promise.resolve({ kind: "unknown", reason: `no history of ${SECRET}` }),
    answerPlan: () => Promise.resolve({ kind: "failed", reason: `no source ${SECRET}` }),
    diff(from, to, signal) {
      api.diffs.push([from, to]);
      return api.answerDiff(signal);
    },
    plan: (signal) => api.answerPlan(signal),
    ...fakeReleases(() => api),
    ...fakeRollouts(() => api),
    ...fakePublishing(() => api),
    pendingApprovals: () => Promise.resolve({ required: 2, channel: "honua:config", pending: [pendingApproval()] }),
    approve(hash, signature) {
      api.orders.push({ hash, signature });
      return api.answerApprove(hash, signature);
    },
    answerApprove: () => Promise.resolve({ ok: false, reason: `the key of ${SECRET} is not allowed` }),
    peers: () => api.answerPeers(),
    lost: [],
    lostPeers: () => api.lost,
    snapshot: () => Promise.resolve(contentHash === null ? null : { contentHash, bytes }),
    onActivated(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    activate(hash, content = bytes) {
      contentHash = hash;
      bytes = content;
      for (const listener of [...listeners]) listener();
    },
    waiters: () => listeners.size,
    metrics: () => Promise.resolve({ contentType: "text/plain; version=0.0.4", text: `x{y="${SECRET}"} 1\n` }),
    figures: openFigureMemory(),
    recent: () => api.figures.recent(Date.parse("2026-01-01T01:00:00.000Z")),
    mask: (text) => text.replaceAll(SECRET, "***"),
  };
  return api;
}

type ReleasePart = Pick<
  FakeSubject,
  | "releases"
  | "release"
  | "releaseSource"
  | "rollBack"
  | "confirm"
  | "hold"
  | "releaseHold"
  | "reject"
  | "answerSource"
  | "orders"
  | "answerRollback"
  | "refuseOrders"
>;

function fakeReleases(api: () => FakeSubject): ReleasePart {
  const orders: unknown[] = [];
  const ordered = (order: unknown): Promise<OrderAnswer> => {
    orders.push(order);
    const { refuseOrders } = api();
    return Promise.resolve(refuseOrders === null ? { ok: true } : { ok: false, reason: refuseOrders });
  };
  return {
    orders,
    refuseOrders: null,
    releases: () => [releaseAnswer(42, "b2", { isRunning: true }), releaseAnswer(41, "a1", { reason: SECRET })],
    release: (reference) => api().releases().find((one) => reference === `${one.number}`) ?? null,
    releaseSource: (reference) => api().answerSource(reference),
    answerSource(reference) {
      const release = api().release(reference);
      return Promise.resolve(
        release === null
          ? { ok: false, isUnknown: true, reason: `no release ${reference}` }
          : { ok: true, release, format: "hcl", bytes: new TextEncoder().encode(`password = "${SECRET}"\r\n`) },
      );
    },
    rollBack(request) {
      orders.push(request);
      return api().answerRollback();
    },
    answerRollback: () => Promise.resolve({ kind: "refused", reason: `there is nothing to take back ${SECRET}` }),
    confirm: (author) => ordered({ confirm: author }),
    hold: (request) => ordered(request),
    releaseHold: (author) => ordered({ releaseHold: author }),
    reject: (request) => ordered(request),
  };
}

/** A rollout of two steps over three hosts, of which the first is let in. */
export const ROLLOUT: RolloutView = {
  hash: "c3",
  base: "a1",
  by: `edge-1 ${SECRET}`,
  author: "anna",
  reason: null,
  at: "2026-01-01T00:00:00.000Z",
  phase: "baking",
  step: 0,
  steps: [1, 3],
  why: null,
  ageSeconds: 12,
  bakeSeconds: 60,
  deadlineSeconds: 600,
  isUnderWay: true,
  isVoid: false,
  isDone: false,
  hosts: [],
  waitsFor: [],
};

function fakeRollouts(api: () => FakeSubject) {
  const ordered = (order: unknown) => {
    api().orders.push(order);
    return api().answerRolloutOrder();
  };
  return {
    answerRollout: (): Promise<RolloutAnswer> => Promise.resolve({ ok: true, rollout: ROLLOUT }),
    answerRolloutOrder: (): Promise<RolloutOrderAnswer> => Promise.resolve({ kind: "done", rollout: ROLLOUT }),
    rolloutSummary: () => null,
    rollout: () => api().answerRollout(),
    promoteRollout: (order: unknown) => ordered({ promote: order }),
    pauseRollout: (order: unknown) => ordered({ pause: order }),
    abortRollout: (order: unknown) => ordered({ abort: order }),
  };
}

function fakePublishing(
  api: () => FakeSubject,
): Pick<FakeSubject, "publish" | "published" | "answerPublish" | "stableSource" | "answerStable"> {
  return {
    published: [],
    answerPublish: () => Promise.resolve({ kind: "failed", reason: `no store ${SECRET}` }),
    publish(request) {
      api().published.push(request);
      return api().answerPublish();
    },
    answerStable: () => Promise.resolve({ ok: false, isUnknown: true, reason: `nothing is stable ${SECRET}` }),
    stableSource: () => api().answerStable(),
  };
}

/** A release of the history, healthy except for the given members. */
export function releaseAnswer(number: number, hash: string, given: Partial<ListedRelease> = {}): ListedRelease {
  return {
    number,
    hash,
    format: "hcl",
    digest: null,
    at: "2026-01-01T00:00:00.000Z",
    until: null,
    cause: "file",
    author: null,
    reason: null,
    state: "healthy",
    changes: { added: 1, removed: 0, changed: 3 },
    isRunning: false,
    isSkipped: false,
    ...given,
  };
}

/** A configuration that one of two has approved. */
export function pendingApproval(): PendingApproval {
  return {
    hash: "c".repeat(64),
    author: "ann",
    reason: `new tiles ${SECRET}`,
    at: "2026-01-01T00:00:00.000Z",
    have: 1,
    need: 2,
    signers: [{ principal: "ben", key: "SHA256:b" }],
    refused: [],
    trouble: null,
  };
}

function status(contentHash: string | null): Status {
  return {
    version: "1.0.0",
    instance: "edge-1",
    mode: "cluster",
    watching: true,
    watch: { by: "polling", reason: `held ${SECRET}` },
    startedAt: "2026-01-01T00:00:00.000Z",
    source: `/etc/honua/${SECRET}.hcl`,
    sourceFrom: "file",
    snapshot: "/var/lib/honua/config.snapshot.json",
    stateDirectory: "/var/lib/honua-configd",
    active: contentHash === null ? null : { hash: "a1", since: "2026-01-01T00:00:00.000Z" },
    generation: 7,
    standing: "agreed",
    head: { generation: 7, hash: "a1" },
    announcementOwed: false,
    lastReload: null,
    redis: { state: "down", since: "2026-01-01T00:00:00.000Z", reason: `refused ${SECRET}`, reconnections: 0 },
    hooks: [],
    restartNeeded: false,
    stored: "in-force",
    serverForm: null,
    singleMounts: [],
    stateTroubles: [],
    rollout: null,
    release: null,
    undo: { to: 41, why: null },
    held: null,
    hold: null,
    confirmation: null,
    bake: null,
  };
}

function fakeEvents(): FakeEvents {
  let kept: DaemonEvent[] = [];
  let latest = 0;
  const followers = new Set<(event: DaemonEvent) => void>();
  return {
    epoch: "5eed",
    after: (id) => kept.filter((event) => event.id > id),
    latest: () => latest,
    follow(listener) {
      followers.add(listener);
      return () => followers.delete(listener);
    },
    add(kind, data = { reason: SECRET }) {
      const event = { id: ++latest, kind, at: "2026-01-01T00:00:00.000Z", data };
      kept.push(event);
      for (const follower of [...followers]) follower(event);
    },
    forget(id) {
      kept = kept.filter((event) => event.id > id);
    },
    followers: () => followers.size,
  };
}
