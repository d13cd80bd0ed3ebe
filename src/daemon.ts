// Puts the rooms together: the only file that knows all of them. It gives the loop the functions to look at the source,
// to activate a snapshot and to agree with other instances. It passes hints on to the loop, and the loop's reports to
// the hooks and the service manager. At the end it closes everything that it opened.
import { openEventFeed } from "./admin/event_feed.ts";
import type { AdminServer } from "./admin/server.ts";
import type { DaemonApi } from "./admin/daemon_api.ts";
import { newIncarnation } from "./cluster/announcement.ts";
import { isolationOf } from "./cluster/isolation.ts";
import { resolveConnection } from "./cluster/redis/redis_connection.ts";
import { soloNotifier } from "./cluster/solo_notifier.ts";
import { openActivator } from "./daemon/activator.ts";
import { type DifferTools, openDiffer } from "./daemon/differ.ts";
import { type EventRecorder, openEventRecorder } from "./daemon/event_recorder.ts";
import { type ChangeTracker, trackChanges } from "./daemon/change_tracker.ts";
import { followFiles } from "./daemon/file_follower.ts";
import { logFoundFiles } from "./daemon/found_files.ts";
import { inForceOf } from "./hooks/hook_triggers.ts";
import { checkHooks, type HookRunner, type HookRunnerSettings, openHookRunner } from "./hooks/hook_runner.ts";
import type { Candidate } from "./daemon/look_compiler.ts";
import { openSourceLoader, type SourceLoader } from "./daemon/source_loader.ts";
import { type LoopAccess, loopHolder } from "./daemon/loop_holder.ts";
import { type MaskedSecrets, maskedSecrets } from "./daemon/masked_secrets.ts";
import { join, type Joined, type Reached } from "./daemon/joining.ts";
import { type MountedFiles, mountedFiles } from "./daemon/mounted_files.ts";
import type { DaemonSettings } from "./daemon/daemon_settings.ts";
import { openService, type Service, type ServiceFacts } from "./daemon/service.ts";
import { openHostApprovals } from "./daemon/host_approvals.ts";
import { journalEntryOf, maskedEntry } from "./daemon/journal_entries.ts";
import { runningRelease } from "./releases/release.ts";
import type { TextRead } from "./releases/source_history.ts";
import { openPublisher } from "./daemon/publisher.ts";
import { openReleaseKeeper, type ReleaseKeeper } from "./daemon/release_keeper.ts";
import { policyOf } from "./daemon/rollout_policy.ts";
import { openSnapshot } from "./daemon/snapshot_opening.ts";
import { agreedGeneration, syncStateOf } from "./daemon/sync_state.ts";
import { type KeptState, readState, type StateKeeper, stateKeeper, statePath } from "./daemon/state_file.ts";
import { openDaemonApi } from "./daemon/api_answers.ts";
import { renderLine } from "./diagnostic/render.ts";
import { type BlockParser, openBlockParser } from "./document/hcl/block_parser.ts";
import { credentialPath } from "./host/credential.ts";
import { instanceName } from "./options/instance_name.ts";
import { openMetrics } from "./telemetry/metrics.ts";
import { openFigureMemory } from "./telemetry/recent_figures.ts";
import { secretValues } from "./options/option_schema.ts";
import type { Options } from "./options/options.ts";
import { secretFilesOf } from "./options/secret_files.ts";
import { openServiceManager } from "./telemetry/sd_notify.ts";
import { type Loop, runLoop } from "./reload/loop.ts";
import { initialRollouts } from "./rollout/rollouts.ts";
import type { Report } from "./reload/report.ts";
import { heldInPlan } from "./reload/staged.ts";
import type { SnapshotId } from "./reload/state.ts";
import { formatOf } from "./compile.ts";
import type { SnapshotLock } from "./snapshot/snapshot_lock.ts";
import type { Existing, SnapshotStore } from "./snapshot/store.ts";

export type { DaemonSettings };
export { openStorePublisher } from "./daemon/store_publisher.ts";

/**
 * The result of the last look: the source is in force, it is wrong, a rollback or a person keeps it out, or the host
 * refused a read or a write.
 */
