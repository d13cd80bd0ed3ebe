// The last good snapshot as a compilation, for a release whose text does not compile any more.
import { type Reserve } from "../releases/reserve.ts";
import { verifyServerForm } from "../snapshot/server_form.ts";
import { verifyInTurns } from "../snapshot/snapshot.ts";
import type { Compilation } from "./look_compiler.ts";

/** Counts are not known: the snapshot has no source. */
const NO_COUNTS = { dataSources: 0, services: 0, layers: 0, caches: 0, variables: 0 } as const;

/** Returns the reserve if it is that of the hash and whole; otherwise null. */
export async function compilationOf(reserve: Reserve, hash: string): Promise<Compilation | null> {
  const read = await reserve.read(hash);
  if (!read.ok) return null;
  const bytes = new Uint8Array(read.files.snapshot);
  const serverBytes = read.files.serverForm && new Uint8Array(read.files.serverForm);
  const proof = await verifyInTurns(bytes);
  if (!proof.ok || proof.header.hash !== hash || serverBytes === null) return null;
  const server = await verifyServerForm(serverBytes);
  if (!server.ok || server.header.contentHash !== proof.header.contentHash) return null;
  const { header: { contentHash }, config } = proof;
  const snapshot = {
    hash: proof.header.hash,
    contentHash,
    pieces: [bytes],
    byteLength: bytes.length,
    bytes,
  };
  const serverForm = { header: server.header, pieces: [serverBytes], byteLength: serverBytes.length };
  return { snapshot, serverForm, config, warnings: [], counts: NO_COUNTS };
}
