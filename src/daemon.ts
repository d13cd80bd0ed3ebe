// Puts the rooms together: the only file that knows all of them. It hands the loop what it needs to look at the source,
// to activate a snapshot and to agree with others, leads every hint to the loop's door, and closes all it opened.
import { openJournal } from "./admin/journal.ts";
import type { Notifier } from "./cluster/notifier.ts";
import {
  describeConnection,
  type RedisConnection,
  resolveConnection,
  type ResolvedConnection,
} from "./cluster/redis_connection.ts";
import { soloNotifier } from "./cluster/solo_notifier.ts";
import { type Chronicle, openChronicle } from "./daemon/chronicle.ts";
import { followFiles } from "./daemon/following.ts";
import { ledgerKeeper, ledgerPath, readLedger } from "./daemon/ledger_file.ts";
import { activate, type Candidate, looker } from "./daemon/looking.ts";
import { type MaskedSecrets, maskedSecrets } from "./daemon/masking.ts";
import { type Membership, openMembership } from "./daemon/membership.ts";
import type { DaemonSettings } from "./daemon/settings.ts";
import { openSubject } from "./daemon/subject.ts";
import { renderLine } from "./diagnostic/render.ts";
import { openBlockParser } from "./document/blocks.ts";
import type { Logger } from "./process/log.ts";
import { openMetrics } from "./process/metrics.ts";
import { secretValues } from "./process/option_schema.ts";
import type { Options } from "./process/options.ts";
import { type Loop, runLoop } from "./reload/loop.ts";
import type { Mark } from "./reload/state.ts";
import { describeFault } from "./snapshot/snapshot.ts";
import { type Existing, openStore, type SnapshotStore } from "./snapshot/store.ts";

export type { DaemonSettings };

/** What the last look came to: the source is in force, it is wrong, or something could not be reached or written. */
export type LoadOutcome = "in-force" | "rejected" | "failed";

/** A daemon at work. Disposing of it stops it; a write at hand is completed or given up before its rename. */
export interface Daemon extends AsyncDisposable {
  /** Looks at the source now; `start` where nobody asked for it. */
  reload(reason?: "signal" | "start"): void;
  /** Leaves nothing behind when the process is about to end without disposing. */
  abandon(): void;
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
  const clustered = options.highAvailability.enabled && !once;
  const reached = clustered ? await resolveConnection(options, given.environment) : null;
  if (reached?.ok === false) return reached;
  const secrets = maskedSecrets(reached === null ? secretValues(options) : secretsWith(reached, options));
  const settings: DaemonSettings = { ...given, log: given.log.withMask(secrets.mask) };
  const { log } = settings;
  const { path, mode, group } = options.snapshot;
  const opened = await openStore({ path, mode, group });
  if (!opened.ok) return { ...opened, isOption: opened.code === "UNKNOWN_GROUP" };
  const { store, existing, stale } = opened;
  for (const warning of reached?.warnings ?? []) log.warning(renderLine(warning));
  tellExisting(log, path, existing);
  for (const file of stale.removed) log.information("Removed a temporary file that a crash had left", { path: file });
  for (const file of stale.left) log.warning("A temporary file that a crash left cannot be removed", { path: file });

  return { ok: true, daemon: await compose(settings, { store, existing, secrets, reached }) };
}

interface Ground {
  readonly store: SnapshotStore;
  readonly existing: Existing;
  readonly secrets: MaskedSecrets;
  /** Null: the instance is alone. */
  readonly reached: Reached | null;
}