export type LoadOutcome = "in-force" | "rejected" | "held" | "failed";

/** A running daemon. Disposing of it stops it; the current write is completed or given up before its rename. */
export interface Daemon extends AsyncDisposable {
  /** Looks at the source now; `start`: no person asked for it. */
  reload(reason?: "signal" | "start"): void;
  /** Kills the child processes, for a process that is about to end without disposing. */
  abandon(): Promise<void>;
  /** Resolves when no work is in progress, with the result of the last look. */
  settled(): Promise<LoadOutcome>;
  /** Answers its admin interface, joins its cluster, follows the files, and looks at the source for the first time. */
  serve(): Promise<Served>;
}

/** Success, or why the daemon cannot serve. */
export type Served = { readonly ok: true } | Refusal;

/** A daemon, or why it cannot start. */
export type Started = { readonly ok: true; readonly daemon: Daemon } | Refusal;

/** Why a daemon cannot start or serve. */
export interface Refusal {
  readonly ok: false;
  /** One line with advice. */
  readonly message: string;
  /** Whether an option is wrong, not the host. */
  readonly isOption: boolean;
}

/** Opens the store and verifies the snapshot in force. The first look begins with `serve` or `reload`. */
export async function startDaemon(unmasked: DaemonSettings): Promise<Started> {
  const { options, once } = unmasked;
  const isolation = once ? null : isolationOf(options);
  const clustered = options.highAvailability.enabled && !once && isolation === null;
  const reached = clustered ? await resolveConnection(options, unmasked.environment) : null;
  if (reached?.ok === false) return reached;
  const secrets = maskedSecrets(reached === null ? secretValues(options) : secretsWith(reached, options));
  const settings: DaemonSettings = { ...unmasked, log: unmasked.log.withMask(secrets.mask) };
  const { log } = settings;
  const opened = await openSnapshot(options, log);
  if (!opened.ok) return opened;
  const { store, lock, existing } = opened;
  for (const warning of reached?.warnings ?? []) log.warning(renderLine(warning));
  if (isolation !== null) log.warning(isolation);
  logFoundFiles(log, options.snapshot, opened);
  return { ok: true, daemon: await compose(settings, { store, lock, existing, secrets, reached }) };
}

/** The parts that are open before the others. */
interface Ground {
  readonly store: SnapshotStore;
  readonly lock: SnapshotLock;
  readonly existing: Existing;
  readonly secrets: MaskedSecrets;
  /** Null: the instance has no cluster. */
  readonly reached: Reached | null;
}

