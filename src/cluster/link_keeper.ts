// Keeps one session with the cluster: opens it, waits for its loss, and tries again with backoff. It reports each
// change of state once. Only the keeper decides when to try, so no other part has a timer that could outlive it.
import { type Clock, systemClock } from "../time/clock.ts";
import { pause } from "../time/pause.ts";
import type { Link } from "./notifier.ts";

/** The part of a session that the keeper needs. */
export interface Keepable {
  /** Resolves with the reason, in one line without secrets; never rejects. */
  readonly lost: Promise<string>;
}

/** The options of `keepLink`. */
export interface LinkKeeperOptions<Session extends Keepable> {
  /** Opens a session; rejects with an error whose message is the reason. The signal ends it, opened or not. */
  readonly open: (signal: AbortSignal) => Promise<Session>;
  /** Resolves when all that the last call of `open` opened is closed; called after its signal aborted. */
  readonly closed: () => Promise<void>;
  /** Receives each change of the link. Must not throw. */
  readonly linked: (link: Link) => void;
  /** False: a loss is final, and so is a first connection that fails for `firstConnectionMilliseconds`. */
  readonly autoReconnect: boolean;
  /** How long the first connection is tried; counts only without `autoReconnect`. */
  readonly firstConnectionMilliseconds: number;
  /** The wait after the `attempt`-th failure in a row, from 1 on. */
  readonly backoffMilliseconds: (attempt: number) => number;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

/** Keeps a link. Disposing closes the session and waits for it; `linked` is not called afterwards. */
export interface LinkKeeper<Session> extends AsyncDisposable {
  /** A second call does nothing. */
  start(): void;
  /** The present state; if the link is down, with the latest reason. */
  link(): Link;
  /** Null: no session is open. */
  session(): Session | null;
}

/** After a session that lasted this long, the next loss counts as the first in a row. */
const STABLE_MILLISECONDS = 10_000;

/** In one outage; a server could make up a new reason for each try. */
const MAX_REASONS_REPORTED = 8;

/** Makes a keeper; it opens nothing before it is started. */
export function keepLink<Session extends Keepable>(options: LinkKeeperOptions<Session>): LinkKeeper<Session> {
  const { clock = systemClock } = options;
  const ending = new AbortController();
  let link: Link = { state: "connecting" };
  let session: Session | null = null;
  let keeping: Promise<void> | null = null;

  let reasonsReported = new Set<string>();
  const isNews = (next: Link): boolean => {
    if (next.state !== "down") return next.state !== link.state;
    if (link.state !== "down") reasonsReported = new Set();
    if (reasonsReported.has(next.reason) || reasonsReported.size >= MAX_REASONS_REPORTED) return next.final;
    reasonsReported.add(next.reason);
    return true;
  };
  const change = (next: Link): void => {
    const news = isNews(next);
    link = next;
    if (news && !ending.signal.aborted) options.linked(next);
  };

  /**
   * Opens a session and waits for its loss; resolves with the reason and the session's length: NaN if it never opened.
   */
  const runSession = async (): Promise<{ reason: string; lastedMilliseconds: number }> => {
    const leaving = new AbortController();
    const leave = () => leaving.abort();
    ending.signal.addEventListener("abort", leave, { signal: leaving.signal });
    try {
      session = await options.open(leaving.signal);
      const since = clock.now();
      change({ state: "up" });
      const reason = await Promise.race([session.lost, aborted(leaving.signal)]);
      return { reason, lastedMilliseconds: clock.now() - since };
    } catch (error) {
      return { reason: error instanceof Error ? error.message : String(error), lastedMilliseconds: NaN };
    } finally {
      session = null;
      leave();
      await options.closed();
    }
  };

  const keep = async (): Promise<void> => {
    const startedAt = clock.now();
    let failures = 0;
    while (!ending.signal.aborted) {
      const { reason, lastedMilliseconds } = await runSession();
      if (lastedMilliseconds >= STABLE_MILLISECONDS) failures = 0;
      const wasUp = lastedMilliseconds >= 0;
      const outOfTime = clock.now() - startedAt >= options.firstConnectionMilliseconds;
      const final = !options.autoReconnect && (wasUp || outOfTime);
      change({ state: "down", reason, final });
      if (final) return;
      await pause(options.backoffMilliseconds(++failures), ending.signal, clock);
    }
  };

  return {
    start() {
      keeping ??= keep();
    },
    link: () => link,
    session: () => session,
    async [Symbol.asyncDispose]() {
      ending.abort();
      await keeping;
    },
  };
}

function aborted(signal: AbortSignal): Promise<string> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve("Closed");
    else signal.addEventListener("abort", () => resolve("Closed"));
  });
}
