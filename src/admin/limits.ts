// Every limit of the admin interface in one place. Two listeners with all their connections, followers and waiters stay
// far below 1,024 file descriptors, the usual limit of a process (getrlimit(2)).

/** How long each wait may last and how many of each there may be. Times are in milliseconds. */
export interface AdminLimits {
  /**
   * From a connection's beginning to the whole head of its first request, TLS included. A handshake that does not end
   * cannot be cut: the connection is then no longer served, and keeps its place until the client goes.
   */
  readonly headMilliseconds: number;
  /** Between two requests on one connection. */
  readonly idleMilliseconds: number;
  /** From the beginning of an answer until the client has read it; a stream of events has its own limit. */
  readonly writeMilliseconds: number;
  /** For the whole body of a request. */
  readonly bodyMilliseconds: number;
  /** For an answer without a reload. */
  readonly answerMilliseconds: number;
  /** For an answer that waits for a reload. */
  readonly reloadMilliseconds: number;
  /** Between two signs of life on a stream of events. */
  readonly heartbeatMilliseconds: number;
  /** For a follower to read its stream of events before it is dropped. */
  readonly stuckMilliseconds: number;
  /** Between two looks whether the socket is still there and the certificate still the same. */
  readonly lookMilliseconds: number;
  /** For requests in progress when the interface closes. */
  readonly graceMilliseconds: number;
  /** Of the body of a request. */
  readonly maxBodyBytes: number;
  /**
   * Of one listener, so that TCP clients cannot take the places of the socket. A further client is refused, or waits if
   * it uses TLS.
   */
  readonly maxConnections: number;
  /** Reloads with a waiting client, at once. */
  readonly maxReloads: number;
  /** Answers with the source of a release, at once: each holds the whole text until its client has read it. */
  readonly maxSources: number;
  /** Waits for another snapshot, at once. */
  readonly maxWaiters: number;
  /** Streams of events, at once. */
  readonly maxFollowers: number;
}

/** The limits that hold unless a test sets others. */
export const ADMIN_LIMITS: AdminLimits = {
  headMilliseconds: 10_000,
  idleMilliseconds: 60_000,
  writeMilliseconds: 60_000,
  bodyMilliseconds: 10_000,
  answerMilliseconds: 10_000,
  reloadMilliseconds: 60_000,
  heartbeatMilliseconds: 15_000,
  stuckMilliseconds: 30_000,
  lookMilliseconds: 5_000,
  graceMilliseconds: 1_000,
  maxBodyBytes: 64 * 1024,
  maxConnections: 300,
  maxReloads: 100,
  maxSources: 4,
  maxWaiters: 200,
  maxFollowers: 50,
};

/** The limits of {@linkcode serveByRelay}, whose connections take four file descriptors each. */
export const RELAY_LIMITS: AdminLimits = { ...ADMIN_LIMITS, maxConnections: 75, maxWaiters: 40, maxFollowers: 20 };
