// An instance that is to agree with others and has no way to them: High Availability is on, and no option says where
// Redis is. It runs alone then, as a Honua server does, and says so to everybody that asks for the others.

/** The options that decide it; process/options.ts has them by the same names. */
export interface IsolationOptions {
  /** Of the section `HighAvailability`. */
  readonly highAvailability: { readonly enabled: boolean; readonly redisConnectionString: string | null };
  /** Of the section `ConnectionStrings`. */
  readonly connectionStrings: { readonly redis: string | null };
}

/** In one line why there are no others, with what to do. */
export const NO_CONNECTION_STRING: string =
  "HighAvailability:Enabled is true, but no connection string is set, so this instance runs alone: " +
  "set HighAvailability:RedisConnectionString or ConnectionStrings:Redis";

/** Why the instance is alone by mistake; null: High Availability is off, or Redis is named. */
export function isolationOf({ highAvailability, connectionStrings }: IsolationOptions): string | null {
  const { enabled, redisConnectionString } = highAvailability;
  return enabled && redisConnectionString === null && connectionStrings.redis === null ? NO_CONNECTION_STRING : null;
}
