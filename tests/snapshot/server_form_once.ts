// A server form made from nothing.
import { sealServerForm, type ServerForm } from "../../src/snapshot/server_form.ts";
import type { Snapshot } from "../../src/snapshot/snapshot.ts";

/** The server form of a snapshot, with some text for its body. */
export function serverFormOf(
  snapshot: Snapshot,
  text = `honua = {\n  environment = "${snapshot.hash}"\n}\n`,
): Promise<ServerForm> {
  const bytes = new TextEncoder().encode(text);
  return sealServerForm({ pieces: [bytes], byteLength: bytes.length }, snapshot);
}

/** All of its bytes. */
export function bytesOf({ pieces }: ServerForm): Uint8Array<ArrayBuffer> {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}
