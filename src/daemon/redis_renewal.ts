// Reads the password and the certificates for Redis again before each session, because they are rotated while the
// daemon runs. If a file cannot be read, the former values remain in use.
import type { RedisConnection, ResolvedConnection } from "../cluster/redis/redis_connection.ts";
import type { Logger } from "../telemetry/log.ts";
import { withinLimit } from "../time/limit.ts";

/** The parts of a renewal. */
export interface RedisRenewalSettings {
  /** As resolved at the start. */
  readonly connection: RedisConnection;
  /** Reads the options' files again. */
  resolve(): Promise<ResolvedConnection>;
  /** Receives the new secrets before they are used. */
  changed(secrets: readonly string[]): void;
  readonly log: Logger;
}

/**
 * Returns a function that resolves with the current connection and never rejects; `unwanted` ends a wait for the disk.
 */
export function redisRenewal(
  { connection, resolve, changed, log }: RedisRenewalSettings,
): (unwanted: AbortSignal) => Promise<RedisConnection> {
  let latest = connection;
  let reading: Promise<ResolvedConnection> | null = null;
  let loggedTrouble: string | null = null;
  return async (unwanted) => {
    // A reading that hangs is waited for again, so that no second one is started.
    reading ??= resolve().finally(() => reading = null);
    const read = await withinLimit(reading, latest.connectTimeoutMilliseconds, unwanted);
    const trouble = !read.ok ? "The files for the connection to Redis were not read in time" : whyNot(read.value);
    if (trouble !== null && trouble !== loggedTrouble && !unwanted.aborted) {
      log.warning(`${trouble}: the values read before stay in use`);
    }
    loggedTrouble = trouble;
    if (read.ok && read.value.ok && JSON.stringify(read.value.connection) !== JSON.stringify(latest)) {
      changed(read.value.secrets);
      latest = read.value.connection;
      log.information("Redis' password or certificates changed: the new ones are used from now on");
    }
    return latest;
  };
}

function whyNot(resolved: ResolvedConnection): string | null {
  return resolved.ok ? null : resolved.message;
}