/** Makes the parts and ties them to the loop. */
async function compose(settings: DaemonSettings, { store, existing, secrets, reached }: Ground): Promise<Daemon> {
  const { options, log, version } = settings;
  const { mask } = secrets;
  const { instanceName, enableDetailedLogging: detailed } = options.highAvailability;
  const parser = openBlockParser();
  const looking = looker(settings, { parser, store, secrets, active: () => loop.state().active });
  const journal = openJournal();
  const metrics = openMetrics({ version, startTimeSeconds: performance.timeOrigin / 1000 });
  const chronicle = openChronicle({
    log,
    metrics,
    journal,
    existing,
    clustered: reached !== null,
    detailed,
    rejectedHash: looking.rejectedHash,
    headGeneration: () => loop.state().agreement?.head?.generation ?? null,
  });
  const instance = instanceName ?? Deno.hostname();
  const joined = reached && await join(settings, reached.connection, instance, { chronicle, loop: () => loop, mask });
  const loop: Loop<Candidate> = runLoop<Candidate>({
    active: markOf(existing),
    look: looking.look,
    activate: (candidate, signal) => activate(store, candidate, signal),
    cluster: joined?.membership.access ?? null,
    report(report) {
      chronicle.report(report);
      joined?.membership.tellChange();
    },
  });
  metrics.activeGeneration.set(loop.state().agreement?.ledger.agreed?.generation ?? 0);
  const notifier = joined?.notifier ?? soloNotifier({ instance });
  const subject = openSubject({ settings, instance, loop, notifier, chronicle, metrics, journal, mask });
  // Stage by stage: no more hints; no more work and answers; then what the work left to be told and kept.
  const hinting: AsyncDisposable[] = [];
  const working: AsyncDisposable[] = [loop];
  const stages = [hinting, working, [joined?.membership ?? notifier], joined ? [joined.keeper] : [], [parser]];
  return {
    reload: (reason = "signal") => loop.hint(reason),
    abandon: () => parser.kill(),
    async settled() {
      await loop.settled();
      const { trouble } = loop.state();
      if (trouble === null) return "in-force";
      return trouble.kind === "rejected" && chronicle.rejection() !== null ? "rejected" : "failed";
    },
    async serve() {
      const { socket, listen, tokenFile, tls } = options.admin;
      // Loaded where it is needed: a single load answers nobody.
      const { openAdminServer } = await import("./admin/server.ts");
      const admin = await openAdminServer({ socket, listen, tokenFile, tls, subject, log });
      if (admin.ok) working.push(admin.server);
      else if (admin.isOption) return admin;
      else log.error(`The admin interface is not there: ${admin.message}`);
      joined?.membership.join();
      const following = await followFiles(settings, { chronicle, parser, hint: (reason) => loop.hint(reason) });
      if (following) hinting.push(following);
      loop.hint("start");
      return { ok: true };
    },
    async [Symbol.asyncDispose]() {
      for (const stage of stages.splice(0)) await Promise.all(stage.map((one) => one[Symbol.asyncDispose]()));
    },
  };
}

type Reached = Extract<ResolvedConnection, { readonly ok: true }>;

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

/** However seldom an instance reads the head, the others know sooner than that whether it lives. */
const LONGEST_SILENCE_SECONDS = 30;

interface Joined {
  readonly membership: Membership;
  readonly notifier: Notifier;
  readonly keeper: AsyncDisposable;
}

/** Makes the instance a member of its cluster, with what the last process left behind. */
async function join(
  { options, version, log }: DaemonSettings,
  connection: RedisConnection,
  instance: string,
  parts: { readonly chronicle: Chronicle; loop(): Loop<Candidate>; mask(text: string): string },
): Promise<Joined> {
  const { configurationChannel: channel, settleSeconds, reconcileSeconds, autoReconnect } = options.highAvailability;
  const path = ledgerPath(options.state.directory, options.snapshot.path);
  const scope = { channel, snapshot: options.snapshot.path };
  const { ledger, trouble } = await readLedger(path, scope);
  if (trouble !== null) log.warning(`What was agreed on before is not known: ${trouble}`);
  let told: string | null = null;
  const keeper = ledgerKeeper(path, scope, (failure) => {
    if (failure !== null && failure !== told) log.error(`What was agreed on cannot be kept: ${failure}`);
    told = failure;
  });
  const tellMilliseconds = Math.min(reconcileSeconds, LONGEST_SILENCE_SECONDS) * 1000;
  const peerLifeMilliseconds = 3 * tellMilliseconds;
  // Loaded where it is needed: an instance alone does not hold it in memory.
  const { openRedisNotifier } = await import("./cluster/redis_notifier.ts");
  const notifier = openRedisNotifier({ connection, channel, instance, autoReconnect, peerLifeMilliseconds });
  const described = describeConnection(connection);
  log.information("High Availability mode enabled", { instance, channel, redis: described });
  const limits = { settleMilliseconds: settleSeconds * 1000, reconcileMilliseconds: reconcileSeconds * 1000 };
  const about = { instance, version, connection: described, limits, tellMilliseconds, ledger, keeper, log };
  return { membership: openMembership({ ...about, ...parts, notifier }), notifier, keeper };
}

function markOf(existing: Existing): Mark | null {
  if (existing.state !== "in-force") return null;
  const { hash, contentHash } = existing.header;
  return { hash, contentHash };
}

function tellExisting(log: Logger, path: string, existing: Existing): void {
  if (existing.state === "in-force") {
    log.information("The snapshot is whole and stays in force", { path, hash: existing.header.hash });
  } else if (existing.state === "newer-format") {
    log.warning("The snapshot has a newer format than this version knows: it is replaced by the next one", { path });
  } else if (existing.state === "damaged") {
    const { fault, setAsideAs } = existing;
    const what = setAsideAs === null ? "it could not be set aside and stays where it is" : "it was set aside";
    log.error(`The snapshot ${describeFault(fault)}: ${what}`, { path, setAsideAs });
  }
}
