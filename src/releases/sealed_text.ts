// Sealed bytes: `HNS1`, the length of the key's id, the id, a nonce, and the output of AES-256-GCM. The id and the hash
// of the source are authenticated, so that sealed bytes are worth nothing under another hash. Web Crypto works beside
// the main thread: 16 MiB take 50 ms, of which the main thread loses some 10 (node:crypto: 160, all of them).
import type { Key } from "./key_ring.ts";

const MAGIC = new TextEncoder().encode("HNS1");
const MAX_ID_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ID = /^[a-z0-9-]{1,32}$/;

/** The most bytes that a seal adds. */
export const MAX_SEAL_BYTES = MAGIC.length + 1 + MAX_ID_BYTES + NONCE_BYTES + TAG_BYTES;

/** The parts of sealed bytes. */
export interface Sealed {
  /** Of the key. */
  readonly id: string;
  readonly nonce: Uint8Array<ArrayBuffer>;
  readonly ciphertext: Uint8Array<ArrayBuffer>;
}

/** Whether the bytes have, or begin, the form of sealed ones; no packed text does. */
export function isSealed(bytes: Uint8Array): boolean {
  return bytes.length >= MAGIC.length && MAGIC.every((byte, index) => byte === bytes[index]);
}

/** The parts; null: the bytes are not sealed, or were damaged. */
export function sealedParts(bytes: Uint8Array<ArrayBuffer>): Sealed | null {
  if (!isSealed(bytes)) return null;
  const idAt = MAGIC.length + 1;
  const nonceAt = idAt + (bytes[MAGIC.length] ?? 0);
  const ciphertextAt = nonceAt + NONCE_BYTES;
  const id = String.fromCharCode(...bytes.subarray(idAt, nonceAt));
  if (!ID.test(id) || bytes.length < ciphertextAt + TAG_BYTES) return null;
  return { id, nonce: bytes.subarray(nonceAt, ciphertextAt), ciphertext: bytes.subarray(ciphertextAt) };
}

/** Seals the bytes of the source with this hash. */
export async function seal(bytes: Uint8Array<ArrayBuffer>, hash: string, key: Key): Promise<Uint8Array[]> {
  // Random: 2^32 texts of one key are far away (NIST SP 800-38D, section 8.3).
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const ciphertext = await crypto.subtle.encrypt(parametersOf(nonce, key.id, hash), await cryptoKey(key), bytes);
  const id = new TextEncoder().encode(key.id);
  return [MAGIC, Uint8Array.of(id.length), id, nonce, new Uint8Array(ciphertext)];
}

/** Returns the bytes that were sealed; null: they were altered, or are of another hash or key. */
export async function unseal(
  { id, nonce, ciphertext }: Sealed,
  hash: string,
  key: Key,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    return new Uint8Array(await crypto.subtle.decrypt(parametersOf(nonce, id, hash), await cryptoKey(key), ciphertext));
  } catch (error) {
    if (error instanceof DOMException && error.name === "OperationError") return null;
    throw error;
  }
}

function parametersOf(iv: Uint8Array<ArrayBuffer>, id: string, hash: string): AesGcmParams {
  const additionalData = new TextEncoder().encode(`honua-source v1 ${id} ${hash}`);
  return { name: "AES-GCM", iv, additionalData, tagLength: 8 * TAG_BYTES };
}

function cryptoKey({ secret }: Key): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", secret, "AES-GCM", false, ["encrypt", "decrypt"]);
}