/** Makes the parts and ties them to the loop. */
async function compose(settings: DaemonSettings, ground: Ground): Promise<Daemon> {
  const { options, log, once } = settings;
  const { store, lock, existing, secrets, reached } = ground;
  const { mask } = secrets;
  const instance = instanceName(options, Deno.hostname());
  const incarnation = newIncarnation();
  const held = loopHolder();
  const active = () => held.state().active;
  const parser = openBlockParser();
  // The parser starts while the other parts are opened before the first look.
  if (settings.sourcePath !== null && formatOf(settings.sourcePath) === "hcl") parser.warm();
  const keeper = await openReleaseKeeper(settings, snapshotIdOf(existing)?.hash ?? null);
  const loader = openSourceLoader(settings, { parser, store, secrets, active, keeper });
  const { look, lookBack, rejectedHash } = loader;
  const { feed, metrics, figures, recorder } = openRecords(settings, ground, { rejectedHash, loop: held });
  const { found, keeper: stateKeeper } = await openState(settings);
  const identity = { instance, incarnation };
  const approvals = openHostApprovals(settings, { loop: held, journal: keeper.journal });
  const hooks = () => hookRunner.status();
  const textOf = textsOf(loader, keeper);
  const ties = { recorder, found, keeper: stateKeeper, loop: held, hooks, releases: keeper, textOf };
  const joined = await join(settings, { ...identity, approvals, reached, secrets, ...ties });
  if (joined !== null) keeper.readFrom(joined.notifier);
  const hookRunner = openHooks(settings, ground, {
    instance,
    done: found.hooks,
    keep: (hooks) => stateKeeper.keep({ hooks }),
    generation: () => agreedGeneration(held.state().agreement),
    rejectedHash,
    onSettled: (ok) => held.release({ kind: "hooks-settled", ok }),
    changed() {
      service.changed();
      joined?.membership.updateRecord();
    },
    metrics,
    feed,
  });
  const manager = once ? null : openServiceManager(settings.environment, { onTrouble: (line) => log.warning(line) });
  const service = openService(manager, () => serviceFacts({ loop: held, recorder, hookRunner, options, mask }));
  const changes = trackChanges(existing);
  const mounted = mountedFiles(settings);
  const { isChecked, activate } = openActivator({ options, store, changes, hookRunner, keeper, active });
  const receivers = { recorder, keeper, hookRunner, joined, service, mounted };
  const loop = runLoop<Candidate>({
    active: snapshotIdOf(existing),
    look: approvals.judged(look),
    lookBack: approvals.judged(lookBack),
    activate,
    isChecked,
    releases: keeper.releases,
    record: keeper.record,
    checkHealth: (signal) => hookRunner.health(signal),
    cluster: joined?.membership.access ?? null,
    rollouts: joined && initialRollouts(instance, policyOf(options.rollout), options.approvals.required > 0),
    heartbeat: service.heartbeat,
    changed: service.changed,
    report: reporter({ once, rejectedHash, mask, changes, held, ...receivers }),
  });
  held.hold(loop);
  metrics.activeGeneration.set(loop.state().agreement?.ledger.agreed?.generation ?? 0);
  const notifier = joined?.notifier ?? soloNotifier({ incarnation });
  const differ = openDiffer({ settings, loader, changes, keeper, ...planFacts(loop), active, now: Date.now });
  const publisher = openPublisher({ settings, loop, loader, notifier, keeper, mask });
  const answers = approvals.answers(loop, notifier);
  const sources = { differ, publisher, store, mounted, loop, notifier, recorder, keeper, hookRunner };
  const api = openDaemonApi({ settings, ...identity, ...sources, metrics, figures, feed, approvals: answers, mask });
  const link = joined?.membership ?? notifier;
  return daemonOf(settings, { ...receivers, loop, parser, api, stateKeeper, link, lock });
}

/** The knowledge of the loop on which a plan depends. */
function planFacts({ state }: Pick<LoopAccess, "state">): Pick<DifferTools, "kept" | "heldByFleet"> {
  return { kept: () => state().releases.kept, heldByFleet: (hash) => heldInPlan(state(), hash) };
}

interface Receivers extends Pick<Parts, "recorder" | "keeper" | "hookRunner" | "joined" | "service" | "mounted"> {
  readonly once: boolean;
  readonly changes: ChangeTracker;
  readonly held: LoopAccess;
  rejectedHash(): string | null;
  mask(text: string): string;
}

/** Passes each report of the loop on to its receivers, in a fixed order. */
function reporter(receivers: Receivers): (report: Report<Candidate>) => void {
  const { once, rejectedHash, mask, changes, recorder, keeper, hookRunner, joined, service, mounted, held } = receivers;
  return (report) => {
    const isInForce = report.kind === "activated" || report.kind === "unchanged";
    const changed = isInForce ? changes.moveTo(report.candidate.config) : {};
    // A single load tries nothing again.
    recorder.report(
      once && "willRetryInMilliseconds" in report ? { ...report, willRetryInMilliseconds: null } : report,
      changed,
    );
    const { kept } = held.state().releases;
    const entry = journalEntryOf(report, { running: runningRelease(kept), rejectedHash: rejectedHash() });
    if (entry !== null) keeper.journal.append(maskedEntry(entry, mask));
    hookRunner.report(report, Object.keys(changed));
    // The record has the hooks that the report made wait.
    joined?.membership.updateRecord();
    service.changed();
    if (report.kind === "activated" && report.release !== null) void keeper.tidy(kept);
    if (report.kind === "unchanged") void keeper.heal(report.candidate.text);
    if (once || !("reasons" in report)) return;
    // Each look at the mounts starts a program, and only a reload has read the files.
    void mounted.look();
    void keeper.reseal();
  };
}

