// Detects an instance that must agree with others and cannot reach them: High Availability is on, and no option names
// Redis. The instance then runs by itself, as a Honua server does, and answers each question about the others with the
// reason.

/** The options that decide the isolation; `src/options/options.ts` has them by the same names. */
export interface IsolationOptions {
  readonly highAvailability: { readonly enabled: boolean; readonly redisConnectionString: string | null };
  readonly connectionStrings: { readonly redis: string | null };
}

/** The reason and the advice, in one line. */
export const NO_CONNECTION_STRING: string =
  "HighAvailability:Enabled is true, but no connection string is set, so this instance runs without the others: " +
  "set HighAvailability:RedisConnectionString or ConnectionStrings:Redis";

/**
 * Returns the reason why the instance runs without others by mistake; null: High Availability is off, or Redis is
 * named.
 */
export function isolationOf({ highAvailability, connectionStrings }: IsolationOptions): string | null {
  const { enabled, redisConnectionString } = highAvailability;
  return enabled && redisConnectionString === null && connectionStrings.redis === null ? NO_CONNECTION_STRING : null;
}
