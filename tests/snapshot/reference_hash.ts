// The hashes that the program computes in pieces and in turns, computed at once, as a reference.
import { createHash } from "node:crypto";
import { canonicalText, type Json, type Sha256Hex } from "../../src/snapshot/canonical.ts";

/** The UTF-8 bytes of the canonical text, which are hashed. Throws as making that text does. */
export function canonicalBytes(value: Json): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(canonicalText(value));
}

/** The SHA-256 of some bytes. */
export function sha256Hex(bytes: Uint8Array): Sha256Hex {
  return createHash("sha256").update(bytes).digest("hex") as Sha256Hex;
}