/** Opens the receivers of events. */
function openRecords(
  { options, log, version }: DaemonSettings,
  { existing, reached }: Ground,
  { rejectedHash, loop }: { readonly rejectedHash: () => string | null; readonly loop: LoopAccess },
) {
  const feed = openEventFeed();
  const hooks = options.hooks.list.map((hook) => hook.name);
  const metrics = openMetrics({ version, startTimeSeconds: performance.timeOrigin / 1000, hooks });
  const figures = openFigureMemory();
  const recorder = openEventRecorder({
    log,
    metrics,
    figures,
    feed,
    foundHash: snapshotIdOf(existing)?.hash ?? null,
    clustered: reached !== null,
    isolation: isolationOf(options),
    detailed: options.highAvailability.enableDetailedLogging,
    rejectedHash,
    headGeneration: () => loop.state().agreement?.head?.generation ?? null,
  });
  return { feed, metrics, figures, recorder };
}

type HookTies = Pick<
  HookRunnerSettings,
  "done" | "keep" | "generation" | "rejectedHash" | "changed" | "onSettled" | "metrics" | "feed"
>;

/** Opens the hooks of the options. */
function openHooks(
  { options, sourcePath, environment, log, once }: DaemonSettings,
  { existing, secrets }: Ground,
  { instance, done, keep, generation, rejectedHash, changed, onSettled, metrics, feed }: HookTies & {
    instance: string;
  },
): HookRunner {
  const { hooks, snapshot: { path: snapshot, serverPath } } = options;
  return openHookRunner({
    // A single load runs only the check hooks, and leaves the others to the daemon.
    options: once ? { ...hooks, list: checkHooks(hooks) } : hooks,
    common: { instance, source: sourcePath, snapshot, serverPath },
    // Without hooks there is no output whose secrets would have to be masked.
    inForce: hooks.list.length > 0 ? inForceOf(existing) : null,
    secretFiles: secretFilesOf(options).map((file) => credentialPath(file.path, environment)),
    done,
    keep,
    generation,
    rejectedHash,
    changed,
    ...onSettled && { onSettled },
    log,
    metrics,
    feed,
    mask: secrets.mask,
  });
}

/** Reads the state that the last process kept, and opens the keeper that writes it for the next one. */
async function openState({ options, log }: DaemonSettings): Promise<{ found: KeptState; keeper: StateKeeper }> {
  const { highAvailability, snapshot, state, hooks } = options;
  const path = statePath(state.directory, snapshot.path);
  const scope = { channel: highAvailability.configurationChannel, snapshot: snapshot.path };
  const { trouble, ...found } = await readState(path, scope);
  const matters = highAvailability.enabled || hooks.list.length > 0;
  if (trouble !== null && matters) log.warning(`The previous state does not count: ${trouble}`);
  let loggedFailure: string | null = null;
  const keeper = stateKeeper(path, scope, found, (failure) => {
    if (failure !== null && failure !== loggedFailure) {
      log.error(`The agreement and the list of finished hooks cannot be kept: ${failure}`);
    }
    loggedFailure = failure;
  });
  return { found, keeper };
}

interface Parts {
  readonly loop: Loop<Candidate>;
  readonly recorder: EventRecorder;
  readonly parser: BlockParser;
  readonly api: DaemonApi;
  readonly hookRunner: HookRunner;
  readonly service: Service;
  readonly joined: Joined | null;
  readonly keeper: ReleaseKeeper;
  readonly stateKeeper: StateKeeper;
  /** The membership, or without a cluster the solo notifier. */
  readonly link: AsyncDisposable;
  readonly lock: SnapshotLock;
  readonly mounted: MountedFiles;
}

