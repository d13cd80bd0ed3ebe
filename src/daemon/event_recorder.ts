// Records each event of the daemon once and the same everywhere: as a log line, a metric and an event of the feed. It
// remembers the facts for the status, and decides nothing.
import type { EventFeed } from "../admin/event_feed.ts";
import type { LastReload, RedisStatus } from "../admin/daemon_api.ts";
import type { RolloutPhase } from "../agreement/rollout.ts";
import type { Message } from "../cluster/announcement.ts";
import type { Link } from "../cluster/notifier.ts";
import type { Rejection } from "../cluster/peer_record.ts";
import { describeChanges } from "../config/changes.ts";
import type { Diagnostic } from "../diagnostic/diagnostic.ts";
import { diagnosticJson, renderLine } from "../diagnostic/render.ts";
import type { Logger } from "../telemetry/log.ts";
import type { DaemonMetrics } from "../telemetry/metrics.ts";
import type { FigureMemory } from "../telemetry/recent_figures.ts";
import {
  heldText,
  listed,
  narrateAgreement,
  narrateRelease,
  narrateReload,
  narrateRollout,
  outcomeName,
} from "../reload/narration.ts";
import type { AgreementReport } from "../agreement/agree.ts";
import type { ReleaseReport } from "../releases/decide_releases.ts";
import type { RolloutReport } from "../rollout/rollouts.ts";
import type { LoopReport, ReloadOutcome, Report } from "../reload/report.ts";
import type { Changes } from "./change_tracker.ts";
import type { Candidate } from "./look_compiler.ts";

/** The receivers of events, and the facts that events are judged by. */
export interface EventRecorderSettings {
  readonly log: Logger;
  readonly metrics: DaemonMetrics;
  readonly figures: Pick<FigureMemory, "reloaded" | "agreed">;
  readonly feed: EventFeed;
  /** The hash of the snapshot found at the start; null: none. */
  readonly foundHash: string | null;
  /** Whether the instance has a cluster. */
  readonly clustered: boolean;
  /** The reason if High Availability is on but there is no cluster; else null. */
  readonly isolation: string | null;
  /** Whether to log each message (`HighAvailability:EnableDetailedLogging`). */
  readonly detailed: boolean;
  /** The name of the source that was rejected last, for other hosts. */
  rejectedHash(): string | null;
  /** Null: there is no head, or it is not known. */
  headGeneration(): number | null;
  /** The wall clock; default the system's. */
  now?(): Date;
  /** Monotonic milliseconds; default the process's. */
  monotonic?(): number;
}

/** Records and remembers. */
export interface EventRecorder {
  /** Records a report about a reload, with the changes that it made, or about agreement. */
  report(report: Report<Candidate>, changes?: Changes): void;
  /** Records a message. `active` is the hash in force. */
  heard(message: Message, active: string | null): void;
  /** Records a change of the link. */
  linked(link: Link, connection: string): void;
  /** Records a head announced `ageMilliseconds` ago, to measure the time until it is in force here. */
  headSeen(hash: string, ageMilliseconds: number): void;
  /** Records that all instances were asked to look again. */
  sentLookAgain(): void;
  /** Records that the options file changed, which needs a restart. */
  optionsChanged(path: string): void;
  /** Records that file events fail, with the reason. */
  watcherFailed(reason: string, pollSeconds: number): void;
  /** Records that file events work again. */
  watcherRecovered(): void;
  /** Why file events fail now; null: they work. */
  watchTrouble(): string | null;
  /** The result of the last reload; null: none has ended. */
  lastReload(): LastReload | null;
  /** Why the source is rejected; null: it is in force, or it could not even be read. */
  rejection(): Rejection | null;
  /** The time when the snapshot in force was activated or found, in ISO 8601. */
  activeSince(): string;
  redis(): RedisStatus;
  /** Whether the options file changed since the start. */
  restartNeeded(): boolean;
  announcements(): Announcements;
  /** Calls back after each activation; returns the function that ends that. */
  onActivated(listener: () => void): () => void;
}

/** The announcements of this process. */
export interface Announcements {
  /** How many were accepted. */
  readonly count: number;
  /** How many of them were forced by a person. */
  readonly forced: number;
  /** The number of instances that got the latest one. */
  readonly delivered: number;
  /** Why the latest attempt failed, in one line; null: it did not, or there was none. */
  readonly trouble: string | null;
}

