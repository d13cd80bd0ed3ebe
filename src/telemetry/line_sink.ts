// Lines to a stream whose reader may be slow or stuck: the writer of a line never waits. The queue is bounded; further
// lines are lost and counted, and the count is reported when the stream takes lines again.

export interface LineSink {
  /** Takes a line with its line feed. Returns at once and never throws. */
  write(line: string): void;
  /** Resolves when all lines are out, or after that many milliseconds. */
  drain(limitMilliseconds: number): Promise<void>;
}

/** The stream under a sink. */
export interface LineStream {
  /** Writes some of the bytes and resolves with their number. */
  write(bytes: Uint8Array): Promise<number>;
}

/** Further lines are lost: some megabytes at the most. */
const MAX_WAITING_LINES = 1_000;

/** Opens a sink over a stream. Calls `onLost` with the number of lost lines once there is room to report it. */
export function openLineSink(stream: LineStream, onLost: (lines: number) => void): LineSink {
  let waiting: string[] = [];
  let lost = 0;
  let pumping: Promise<void> | null = null;

  const pump = async (): Promise<void> => {
    while (waiting.length > 0) {
      const bytes = new TextEncoder().encode(waiting.join(""));
      waiting = [];
      try {
        for (let at = 0; at < bytes.length;) at += await stream.write(bytes.subarray(at));
      } catch {
        // EPIPE, a closed descriptor, a full disk: no place to report it is left.
      }
      // If the queue is full, the line with the report would be lost itself.
      if (lost > 0 && waiting.length < MAX_WAITING_LINES) {
        const count = lost;
        lost = 0;
        onLost(count);
      }
    }
    pumping = null;
  };

  return {
    write(line) {
      if (waiting.length >= MAX_WAITING_LINES) lost++;
      else {
        waiting.push(line);
        pumping ??= pump();
      }
    },
    async drain(limitMilliseconds) {
      const limit = Promise.withResolvers<void>();
      const timer = setTimeout(limit.resolve, limitMilliseconds);
      await Promise.race([pumping ?? Promise.resolve(), limit.promise]);
      clearTimeout(timer);
    },
  };
}
