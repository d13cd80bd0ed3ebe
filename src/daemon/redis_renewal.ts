// The password and the certificates of the connection to Redis, read again before each session with it: they are rotated
// while the daemon runs. What cannot be read leaves in use what was read before.
import type { RedisConnection, ResolvedConnection } from "../cluster/redis_connection.ts";
import type { Logger } from "../process/log.ts";
import { withinLimit } from "../time/limit.ts";

/** What `redisRenewal` takes. */
export interface RedisRenewalSettings {
  /** As it was at the start. */
  readonly connection: RedisConnection;
  /** Reads the options' files again. */
  resolve(): Promise<ResolvedConnection>;
  /** Takes the secrets of a connection that changed, before anything is done with them. */
  changed(secrets: readonly string[]): void;
  /** Is told of changes and of files that cannot be used. */
  readonly log: Logger;
}

/** Makes what answers with the connection as it is now; never rejects. `unwanted` ends the wait for a slow file system. */
export function redisRenewal(
  { connection, resolve, changed, log }: RedisRenewalSettings,
): (unwanted: AbortSignal) => Promise<RedisConnection> {
  let latest = connection;
  let reading: Promise<ResolvedConnection> | null = null;
  let told: string | null = null;
  return async (unwanted) => {
    // One that hangs is waited for again, and not joined by another.
    reading ??= resolve().finally(() => reading = null);
    const read = await withinLimit(reading, latest.connectTimeoutMilliseconds, unwanted);
    const trouble = !read.ok ? "The files for the connection to Redis were not read in time" : whyNot(read.value);
    if (trouble !== null && trouble !== told && !unwanted.aborted) {
      log.warning(`${trouble}: what was read before stays in use`);
    }
    told = trouble;
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
