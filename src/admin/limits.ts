// Every limit of the admin interface in one place. Two listeners with all their connections, and what a follower or a
// waiter holds, stay far below the 1,024 file descriptors that a process mostly may have (getrlimit(2)).

/** How long each wait may last and how many of each there may be. Times are in milliseconds. */
export interface AdminLimits {
  /**
   * From a connection's beginning to the whole head of its first request, TLS included. A handshake that does not end
   * cannot be cut: the connection is not served any more then, and keeps its place until the client goes.
   */
  readonly headMilliseconds: number;
  /** Between two requests on one connection. */
  readonly idleMilliseconds: number;
  /** From an answer's beginning to the client's having read it; a stream of events has a limit of its own. */
  readonly writeMilliseconds: number;
  /** For a request's whole body. */
  readonly bodyMilliseconds: number;
  /** For an answer that takes no reload. */
  readonly answerMilliseconds: number;
  /** For an answer that takes one. */
  readonly reloadMilliseconds: number;
  /** Between two signs of life on a stream of events. */
  readonly heartbeatMilliseconds: number;
  /** After which a follower that does not read its stream of events is dropped. */
  readonly stuckMilliseconds: number;
  /** Between two looks whether the socket is still there and the certificate still the same. */
  readonly lookMilliseconds: number;
  /** For what is in flight when the interface closes. */
  readonly graceMilliseconds: number;
  /** Of a request's body. */
  readonly maxBodyBytes: number;
  /** Of one listener: those of TCP cannot take the socket's. Beyond it a client is refused, or over TLS waits. */
  readonly maxConnections: number;
  /** Reloads that are waited for at once. */
  readonly maxReloads: number;
  /** Waits for another snapshot at once. */
  readonly maxWaiters: number;
  /** Streams of events at once. */
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
  maxWaiters: 200,
  maxFollowers: 50,
};
