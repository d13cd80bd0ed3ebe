// Puts the rooms together: the only file that knows all of them. It hands the loop what it needs to look at the source,
// to activate a snapshot and to agree with others, leads every hint to the loop's door and what comes of it to the hooks
// and the service manager, and closes all it opened.
import { openJournal } from "./admin/journal.ts";
import type { AdminServer } from "./admin/server.ts";
import type { DaemonApi } from "./admin/daemon_api.ts";
import { newIncarnation } from "./cluster/announcement.ts";
import { isolationOf } from "./cluster/isolation.ts";
import { resolveConnection } from "./cluster/redis_connection.ts";
import { soloNotifier } from "./cluster/solo_notifier.ts";
import { openActivator } from "./daemon/activator.ts";
import { type EventRecorder, openEventRecorder } from "./daemon/event_recorder.ts";
import { trackChanges } from "./daemon/change_tracker.ts";
import { followFiles } from "./daemon/file_follower.ts";
import { tellFoundFiles } from "./daemon/found_files.ts";
import { inForceOf } from "./hooks/hook_triggers.ts";
import { checkHooks, type HookRunner, openHookRunner } from "./hooks/hook_runner.ts";
import { type Candidate, openSourceLoader } from "./daemon/source_loader.ts";
import { type MaskedSecrets, maskedSecrets } from "./daemon/masked_secrets.ts";
import { join, type Joined, type Reached } from "./daemon/joining.ts";
import { type MountedFiles, mountedFiles } from "./daemon/mounted_files.ts";
import type { DaemonSettings } from "./daemon/daemon_settings.ts";
import { openService, type Service, type ServiceFacts } from "./daemon/service.ts";
import { openSnapshot } from "./daemon/snapshot_opening.ts";
import { agreedGeneration, syncStateOf } from "./daemon/sync_state.ts";
import { type KeptState, readState, type StateKeeper, stateKeeper, statePath } from "./daemon/state_file.ts";
import { openDaemonApi } from "./daemon/api_answers.ts";
import { renderLine } from "./diagnostic/render.ts";
import { type BlockParser, openBlockParser } from "./document/blocks.ts";
import { credentialPath } from "./host/credential.ts";
import { instanceName } from "./options/instance_name.ts";
import { openMetrics } from "./telemetry/metrics.ts";
import { secretValues } from "./options/option_schema.ts";
import type { Options } from "./options/options.ts";
import { secretFilesOf } from "./options/secret_files.ts";
import { openServiceManager } from "./telemetry/sd_notify.ts";
import { type Loop, runLoop } from "./reload/loop.ts";
import type { SnapshotId } from "./reload/state.ts";
import { formatOf } from "./snapshot/compile.ts";
import type { SnapshotLock } from "./snapshot/snapshot_lock.ts";
import type { Existing, SnapshotStore } from "./snapshot/store.ts";

export type { DaemonSettings };

/** What the last look came to: the source is in force, it is wrong, or something could not be reached or written. */
export type LoadOutcome = "in-force" | "rejected" | "failed";

/** A daemon at work. Disposing of it stops it; a write at hand is completed or given up before its rename. */
export interface Daemon extends AsyncDisposable {
  /** Looks at the source now; `start` where nobody asked for it. */
  reload(reason?: "signal" | "start"): void;
  /** Leaves nothing behind when the process is about to end without disposing. */
  abandon(): Promise<void>;
  /** Resolves when nothing is at hand, with what came of the last look. */
  settled(): Promise<LoadOutcome>;
  /** Answers its admin interface, joins its cluster, follows the files, and looks at the source for the first time. */
  serve(): Promise<Served>;
}

/** Served, or in one line with an advice why not; `isOption` where not the host is wrong. */
export type Served = { readonly ok: true } | Refusal;

/** A daemon, or why there is none. */
export type Started = { readonly ok: true; readonly daemon: Daemon } | Refusal;

/** Why something cannot be started. */
export interface Refusal {
  /** Tells it from success. */
  readonly ok: false;
  /** One line with an advice. */
  readonly message: string;
  /** Whether an option is wrong, and not the host. */
  readonly isOption: boolean;
}