/** Makes the daemon of its parts, which begin and end in a fixed order. */
function daemonOf(settings: DaemonSettings, parts: Parts): Daemon {
  const { loop, recorder, parser, api, hookRunner, service, joined, keeper, stateKeeper: state, link, lock, mounted } =
    parts;
  const { options, environment, log } = settings;
  // The stages of the end: no more hints; no more work and answers; then the last messages and the state file.
  const hinting: AsyncDisposable[] = [];
  const working: AsyncDisposable[] = [loop, hookRunner];
  const stages = [hinting, working, [link], [state, keeper], [parser, service, mounted]];
  let admin: AdminServer | null = null;
  return {
    reload(reason = "signal") {
      loop.hint(reason);
      admin?.lookAgain();
    },
    abandon() {
      parser.kill();
      return hookRunner.abandon();
    },
    async settled() {
      await loop.settled();
      const { trouble, releases: { held } } = loop.state();
      if (trouble === null && held === null) return "in-force";
      if (trouble !== null && (trouble.kind !== "rejected" || recorder.rejection() === null)) return "failed";
      // A source that is not wanted would hide that its snapshot could not have been written either.
      const taken = await lock.take();
      if (!taken.ok) log.error(taken.message);
      return !taken.ok ? "failed" : trouble === null ? "held" : "rejected";
    },
    async serve() {
      const { socket, listen, tokenFile, tls, uiActions } = options.admin;
      // Loaded only now, because a single load needs no admin interface.
      const { openAdminServer } = await import("./admin/server.ts");
      const token = tokenFile && credentialPath(tokenFile, environment);
      const policy = {
        isStaged: joined !== null && options.rollout.steps.length > 0,
        approvals: options.approvals.required,
      };
      const opened = await openAdminServer({ socket, listen, tokenFile: token, tls, api, log, uiActions, policy });
      if (opened.ok) working.push(admin = opened.server);
      else if (opened.isOption) return opened;
      else log.error(`The admin interface is not there: ${opened.message}`);
      joined?.membership.join();
      const following = await followFiles(settings, { recorder, parser, hint: (reason) => loop.hint(reason) });
      if (following) hinting.push(following);
      service.serving();
      loop.release({ kind: "release-start" });
      loop.hint("start");
      return { ok: true };
    },
    async [Symbol.asyncDispose]() {
      service.stopping();
      for (const stage of stages.splice(0)) await Promise.all(stage.map((one) => one[Symbol.asyncDispose]()));
      lock[Symbol.dispose]();
    },
  };
}

interface FactSources extends Pick<Parts, "recorder" | "hookRunner"> {
  readonly loop: LoopAccess;
  readonly options: Options;
  mask(text: string): string;
}

/** The current facts for the service manager. */
function serviceFacts({ loop, recorder, hookRunner, options, mask }: FactSources): ServiceFacts {
  const { active, work, trouble, agreement } = loop.state();
  return {
    hash: active?.hash ?? null,
    isBusy: work.kind === "looking" || work.kind === "activating",
    hasLooked: recorder.lastReload() !== null,
    trouble: trouble && { kind: trouble.kind, reason: mask(trouble.reason) },
    standing: agreement && syncStateOf(agreement),
    isolation: isolationOf(options),
    generation: agreedGeneration(agreement),
    failedHooks: hookRunner.status().filter((hook) => hook.failures > 0).map((hook) => hook.name),
    isWatching: options.configurationWatcher.enableFileWatching,
  };
}

/** The secrets of the options, but of the connection to Redis only those in it: its address may be shown. */
function secretsWith({ secrets }: Reached, options: Options): string[] {
  const { highAvailability, connectionStrings } = options;
  const others: Options = {
    ...options,
    highAvailability: { ...highAvailability, redisConnectionString: null },
    connectionStrings: { ...connectionStrings, redis: null },
  };
  return [...secretValues(others), ...secrets];
}

/** Makes the function that finds the text of a config that this host compiled. */
function textsOf(loader: SourceLoader, keeper: ReleaseKeeper): (hash: string) => Promise<TextRead> {
  return async (hash) => {
    const own = loader.sourceText(hash);
    return own === null ? await keeper.texts.text(hash) : { ok: true, format: own.format, bytes: own.bytes };
  };
}

function snapshotIdOf(existing: Existing): SnapshotId | null {
  if (existing.state !== "in-force") return null;
  const { hash, contentHash } = existing.header;
  return { hash, contentHash };
}
