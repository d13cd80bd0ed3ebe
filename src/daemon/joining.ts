// Makes an instance a member of its cluster: opens its connection to Redis, whose secrets are read again before each
// session, and its membership.
import type { Notifier } from "../cluster/notifier.ts";
import { describeConnection, resolveConnection, type ResolvedConnection } from "../cluster/redis/redis_connection.ts";
import type { EventRecorder } from "./event_recorder.ts";
import type { HookStatus } from "../hooks/hook_memory.ts";
import type { HostApprovals } from "./host_approvals.ts";
import type { LoopAccess } from "./loop_holder.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import { type Membership, openMembership } from "./membership.ts";
import { redisRenewal } from "./redis_renewal.ts";
import type { DaemonSettings } from "./daemon_settings.ts";
import type { Options } from "../options/options.ts";
import type { TextRead } from "../releases/source_history.ts";
import type { ReleaseKeeper } from "./release_keeper.ts";
import type { KeptState, StateKeeper } from "./state_file.ts";

/** The longest time between two writes of this instance's record, even if the head is read less often. */
const LONGEST_SILENCE_SECONDS = 30;

/** Between two writes of this instance's record. */
function recordMillisecondsOf({ highAvailability: { reconcileSeconds } }: Options): number {
  return Math.min(reconcileSeconds, LONGEST_SILENCE_SECONDS) * 1000;
}

/** The life of a record that is not written again, in milliseconds. */
export function peerLifeOf(options: Options): number {
  return 3 * recordMillisecondsOf(options);
}

/**
 * How long there have to be records without a gap before each living instance has written its own: it connects again or
 * renews its record after an interval at the latest, which then takes no longer than a connection.
 */
export function gatherMillisecondsOf(options: Options): number {
  return recordMillisecondsOf(options) + options.highAvailability.connectionTimeoutMs;
}

/** The connection to Redis that the options name. */
export type Reached = Extract<ResolvedConnection, { readonly ok: true }>;

/** An instance that is a member of its cluster. */
export interface Joined {
  readonly membership: Membership;
  readonly notifier: Notifier;
}

/** The parts of a member. */
export interface Joining {
  /** The instance's name. */
  readonly instance: string;
  readonly incarnation: string;
  /** Null: the instance has no cluster. */
  readonly reached: Reached | null;
  /** Receives the secrets of Redis' files after they changed, and masks texts. */
  readonly secrets: MaskedSecrets;
  readonly approvals: Pick<HostApprovals, "isApproved">;
  readonly recorder: EventRecorder;
  /** The state that the last process kept. */
  readonly found: KeptState;
  readonly keeper: StateKeeper;
  /** Held before the membership joins. */
  readonly loop: LoopAccess;
  readonly hooks: () => readonly HookStatus[];
  readonly releases: Pick<ReleaseKeeper, "journal" | "keyRing">;
  /** The text of a config that this host compiled: of a release, or of its source. */
  textOf(hash: string): Promise<TextRead>;
}

/** Makes the instance a member of its cluster, with the state of the last process; null: it has no cluster. */
export async function join(
  { options, environment, version, log }: DaemonSettings,
  { instance, incarnation, reached, secrets, approvals, recorder, found, keeper, loop, hooks, releases, textOf }:
    Joining,
): Promise<Joined | null> {
  if (reached === null) return null;
  const { connection } = reached;
  const { configurationChannel: channel, settleSeconds, reconcileSeconds, autoReconnect } = options.highAvailability;
  const recordMilliseconds = recordMillisecondsOf(options);
  // Loaded only now, so that an instance without a cluster does not hold it in memory.
  const { openRedisNotifier } = await import("../cluster/redis/redis_notifier.ts");
  const notifier = openRedisNotifier({
    instance,
    incarnation,
    formerPeer: found.peer,
    connection,
    renew: redisRenewal({
      connection,
      resolve: () => resolveConnection(options, environment),
      changed: secrets.rotate,
      log,
    }),
    channel,
    autoReconnect,
    peerLifeMilliseconds: peerLifeOf(options),
    longestPauseMilliseconds: recordMilliseconds,
  });
  const described = describeConnection(connection);
  log.information(
    "High Availability mode enabled - using Redis for distributed configuration change notifications",
    { instance, channel, redis: described },
  );
  const membership = openMembership({
    notifier,
    connection: described,
    instance,
    incarnation,
    version,
    limits: { settleMilliseconds: settleSeconds * 1000, reconcileMilliseconds: reconcileSeconds * 1000 },
    recordMilliseconds,
    gatherMilliseconds: gatherMillisecondsOf(options),
    ledger: found.ledger,
    keeper,
    log,
    logChangeEvents: options.configurationWatcher.logChangeEvents,
    recorder,
    loop,
    hooks,
    journalTail: releases.journal.newest,
    isCanary: options.rollout.canary,
    isShared: options.rollout.steps.length > 0 || options.source.from !== "file",
    keyRing: releases.keyRing,
    textOf,
    isApproved: approvals.isApproved,
    mask: secrets.mask,
  });
  return { membership, notifier };
}