/** Opens the store and verifies the snapshot in force; it looks at nothing before it is told to. */
export async function startDaemon(given: DaemonSettings): Promise<Started> {
  const { options, once } = given;
  const isolation = once ? null : isolationOf(options);
  const clustered = options.highAvailability.enabled && !once && isolation === null;
  const reached = clustered ? await resolveConnection(options, given.environment) : null;
  if (reached?.ok === false) return reached;
  const secrets = maskedSecrets(reached === null ? secretValues(options) : secretsWith(reached, options));
  const settings: DaemonSettings = { ...given, log: given.log.withMask(secrets.mask) };
  const { log } = settings;
  const opened = await openSnapshot(options.snapshot, log);
  if (!opened.ok) return opened;
  const { store, lock, existing } = opened;
  for (const warning of reached?.warnings ?? []) log.warning(renderLine(warning));
  if (isolation !== null) log.warning(isolation);
  tellFoundFiles(log, options.snapshot, opened);
  return { ok: true, daemon: await compose(settings, { store, lock, existing, secrets, reached }) };
}

interface Ground {
  readonly store: SnapshotStore;
  readonly lock: SnapshotLock;
  readonly existing: Existing;
  readonly secrets: MaskedSecrets;
  /** Null: the instance is alone. */
  readonly reached: Reached | null;
}

/** Makes the parts and ties them to the loop. */
async function compose(settings: DaemonSettings, ground: Ground): Promise<Daemon> {
  const { options, log, environment, once } = settings;
  const { snapshot } = options;
  const { store, existing, secrets: { mask } } = ground;
  const instance = instanceName(options, Deno.hostname());
  const incarnation = newIncarnation();
  const active = () => loop.state().active;
  const parser = openBlockParser();
  // Its start hides behind what has to be opened before the first look.
  if (formatOf(settings.sourcePath) === "hcl") parser.warm();
  const looking = openSourceLoader(settings, { parser, store, secrets: ground.secrets, active });
  const records = openRecords(settings, ground, looking.rejectedHash, () => loop);
  const { recorder } = records;
  const { found, keeper } = await openState(settings);
  const joined = await join(settings, { ...ground, instance, incarnation, recorder, found, keeper, loop: () => loop });
  const hookRunner = openHookRunner({
    ...records,
    // A single load puts nothing in force that is not accepted, and leaves the rest to the daemon.
    options: once ? { ...options.hooks, list: checkHooks(options.hooks) } : options.hooks,
    common: { instance, source: settings.sourcePath, snapshot: snapshot.path, serverPath: snapshot.serverPath },
    // Without hooks nobody writes anything that its secrets would have to be looked for in.
    inForce: options.hooks.list.length > 0 ? inForceOf(existing) : null,
    secretFiles: secretFilesOf(options).map((file) => credentialPath(file.path, environment)),
    done: found.hooks,
    keep: (hooks) => keeper.keep({ hooks }),
    generation: () => agreedGeneration(loop.state().agreement),
    rejectedHash: looking.rejectedHash,
    changed: () => service.changed(),
    log,
    mask,
  });
  const manager = once ? null : openServiceManager(environment, { onTrouble: (line) => log.warning(line) });
  const service = openService(manager, () => serviceFacts({ loop, recorder, hookRunner }, options, mask));
  const changes = trackChanges(existing);
  const mounted = mountedFiles(settings);
  const loop: Loop<Candidate> = runLoop<Candidate>({
    ...openActivator({ hooks: options.hooks, store, changes, hookRunner, active }),
    active: snapshotIdOf(existing),
    look: looking.look,
    cluster: joined?.membership.access ?? null,
    heartbeat: service.heartbeat,
    changed: () => service.changed(),
    report(report) {
      const isInForce = report.kind === "activated" || report.kind === "unchanged";
      const changed = isInForce ? changes.moveTo(report.candidate.config) : {};
      recorder.report(report, changed);
      joined?.membership.tellChange();
      hookRunner.report(report, Object.keys(changed));
      service.changed();
      // Each look starts a program, and only a reload has read the files.
      if (!once && "reasons" in report) void mounted.look();
    },
  });
  records.metrics.activeGeneration.set(loop.state().agreement?.ledger.agreed?.generation ?? 0);
  const notifier = joined?.notifier ?? soloNotifier({ incarnation });
  const self = { instance, incarnation, settings, mask };
  const api = openDaemonApi({ ...records, ...self, store, loop, notifier, hookRunner, mounted });
  const link = joined?.membership ?? notifier;
  const { lock } = ground;
  const parts = { loop, recorder, parser, api, hookRunner, service, joined, keeper, link, lock, mounted };
  return daemonOf(settings, parts);
}

