// Files that prove themselves: their header says what they are, and what they hold when they are whole.
import type { Sha256Hex } from "./canonical.ts";
import type { Pieces } from "./joined_texts.ts";

/** What every header says. */
export interface SealedHeader {
  /** SHA-256 of the portable config's canonical JSON: what instances compare. */
  readonly hash: Sha256Hex;
  /** SHA-256 of the resolved config's canonical JSON. It never leaves the host. */
  readonly contentHash: Sha256Hex;
}

/** A file ready to be written. */
export interface SealedFile<Header extends SealedHeader> {
  /** The header in it. */
  readonly header: Header;
  /** The whole file, in pieces. */
  readonly pieces: Pieces;
  /** How long the file is. */
  readonly byteLength: number;
}

/** Why bytes are not a whole file. `newer-format` is the only one that does not mean damage. */
export type SealedFault =
  | "too-large"
  | "not-text"
  | "not-json"
  | "no-header"
  | "newer-format"
  | "content-differs";

/** The verdict on a whole file. */
export interface Proof {
  /** Tells it from a fault. */
  readonly ok: true;
  /** The header in the file. */
  readonly header: SealedHeader;
}

/** The header of a proof. */
export type HeaderOf<P extends Proof> = P["header"];

/** A proof, or why there is none. */
export type Verified<P extends Proof> = P | { readonly ok: false; readonly reason: SealedFault };

/** Proves that bytes are a whole file. */
export type Verify<P extends Proof> = (bytes: Uint8Array) => Promise<Verified<P>>;
