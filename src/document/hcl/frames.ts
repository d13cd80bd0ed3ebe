// JSON messages over a pipe, each behind its length as four bytes, big endian: the protocol between the daemon and the
// parser's process. A message is whole or an error; a length beyond the bound is refused before the body is read.
// Long lists go in several messages, so that no message blocks either side for long. The meaning of one text is a
// single message of any size, and blocks the reader for as long as JSON.parse takes. For each MiB that is some 3 ms for
// a text of megabytes, and 10 ms for a list.
import { joinedBytes } from "../../host/joined_bytes.ts";

/** The longest message, in bytes: the meaning of one text of the largest source, escaped, with its envelope. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

/** The most text in one message, in UTF-16 units: a millisecond or two of work on either side. */
const MAX_PART_UNITS = 128 * 1024;

/** Some texts of a list, or a piece of one. */
export interface TextPart {
  /** In the list's order; the first continues the last text of the part before, if that was left open. */
  readonly texts: readonly string[];
  /** Whether the last text continues in the next part. */
  readonly isOpen: boolean;
  /** Whether the list ends here. */
  readonly isLast: boolean;
}

/** Splits a list of texts into parts of bounded size, at least one. A cut may be anywhere, also within a character. */
export function* partsOf(texts: readonly string[], maxUnits: number = MAX_PART_UNITS): Generator<TextPart> {
  let part: string[] = [];
  let room = maxUnits;
  for (const text of texts) {
    let from = 0;
    if (room === 0) {
      yield { texts: part, isOpen: false, isLast: false };
      part = [];
      room = maxUnits;
    }
    while (text.length - from > room) {
      yield { texts: [...part, text.slice(from, from + room)], isOpen: true, isLast: false };
      from += room;
      part = [];
      room = maxUnits;
    }
    part.push(text.slice(from));
    // An empty text takes room too, or a part of empty texts would have no bound.
    room = Math.max(0, room - (text.length - from) - 1);
  }
  yield { texts: part, isOpen: false, isLast: true };
}

/** Joins parts; each call takes the next part and returns the texts that are complete with it. */
export function joinParts(): (part: TextPart) => string[] {
  let open: string | null = null;
  return ({ texts, isOpen }) => {
    const whole = [...texts];
    if (open !== null) whole[0] = open + (whole[0] ?? "");
    open = isOpen ? whole.pop() ?? "" : null;
    return whole;
  };
}

export async function writeFrame(writer: WritableStreamDefaultWriter<Uint8Array>, message: unknown): Promise<void> {
  const body = new TextEncoder().encode(JSON.stringify(message));
  const frame = new Uint8Array(4 + body.length);
  new DataView(frame.buffer).setUint32(0, body.length);
  frame.set(body, 4);
  await writer.write(frame);
}

/** Reads messages until the stream ends; a stream that ends inside a message is an error. */
export async function* readFrames(stream: ReadableStream<Uint8Array>): AsyncGenerator<unknown> {
  const reader = stream.getReader();
  let chunks: Uint8Array[] = [];
  let size = 0;
  const take = async (bytes: number): Promise<Uint8Array | null> => {
    while (size < bytes) {
      const { value, done } = await reader.read();
      if (done) return null;
      chunks.push(value);
      size += value.length;
    }
    const all = chunks.length === 1 ? chunks[0]! : joinedBytes(chunks);
    chunks = [all.subarray(bytes)];
    size -= bytes;
    return all.subarray(0, bytes);
  };
  try {
    for (;;) {
      const head = await take(4);
      if (!head) {
        if (size > 0) throw new Error("read a message: the stream ended inside its length");
        return;
      }
      const length = new DataView(head.buffer, head.byteOffset, 4).getUint32(0);
      if (length > MAX_FRAME_BYTES) throw new Error(`read a message: ${length} bytes are more than ${MAX_FRAME_BYTES}`);
      const body = await take(length);
      if (!body) throw new Error("read a message: the stream ended inside it");
      yield JSON.parse(new TextDecoder().decode(body));
    }
  } finally {
    reader.releaseLock();
  }
}
