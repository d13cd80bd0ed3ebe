// Keeps one session with the cluster: opens it, waits for its loss, and tries again with backoff, telling each change of
// state once. It alone decides when to try, so that nothing else has a timer that could outlive it.
import { type Clock, systemClock } from "../time/clock.ts";
import { pause } from "../time/pause.ts";
import type { Link } from "./notifier.ts";

/** A session as far as keeping it goes. */
export interface Keepable {
  /** Resolves with the reason, in one line without secrets; never rejects. */
  readonly lost: Promise<string>;
}

/** What `keepLink` takes. */
export interface LinkKeeperOptions<Session extends Keepable> {
  /** Opens a session; rejects with an error whose message is the reason. The signal ends it, opened or not. */
  readonly open: (signal: AbortSignal) => Promise<Session>;
  /** Resolves when all that was opened by the last call of `open` is closed; called after its signal aborted. */
  readonly closed: () => Promise<void>;
  /** Is told each change of the link. Must not throw. */
  readonly linked: (link: Link) => void;
  /** False: a loss is final, and so is a first connection that did not come about in the time below. */
  readonly autoReconnect: boolean;
  /** How long the first connection may be tried for where nothing is tried after it. */
  readonly firstConnectionMilliseconds: number;
  /** The wait after the `attempt`-th failure in a row, from 1 on. */
  readonly backoffMilliseconds: (attempt: number) => number;
  /** Default: the monotonic clock of this process. */
  readonly clock?: Clock;
}

/** A link that is being kept. Disposing closes the session and waits for it; nothing is told afterwards. */
export interface LinkKeeper<Session> extends AsyncDisposable {
  /** Begins, once. */
  start(): void;
  /** The link now; of a link that is down the latest reason. */
  link(): Link;
  /** The session, while there is one. */
  session(): Session | null;
}

/** A session must have lasted this long for the next loss to count as the first in a row. */
const STABLE_MILLISECONDS = 10_000;

/** Of one outage; a server that makes up reasons is not told for ever. */
const MAX_REASONS_TOLD = 8;

/** Readies a link; nothing is opened before it is started. */
export function keepLink<Session extends Keepable>(options: LinkKeeperOptions<Session>): LinkKeeper<Session> {
  const { clock = systemClock } = options;
  const ending = new AbortController();
  let link: Link = { state: "connecting" };
  let session: Session | null = null;
  let keeping: Promise<void> | null = null;

  let reasonsTold = new Set<string>();
  const isNews = (next: Link): boolean => {
    if (next.state !== "down") return next.state !== link.state;
    if (link.state !== "down") reasonsTold = new Set();
    if (reasonsTold.has(next.reason) || reasonsTold.size >= MAX_REASONS_TOLD) return next.final;
    reasonsTold.add(next.reason);
    return true;
  };
  const change = (next: Link): void => {
    const news = isNews(next);
    link = next;
    if (news && !ending.signal.aborted) options.linked(next);
  };

  /** Opens a session and stays until it is lost; resolves with the reason, and how long it lasted: NaN if never open. */
  const stay = async (): Promise<{ reason: string; lastedMilliseconds: number }> => {
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
      const { reason, lastedMilliseconds } = await stay();
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
