// Reads server-sent events from a response's body, as the WHATWG's HTML standard parses them (section 9.2.6). The size
// of an event and the silence of the stream have limits.
import { createParser } from "eventsource-parser";

export interface StreamEvent {
  /** The last id before or in the event, to resume from; null: there was none. */
  readonly lastId: string | null;
  /** `message` if the stream names none. */
  readonly kind: string;
  /** Its lines of data. */
  readonly data: string;
}

export interface StreamLimits {
  /** Without a byte for this long, not even a comment, the stream counts as dead. */
  readonly idleMilliseconds: number;
  /** Of one event. */
  readonly maxCharacters: number;
}

/**
 * The events of one response until it ends. Throws if it breaks off, is silent for too long, or exceeds a limit. Calls
 * `onRetry` with the milliseconds to wait before the caller opens the stream again.
 */
export async function* readEvents(
  body: ReadableStream<Uint8Array>,
  { idleMilliseconds, maxCharacters }: StreamLimits,
  onRetry: (milliseconds: number) => void,
): AsyncGenerator<StreamEvent> {
  const decoder = new TextDecoder();
  const arrived: StreamEvent[] = [];
  let lastId: string | null = null;
  let tooLarge = false;
  const parser = createParser({
    maxBufferSize: maxCharacters,
    onId: (id) => lastId = id === "" ? null : id,
    onEvent: ({ event, data }) => arrived.push({ lastId, kind: event || "message", data }),
    onRetry,
    onError: ({ type }) => tooLarge ||= type === "max-buffer-size-exceeded",
  });
  const reader = body.getReader();
  try {
    for (;;) {
      const { done, value } = await beforeSilence(reader.read(), idleMilliseconds);
      if (done) return;
      parser.feed(decoder.decode(value, { stream: true }));
      yield* arrived.splice(0);
      if (tooLarge) throw new Error(`An event is larger than ${maxCharacters} characters`);
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

async function beforeSilence<T>(reading: Promise<T>, idleMilliseconds: number): Promise<T> {
  const silence = Promise.withResolvers<never>();
  const timer = setTimeout(
    () => silence.reject(new Error(`Nothing came for ${idleMilliseconds / 1_000} s`)),
    idleMilliseconds,
  );
  try {
    return await Promise.race([reading, silence.promise]);
  } finally {
    clearTimeout(timer);
  }
}