/** Opens the recorder of a process. */
export function openEventRecorder(settings: EventRecorderSettings): EventRecorder {
  const { now = () => new Date() } = settings;
  const reloads = recorderOfReloads(settings, now);
  const cluster = recorderOfLink(settings, now);
  const agreement = recorderOfAgreement(settings, () => cluster.redis().state === "down");
  const { log, metrics } = settings;
  let restartNeeded = false;
  let watchTrouble: string | null = null;
  const listeners = new Set<() => void>();
  return {
    ...cluster,
    report(report, changes = {}) {
      if (isAgreement(report)) return agreement.report(report);
      if (isRelease(report)) return reportRelease(settings, report);
      if (isRollout(report)) return reportRollout(settings, report);
      reloads.report(report, changes);
      if (report.kind !== "activated") return;
      cluster.activated(report.hash);
      for (const listener of [...listeners]) listener();
    },
    lastReload: reloads.lastReload,
    rejection: reloads.rejection,
    activeSince: reloads.activeSince,
    announcements: agreement.announcements,
    optionsChanged(path) {
      restartNeeded = true;
      log.warning("Options file changed: restart the daemon for it to count", { path });
    },
    restartNeeded: () => restartNeeded,
    watcherFailed(reason, pollSeconds) {
      watchTrouble = reason;
      metrics.watcherErrors.add(1);
      log.error(`File system watcher error: ${reason}`, {
        polling: pollSeconds > 0 ? `every ${pollSeconds} s` : "while it lasts",
      });
    },
    watcherRecovered() {
      watchTrouble = null;
      metrics.watcherRestarts.add(1);
      log.information("File system watcher works again");
    },
    watchTrouble: () => watchTrouble,
    onActivated(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The compiler checks that none is missing. */
const AGREEMENT_KINDS: Readonly<Record<AgreementReport["kind"], true>> = {
  "agreed": true,
  "diverged": true,
  "announced": true,
  "announcement-refused": true,
  "announcement-failed": true,
  "head-unreadable": true,
  "head-lost": true,
};

function isAgreement(report: Report<Candidate>): report is AgreementReport {
  return Object.hasOwn(AGREEMENT_KINDS, report.kind);
}

/** The compiler checks that none is missing. */
const RELEASE_KINDS: Readonly<Record<ReleaseReport["kind"], true>> = {
  "rolling-back": true,
  "baking": true,
  "healthy": true,
  "unhealthy": true,
  "confirmed": true,
  "hold-begun": true,
  "hold-ended": true,
};

const ROLLOUT_KINDS: Readonly<Record<RolloutReport["kind"], true>> = {
  "rollout-proposed": true,
  "rollout-moved": true,
  "rollout-done": true,
  "rollout-refused": true,
};

function isRollout(report: Report<Candidate>): report is RolloutReport {
  return Object.hasOwn(ROLLOUT_KINDS, report.kind);
}

/** Records a report about the fleet's rollout. */
function reportRollout({ log, metrics, feed }: EventRecorderSettings, report: RolloutReport): void {
  const { level, message, fields } = narrateRollout(report);
  log[level](message, fields);
  feed.add(report.kind, fields);
  if (report.kind === "rollout-done") metrics.rollouts.add(1, { outcome: "done" });
  if (report.kind === "rollout-refused") metrics.rollouts.add(1, { outcome: "refused" });
  if (report.kind !== "rollout-moved") return;
  const { before, rollout: { hash, phase } } = report;
  // Of one that this host finds when its link comes up it is not known when that happened.
  const isNews = before !== null && (before.hash !== hash || before.phase !== phase);
  const outcome = isNews ? outcomeIn(phase) : null;
  if (outcome !== null) metrics.rollouts.add(1, { outcome });
}

function isRelease(report: Report<Candidate>): report is ReleaseReport {
  return Object.hasOwn(RELEASE_KINDS, report.kind);
}

/** Records a report about releases. */
function reportRelease({ log, metrics, feed }: EventRecorderSettings, report: ReleaseReport): void {
  const { level, message, fields } = narrateRelease(report);
  log[level](message, fields);
  if (report.kind === "rolling-back") {
    const { from, to, rollback: { cause, scope, author, reason } } = report;
    metrics.rollbacks.add(1, { by: cause === "rollback" ? "operator" : cause });
    feed.add("rolled-back", { release: from.number, hash: from.hash, to, by: cause, author, scope, reason });
  } else if (report.kind === "baking" || report.kind === "healthy" || report.kind === "unhealthy") {
    const { number, hash } = report.release;
    feed.add(report.kind, { release: number, hash, ...report.kind === "unhealthy" && { reason: report.reason } });
  } else if (report.kind === "hold-begun") {
    const { until, author, reason } = report.hold;
    feed.add("hold", { until: new Date(until).toISOString(), author, reason });
  } else if (report.kind === "hold-ended") feed.add("hold-ended", { author: report.by });
  else feed.add("confirmed", { release: report.release.number, hash: report.release.hash, author: report.author });
}

/** The outcome that a phase is; null: it goes on. */
function outcomeIn(phase: RolloutPhase) {
  if (phase === "rolled-back") return "rolled_back";
  return phase === "halted" || phase === "withdrawn" ? phase : null;
}

type Rejected = Extract<LoopReport<Candidate>, { kind: "rejected" }>;

/** Records reloads; it remembers warnings, to log them once. */
function recorderOfReloads(settings: EventRecorderSettings, now: () => Date) {
  const { log, metrics, figures, feed, foundHash } = settings;
  let loggedWarnings = "";
  let activeSince = now().toISOString();
  let last: LastReload | null = null;
  let rejection: Rejection | null = null;
  metrics.info.replace({ hash: foundHash });

  const logWarnings = (warnings: readonly Diagnostic[]) => {
    const lines = warnings.map(renderLine).join("\n");
    if (lines !== loggedWarnings && warnings.length > 0) {
      log.warning("The configuration has warnings", listed("warnings", warnings));
    }
    loggedWarnings = lines;
  };
  const remember = (report: ReloadOutcome<Candidate>) => {
    if (report.kind === "awaiting-retry") return;
    const { durationMilliseconds, reasons } = report;
    const outcome = outcomeName(report);
    // A source that is held on purpose is no failure: the gauge `held` shows it.
    const isHealthy = outcome === "activated" || outcome === "unchanged" || outcome === "held";
    last = { outcome, at: now().toISOString(), durationMilliseconds, reasons, ...findingsOf(report) };
    metrics.reloads.add(1, { outcome: outcome === "write-failed" ? "write_failed" : outcome });
    metrics.reloadDuration.observe(durationMilliseconds / 1000);
    figures.reloaded({ at: now().getTime(), outcome, durationMilliseconds });
    metrics.lastReloadSuccessful.set(isHealthy);
    if (isHealthy) metrics.lastReloadSuccessTime.set(now().getTime() / 1000);
  };
  const reject = (report: Rejected) => {
    if (report.isUnread) return void (rejection = null);
    const hash = settings.rejectedHash() ?? report.fingerprint;
    const isKnown = rejection?.hash === hash;
    if (isKnown && rejection?.why === report.reason) return;
    rejection = { hash, generation: settings.headGeneration(), why: report.reason, at: now().toISOString() };
    if (!isKnown) feed.add("rejected", { hash, generation: rejection.generation, reason: report.reason });
  };
  return {
    report(report: LoopReport<Candidate>, changes: Changes) {
      const changed = describeChanges(changes);
      const { level, message, fields } = narrateReload(report, ({ counts }) => ({ changed, ...counts }));
      log[level](message, fields);
      if ("reasons" in report) remember(report);
      if (report.kind === "rejected") return reject(report);
      if (report.kind === "held") rejection = null;
      if (report.kind === "held" && !report.repeated) {
        feed.add("held", { hash: report.held.hash, running: report.running, why: heldText(report.held) });
      }
      if (report.kind !== "activated" && report.kind !== "unchanged") return;
      rejection = null;
      logWarnings(report.candidate.warnings);
      if (report.kind === "unchanged") return;
      activeSince = now().toISOString();
      metrics.lastChangeTime.set(now().getTime() / 1000);
      metrics.info.replace({ hash: report.hash });
      feed.add("activated", { hash: report.hash, change: report.change });
    },
    lastReload: () => last,
    rejection: () => rejection,
    activeSince: () => activeSince,
  };
}

function findingsOf(report: ReloadOutcome<Candidate>): Pick<LastReload, "reason" | "diagnostics"> {
  if (report.kind === "activated" || report.kind === "unchanged") {
    return { reason: null, diagnostics: report.candidate.warnings.map(diagnosticAnswer) };
  }
  if (report.kind === "rejected") {
    return { reason: report.reason, diagnostics: report.diagnostics.map(diagnosticAnswer) };
  }
  if (report.kind === "held") return { reason: heldText(report.held), diagnostics: [] };
  return { reason: report.kind === "awaiting-retry" ? null : report.reason, diagnostics: [] };
}

/** Makes the form of a diagnostic in answers of the admin interface. */
export function diagnosticAnswer(one: Diagnostic): LastReload["diagnostics"][number] {
  return { file: one.place?.file ?? null, ...diagnosticJson(one), frame: one.frame ?? null };
}

/** Records reports about agreement. */
function recorderOfAgreement({ log, metrics, feed }: EventRecorderSettings, isDown: () => boolean) {
  let announcements: Announcements = { count: 0, forced: 0, delivered: 0, trouble: null };
  return {
    report(report: AgreementReport) {
      const { level, message, fields } = narrateAgreement(report);
      // A lost link is logged already, with its reason.
      log[report.kind === "head-unreadable" && isDown() ? "debug" : level](message, fields);
      if (report.kind === "announcement-failed") announcements = { ...announcements, trouble: report.reason };
      else if (report.kind === "announcement-refused") announcements = { ...announcements, trouble: "It was refused" };
      else if (report.kind === "announced") {
        const { count, forced } = announcements;
        const { delivered, purpose } = report;
        const isForced = purpose === "force";
        announcements = { count: count + 1, forced: forced + (isForced ? 1 : 0), delivered, trouble: null };
        metrics.notificationsSent.add(1);
      } else if (report.kind === "agreed") {
        metrics.activeGeneration.set(report.generation);
        metrics.diverged.set(false);
        feed.add("agreed", { generation: report.generation, hash: report.hash });
      } else if (report.kind === "diverged") {
        const { hash, head } = report;
        metrics.diverged.set(true);
        feed.add("diverged", { hash, generation: head.generation, agreedHash: head.hash });
      }
    },
    announcements: () => announcements,
  };
}

const GIVEN_UP = "it is given up, as HighAvailability:AutoReconnect says";

/** Records the link to Redis, and the messages over it. */
function recorderOfLink(settings: EventRecorderSettings, now: () => Date) {
  const { log, metrics, figures, feed, clustered, isolation, detailed } = settings;
  const { monotonic = () => performance.now() } = settings;
  const detail = detailed ? "information" : "debug";
  let state: RedisStatus["state"] = clustered ? "connecting" : "disabled";
  let since = now().toISOString();
  let reason = isolation;
  let ups = 0;
  let isInvalidLogged = false;
  let announced: { readonly hash: string; readonly at: number } | null = null;
  metrics.highAvailabilityEnabled.set(clustered || isolation !== null);
  const stillDown = (link: Link) => {
    if (link.state !== "down") return;
    if (link.final) log.warning(`Redis connection failed: ${link.reason}`, { next: GIVEN_UP });
    else if (link.reason !== reason) log.warning(`Redis is still away: ${link.reason}`);
    reason = link.reason;
  };
  return {
    heard(message: Message, active: string | null) {
      if (message.kind === "invalid") {
        metrics.notificationsInvalid.add(1);
        const level = isInvalidLogged ? detail : "warning";
        isInvalidLogged = true;
        return log[level]("A message on the channel is neither an announcement nor a path: it is ignored", {
          why: message.why,
        });
      }
      if (message.own) return;
      if (message.kind === "look-again") return metrics.notificationsReceived.add(1, { kind: "look_again" });
      metrics.notificationsReceived.add(1, { kind: "announcement" });
      const { generation, hash, by } = message;
      if (hash === active) metrics.notificationsIgnored.add(1);
      log[detail]("Another instance announced a configuration", { generation, hash, by, known: hash === active });
    },
    linked(link: Link, connection: string) {
      if (link.state === state) return stillDown(link);
      const before = state;
      state = link.state;
      since = now().toISOString();
      reason = link.state === "down" ? link.reason : null;
      metrics.redisConnected.set(link.state === "up");
      if (link.state === "up") {
        if (ups++ > 0) metrics.redisReconnections.add(1);
        log.information(before === "down" ? "Redis connected again" : "Redis connected", { connection });
        feed.add("redis-up", {});
      } else if (link.state === "down") {
        const next = link.final ? GIVEN_UP : "it is tried again";
        log.warning(`Redis connection failed: ${link.reason}`, { connection, next });
        feed.add("redis-down", { reason: link.reason });
      }
    },
    headSeen(hash: string, ageMilliseconds: number) {
      if (announced?.hash !== hash) announced = { hash, at: monotonic() - ageMilliseconds };
    },
    activated(hash: string) {
      if (announced?.hash === hash) {
        const seconds = (monotonic() - announced.at) / 1000;
        metrics.notificationLatency.observe(seconds);
        figures.agreed({ at: now().getTime(), seconds });
      }
      announced = null;
    },
    sentLookAgain: () => metrics.notificationsSent.add(1),
    redis: (): RedisStatus => ({ state, since, reason, reconnections: Math.max(0, ups - 1) }),
  };
}
