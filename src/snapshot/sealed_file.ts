// Files that prove themselves: the header has the format of the file, and the hashes that its content must have.
import type { Sha256Hex } from "./canonical.ts";
import type { Pieces } from "./joined_texts.ts";

/** The members of every header. */
export interface SealedHeader {
  /** SHA-256 of the portable config's canonical JSON; instances compare it. */
  readonly hash: Sha256Hex;
  /** SHA-256 of the resolved config's canonical JSON. It never leaves the host. */
  readonly contentHash: Sha256Hex;
}

/** A file ready to be written. */
export interface SealedFile<Header extends SealedHeader> {
  readonly header: Header;
  /** The whole file, in pieces. */
  readonly pieces: Pieces;
  readonly byteLength: number;
}

/** The reason why bytes are not a whole file. Each means damage, except `newer-format`. */
export type SealedFault =
  | "too-large"
  | "not-text"
  | "not-json"
  | "no-header"
  | "newer-format"
  | "content-differs";

/** The verdict on a whole file. */
export interface Proof {
  readonly ok: true;
  readonly header: SealedHeader;
}

/** The header of a proof. */
export type HeaderOf<P extends Proof> = P["header"];

/** A proof, or the reason why there is none. */
export type Verified<P extends Proof> = P | { readonly ok: false; readonly reason: SealedFault };

/** Proves that bytes are a whole file. */
export type Verify<P extends Proof> = (bytes: Uint8Array) => Promise<Verified<P>>;
