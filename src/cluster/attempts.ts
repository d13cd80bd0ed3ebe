// What is asked of Redis, each with an answer in any case; and what Redis refused last though it answers.
import type { Link } from "./notifier.ts";
import type { Session } from "./redis_session.ts";
import { isRefusal, reasonOf } from "./redis_trouble.ts";

/** What came of an attempt, or why nothing did, in one line without secrets. */
export type Outcome<T> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly reason: string };

/** Works with the session. What Redis refuses is kept until something of that kind succeeds; `proves`: whether a value does. */
export type Attempt = <T>(
  kind: "writes" | "reads",
  work: (session: Session) => Promise<T>,
  proves?: (value: T) => boolean,
) => Promise<Outcome<T>>;

/** The attempts of one notifier. */
export interface Attempts {
  /** Makes one; never rejects. */
  readonly attempt: Attempt;
  /** Why Redis refused what was asked last, writes before all else; null: it did not. */
  refused(): string | null;
  /** The link was lost, and with it what is known. */
  forget(): void;
}

/** Opens them. `session` is null while there is none, and then `link` says why. */
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