/** What happened, as it is told and remembered. */
function openRecords(
  settings: DaemonSettings,
  ground: Ground,
  rejectedHash: () => string | null,
  loop: () => Loop<Candidate>,
) {
  const { options, log, version } = settings;
  const journal = openJournal();
  const hooks = options.hooks.list.map((hook) => hook.name);
  const metrics = openMetrics({ version, startTimeSeconds: performance.timeOrigin / 1000, hooks });
  const recorder = openEventRecorder({
    log,
    metrics,
    journal,
    foundHash: snapshotIdOf(ground.existing)?.hash ?? null,
    clustered: ground.reached !== null,
    isolation: isolationOf(options),
    detailed: options.highAvailability.enableDetailedLogging,
    rejectedHash,
    headGeneration: () => loop().state().agreement?.head?.generation ?? null,
  });
  return { journal, metrics, recorder };
}

/** Reads what the last process kept, and opens what keeps it for the next. */
async function openState({ options, log }: DaemonSettings): Promise<{ found: KeptState; keeper: StateKeeper }> {
  const { highAvailability, snapshot, state, hooks } = options;
  const path = statePath(state.directory, snapshot.path);
  const scope = { channel: highAvailability.configurationChannel, snapshot: snapshot.path };
  const { trouble, ...found } = await readState(path, scope);
  const matters = highAvailability.enabled || hooks.list.length > 0;
  if (trouble !== null && matters) log.warning(`What was kept of before does not count: ${trouble}`);
  let told: string | null = null;
  const keeper = stateKeeper(path, scope, found, (failure) => {
    if (failure !== null && failure !== told) {
      log.error(`What was agreed on, and which hooks are done, cannot be kept: ${failure}`);
    }
    told = failure;
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
  readonly keeper: StateKeeper;
  /** The way to the others, or what stands in its place. */
  readonly link: AsyncDisposable;
  readonly lock: SnapshotLock;
  readonly mounted: MountedFiles;
}

/** The daemon that its parts make, in the order in which they begin and end. */
function daemonOf(settings: DaemonSettings, parts: Parts): Daemon {
  const { loop, recorder, parser, api, hookRunner, service, joined, keeper, link, lock, mounted } = parts;
  const { options, environment, log } = settings;
  // Stage by stage: no more hints; no more work and answers; then what the work left to be told and kept.
  const hinting: AsyncDisposable[] = [];
  const working: AsyncDisposable[] = [loop, hookRunner];
  const stages = [hinting, working, [link], [keeper], [parser, service, mounted]];
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
      const { trouble } = loop.state();
      if (trouble === null) return "in-force";
      if (trouble.kind !== "rejected" || recorder.rejection() === null) return "failed";
      // A source that is wrong hides that its snapshot could not have been written either.
      const taken = await lock.take();
      if (!taken.ok) log.error(taken.message);
      return taken.ok ? "rejected" : "failed";
    },
    async serve() {
      const { socket, listen, tokenFile, tls } = options.admin;
      // Loaded where it is needed: a single load answers nobody.
      const { openAdminServer } = await import("./admin/server.ts");
      const token = tokenFile && credentialPath(tokenFile, environment);
      const opened = await openAdminServer({ socket, listen, tokenFile: token, tls, api, log });
      if (opened.ok) working.push(admin = opened.server);
      else if (opened.isOption) return opened;
      else log.error(`The admin interface is not there: ${opened.message}`);
      joined?.membership.join();
      const following = await followFiles(settings, { recorder, parser, hint: (reason) => loop.hint(reason) });
      if (following) hinting.push(following);
      service.serving();
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

/** What the service manager may know, at this moment. */
function serviceFacts(
  { loop, recorder, hookRunner }: Pick<Parts, "loop" | "recorder" | "hookRunner">,
  options: Options,
  mask: (text: string) => string,
): ServiceFacts {
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

/** The secrets of the options, and of a connection those alone that it has: where Redis is may be shown. */
function secretsWith({ secrets }: Reached, options: Options): string[] {
  const { highAvailability, connectionStrings } = options;
  const others: Options = {
    ...options,
    highAvailability: { ...highAvailability, redisConnectionString: null },
    connectionStrings: { ...connectionStrings, redis: null },
  };
  return [...secretValues(others), ...secrets];
}

function snapshotIdOf(existing: Existing): SnapshotId | null {
  if (existing.state !== "in-force") return null;
  const { hash, contentHash } = existing.header;
  return { hash, contentHash };
}
