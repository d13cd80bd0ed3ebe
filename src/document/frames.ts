// JSON messages over a pipe, each behind its length as four bytes, big endian: the language between the daemon and the
// process that parses. A message is whole or an error; a length beyond the bound is refused before anything is read.

/** The longest message, in bytes: the largest source, escaped and with room for what surrounds it. */
const MAX_FRAME_BYTES = 256 * 1024 * 1024;

/** Writes one message. */
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
    const all = concatenate(chunks, size);
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

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  if (chunks.length === 1) return chunks[0]!;
  const all = new Uint8Array(size);
  let at = 0;
  for (const chunk of chunks) {
    all.set(chunk, at);
    at += chunk.length;
  }
  return all;
}
