// Recognises the paths that this instance sent itself: a message with a path does not name its sender.
import { type Clock, systemClock } from "../time/clock.ts";
import type { Message } from "./announcement.ts";

/** Own paths that an instance waits to hear; if there are more, the oldest ones count as others'. */
const MAX_ECHOES = 16;

/** This instance's paths that have not come back yet. */
export interface OwnEchoes {
  /** To be called before a path is sent. */
  expect(path: string): void;
  /** Returns the message with `own` set. */
  recognise(message: Message): Message;
  forget(): void;
}

/**
 * Tells this instance's paths from others', which look the same: after sending a path, the next one that is heard is
 * its own. A path that was lost on its way is awaited no longer than a command, so it does not hide a later one of
 * another sender.
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
      const index = expected.findIndex(({ path, until }) => path === message.path && until > now);
      if (index < 0) return message;
      expected.splice(index, 1);
      return { ...message, own: true };
    },
    forget(): void {
      expected = [];
    },
  };
}
