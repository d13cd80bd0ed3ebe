// Recognises the paths that this instance sent itself: a message with a path does not name its sender.
import { type Clock, systemClock } from "../time/clock.ts";
import type { Message } from "./announcement.ts";

/** Paths of its own that an instance waits to hear; more at a time are taken for others'. */
const MAX_ECHOES = 16;

/** The own paths that have not come back yet. */
export interface OwnEchoes {
  /** A path is about to be sent. */
  expect(path: string): void;
  /** The message, with whether it is an own one. */
  recognise(message: Message): Message;
  /** Forgets all paths that have not come back. */
  forget(): void;
}

/**
 * Tells the own paths from others', which look the same: after sending one the next that is heard is its own. What was
 * lost on its way is waited for no longer than a command, so that it hides no later one of another.
 */
export function ownEchoes(lifeMilliseconds: number, clock: Pick<Clock, "now"> = systemClock): OwnEchoes {
  let expected: { readonly path: string; readonly until: number }[] = [];
  return {
    expect(path: string): void {
      expected = [...expected, { path, until: clock.now() + lifeMilliseconds }].slice(-MAX_ECHOES);
    },
    recognise(message: Message): Message {
      if (message.kind !== "look-again") return message;
      const now = clock.now();
      const at = expected.findIndex(({ path, until }) => path === message.path && until > now);
      if (at < 0) return message;
      expected.splice(at, 1);
      return { ...message, own: true };
    },
    forget(): void {
      expected = [];
    },
  };
}
