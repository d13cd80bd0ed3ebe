// Runs requests to Redis, each of which ends with a value or a reason, and remembers the latest refusal.
import type { Link } from "../notifier.ts";
import type { Session } from "./redis_session.ts";
import { isRefusal, reasonOf } from "./redis_trouble.ts";

/** The value of a request, or in one line without secrets the reason why there is none. */
export type AttemptResult<T> = { readonly ok: true; readonly value: T } | {
  readonly ok: false;
  readonly reason: string;
};

/**
 * Runs a request on the session. A refusal is remembered until a request of the same kind succeeds; `proves` says
 * whether a value proves that.
 */
export type Attempt = <T>(
  kind: "writes" | "reads",
  work: (session: Session) => Promise<T>,
  proves?: (value: T) => boolean,
) => Promise<AttemptResult<T>>;

/** The requests of one notifier. */
export interface Attempts {
  /** Never rejects. */
  readonly attempt: Attempt;
  /** The reason why Redis refuses requests, that of writes first; null: it refuses none. */
  refused(): string | null;
  /** Forgets all refusals; called when the link is lost. */
  forget(): void;
}

/** Makes the requests of one notifier. While `session` returns null, `link` has the reason. */
export function openAttempts(session: () => Session | null, link: () => Link): Attempts {
  const refusals: Record<"writes" | "reads", string | null> = { writes: null, reads: null };
  return {
    async attempt(kind, work, proves = () => true) {
      const open = session();
      if (open === null) return { ok: false, reason: reasonWithout(link()) };
      try {
        const value = await work(open);
        if (proves(value)) refusals[kind] = null;
        return { ok: true, value };
      } catch (error) {
        const reason = reasonOf(error);
        if (isRefusal(error)) refusals[kind] = reason;
        const now = link();
        return { ok: false, reason: now.state === "down" && now.final ? now.reason : reason };
      }
    },
    refused: () => refusals.writes ?? refusals.reads,
    forget() {
      refusals.writes = refusals.reads = null;
    },
  };
}

function reasonWithout(link: Link): string {
  return link.state === "down" ? link.reason : "Redis is not connected yet";
}
