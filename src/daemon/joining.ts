// Makes an instance a member of its cluster: opens its way to Redis, whose secrets are read again before each session, and
// its place among the others.
import type { Notifier } from "../cluster/notifier.ts";
import { describeConnection, resolveConnection, type ResolvedConnection } from "../cluster/redis_connection.ts";
import type { Loop } from "../reload/loop.ts";
import type { EventRecorder } from "./event_recorder.ts";
import type { Candidate } from "./source_loader.ts";
import type { MaskedSecrets } from "./masked_secrets.ts";
import { type Membership, openMembership } from "./membership.ts";
import { redisRenewal } from "./redis_renewal.ts";
import type { DaemonSettings } from "./daemon_settings.ts";
import type { KeptState, StateKeeper } from "./state_file.ts";

/** However seldom an instance reads the head, the others know sooner than that whether it lives. */
const LONGEST_SILENCE_SECONDS = 30;

/** A connection to Redis that the options name. */
export type Reached = Extract<ResolvedConnection, { readonly ok: true }>;

/** An instance that is a member of its cluster. */
export interface Joined {
  /** Its place among the others. */
  readonly membership: Membership;
  /** Its way to them. */
  readonly notifier: Notifier;
}

/** The parts of a member. */
export interface Joining {
  /** Its name. */
  readonly instance: string;
  /** The process's, by `newIncarnation`. */
  readonly incarnation: string;
  /** Null: the instance is alone. */
  readonly reached: Reached | null;
  /** Gets the secrets of Redis' files after they changed, and masks texts. */
  readonly secrets: MaskedSecrets;
  /** Records what is heard. */
  readonly recorder: EventRecorder;
  /** The state that the last process kept. */
  readonly found: KeptState;
  /** Keeps it for the next one. */
  readonly keeper: StateKeeper;
  /** The loop, which is there before anything is heard. */
  loop(): Loop<Candidate>;
}

/** Makes the instance a member of its cluster, with the state of the last process; null: it is alone. */
export async function join(
  { options, environment, version, log }: DaemonSettings,
  { reached, secrets, ...parts }: Joining,
): Promise<Joined | null> {
  if (reached === null) return null;
  const { connection } = reached;
  const { instance, incarnation, found: { ledger, peer: formerPeer } } = parts;
  const { configurationChannel: channel, settleSeconds, reconcileSeconds, autoReconnect } = options.highAvailability;
  const tellMilliseconds = Math.min(reconcileSeconds, LONGEST_SILENCE_SECONDS) * 1000;
  const peerLifeMilliseconds = 3 * tellMilliseconds;
  // Loaded where it is needed: an instance without a cluster does not hold it in memory.
  const { openRedisNotifier } = await import("../cluster/redis_notifier.ts");
  const process = { instance, incarnation, formerPeer };
  const resolve = () => resolveConnection(options, environment);
  const renew = redisRenewal({ connection, resolve, changed: secrets.rotate, log });
  const notifier = openRedisNotifier({ ...process, connection, renew, channel, autoReconnect, peerLifeMilliseconds });
  const described = describeConnection(connection);
  log.information(
    "High Availability mode enabled - using Redis for distributed configuration change notifications",
    { instance, channel, redis: described },
  );
  const limits = { settleMilliseconds: settleSeconds * 1000, reconcileMilliseconds: reconcileSeconds * 1000 };
  const { logChangeEvents } = options.configurationWatcher;
  const about = {
    ...parts,
    version,
    connection: described,
    limits,
    tellMilliseconds,
    ledger,
    log,
    logChangeEvents,
    mask: secrets.mask,
  };
  return { membership: openMembership({ ...about, notifier }), notifier };
}
