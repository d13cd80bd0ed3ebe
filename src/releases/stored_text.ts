// The form in which the history and the cluster's store keep a text: packed, and sealed if there is a key ring. A text
// from before, which is not sealed, can still be read.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { openPace } from "../time/pace.ts";
import type { Key, KeyRing, KeyRingFile } from "./key_ring.ts";
import { joinedBytes } from "../host/joined_bytes.ts";
import { maxPackedBytes, packText, unpackText } from "./packed_text.ts";
import { isSealed, MAX_SEAL_BYTES, seal, sealedParts, unseal } from "./sealed_text.ts";

/** The bytes to store, or in one line why there are none: a text that should be sealed is never stored unchanged. */
export type StoredForm =
  | { readonly ok: true; readonly bytes: readonly Uint8Array[] }
  | { readonly ok: false; readonly message: string };

/** A text; `message` is the end of a sentence about the place where it is kept. */
export type StoredRead =
  | {
    readonly ok: true;
    readonly bytes: Uint8Array<ArrayBuffer>;
    /** The key that sealed it; null: it is not sealed. */
    readonly keyId: string | null;
  }
  | { readonly ok: false; readonly reason: "damaged" | "sealed"; readonly message: string };

/** How to read a stored text. */
export interface StoredTextKeys {
  /** Of the source. */
  readonly hash: string;
  /** Null: none. */
  readonly keyRing: KeyRingFile | null;
}

const DAMAGED: StoredRead = { ok: false, reason: "damaged", message: "is damaged" };

/** The most bytes that the stored form of a text of `maxTextBytes` has. */
export function maxStoredBytes(maxTextBytes: number): number {
  return maxPackedBytes(maxTextBytes) + MAX_SEAL_BYTES;
}

/** Makes the form in which a text is stored. */
export async function storedForm(text: Uint8Array, { hash, keyRing }: StoredTextKeys): Promise<StoredForm> {
  if (keyRing === null) return { ok: true, bytes: await packText(text) };
  const read = await keyRing.read();
  if (!read.ok) return read;
  const packed = await packText(text);
  // Joining and encrypting 16 MiB take some 15 ms of the main thread: their own turn.
  await openPace().rest();
  return { ok: true, bytes: await seal(joinedBytes(packed), hash, newestOf(read.ring)) };
}

/** Reads a text of at most `maxTextBytes` from its stored form. */
export async function readStoredForm(
  bytes: Uint8Array<ArrayBuffer>,
  keys: StoredTextKeys,
  maxTextBytes: number,
): Promise<StoredRead> {
  const opened = await openStored(bytes, keys);
  if (!opened.ok) return opened;
  const text = await unpackText(opened.bytes, maxTextBytes);
  return text === null ? DAMAGED : { ...opened, bytes: text };
}

/** Seals a stored text again, with the key. */
export async function resealed(
  bytes: Uint8Array<ArrayBuffer>,
  { hash, keyRing, key }: { readonly hash: string; readonly keyRing: KeyRingFile; readonly key: Key },
): Promise<StoredForm> {
  const opened = await openStored(bytes, { hash, keyRing });
  return opened.ok ? { ok: true, bytes: await seal(opened.bytes, hash, key) } : opened;
}

/** The key that seals. */
export function newestOf({ keys }: KeyRing): Key {
  return keys.at(-1)!;
}

/** Returns the packed text. */
async function openStored(bytes: Uint8Array<ArrayBuffer>, { hash, keyRing }: StoredTextKeys): Promise<StoredRead> {
  if (!isSealed(bytes)) return { ok: true, bytes, keyId: null };
  const sealed = sealedParts(bytes);
  if (sealed === null) return DAMAGED;
  const found = await findKey(sealed.id, keyRing);
  if (!found.ok) return { ok: false, reason: "sealed", message: `cannot be opened: ${found.message}` };
  const packed = await unseal(sealed, hash, found.key);
  if (packed !== null) return { ok: true, bytes: packed, keyId: sealed.id };
  const message = `is damaged, or was sealed with a key other than the one that is ${sealed.id} here`;
  return { ok: false, reason: "damaged", message };
}

type FoundKey = { readonly ok: true; readonly key: Key } | { readonly ok: false; readonly message: string };

async function findKey(id: string, keyRing: KeyRingFile | null): Promise<FoundKey> {
  if (keyRing === null) return { ok: false, message: `it needs the key ${id}, and Store:KeyFile names no key ring` };
  const read = await keyRing.read();
  if (!read.ok) return { ok: false, message: `it needs the key ${id}. ${read.message}` };
  const key = read.ring.keys.find((one) => one.id === id);
  if (key !== undefined) return { ok: true, key };
  return { ok: false, message: `the key ${id} is missing in ${terminalText(keyRing.path)}` };
}
