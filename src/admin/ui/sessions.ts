// The sessions of the page's readers, in memory and bounded. An id is random and known only to its browser: here is its
// SHA-256 digest. The token of the sign-in stays with the session, because each request judges it again.
import { createHash, randomBytes } from "node:crypto";

/** The facts that a reader signed in with. */
export interface Person {
  /** Of `Admin:TokenFile`. */
  readonly token: string;
  /** As the person gave it: everybody with the token may give any name. */
  readonly name: string;
}

export interface SessionLimits {
  /** The oldest session ends when one more begins. */
  readonly maxSessions: number;
  /** From the sign-in. */
  readonly maxAgeMilliseconds: number;
  /** From the last use. */
  readonly maxIdleMilliseconds: number;
}

export const SESSION_LIMITS: SessionLimits = {
  maxSessions: 100,
  maxAgeMilliseconds: 12 * 3_600_000,
  maxIdleMilliseconds: 3_600_000,
};

export interface SessionSettings {
  /** Monotonic milliseconds. */
  readonly now: () => number;
  /** Returns this many random bytes; default those of the system. */
  readonly random?: (bytes: number) => Uint8Array;
}

export interface Sessions {
  /** Begins a session and returns its id. */
  begin(person: Person): string;
  /**
   * The person of a session; null: there is none, or it is over.
   *
   * @param isUse whether a person asks: a request that the page makes by itself does not keep a session alive.
   */
  find(id: string, isUse: boolean): Person | null;
  /** Ends it, if there is one. */
  end(id: string): void;
}

/** 256 bits. */
const ID_BYTES = 32;

interface Session {
  readonly person: Person;
  readonly begun: number;
  used: number;
}

export function openSessions({ now, random = randomBytes }: SessionSettings): Sessions {
  const { maxSessions, maxAgeMilliseconds, maxIdleMilliseconds } = SESSION_LIMITS;
  // In the order of the sign-ins. Keys are digests, so the time of a look-up says nothing about an id.
  const sessions = new Map<string, Session>();
  const isOver = ({ begun, used }: Session) =>
    now() - begun >= maxAgeMilliseconds || now() - used >= maxIdleMilliseconds;
  const dropWhatIsOver = () => {
    for (const [key, session] of sessions) if (isOver(session)) sessions.delete(key);
  };
  return {
    begin(person) {
      dropWhatIsOver();
      const oldest = sessions.size >= maxSessions ? sessions.keys().next().value : undefined;
      if (oldest !== undefined) sessions.delete(oldest);
      const id = random(ID_BYTES).toBase64({ alphabet: "base64url", omitPadding: true });
      sessions.set(digestOf(id), { person, begun: now(), used: now() });
      return id;
    },
    find(id, isUse) {
      dropWhatIsOver();
      const session = sessions.get(digestOf(id));
      if (session === undefined) return null;
      if (isUse) session.used = now();
      return session.person;
    },
    end: (id) => void sessions.delete(digestOf(id)),
  };
}

function digestOf(id: string): string {
  return createHash("sha256").update(id).digest("hex");
}
