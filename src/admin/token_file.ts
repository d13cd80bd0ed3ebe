// The file that holds a token, as those who judge tokens and those who send one read it: one bounded read, by the same
// rules on both sides. What is said of it never quotes it.
import { NotAFileError, openRegularFile, readAtMost } from "../host/regular_file.ts";

/** The least a token may be long, in characters. */
export const MIN_TOKEN_LENGTH = 16;

/** The most its file may be large. */
export const MAX_TOKEN_FILE_BYTES = 4096;

/** A token and the mode of its file, or in one line why there is none. */
export type TokenRead =
  | { readonly ok: true; readonly token: string; readonly mode: number }
  | { readonly ok: false; readonly message: string };

/** Reads a token: one line, which may end in a line feed. */
export async function readTokenFile(path: string): Promise<TokenRead> {
  let bytes: Uint8Array;
  let mode: number;
  try {
    await using file = await openRegularFile(path);
    mode = file.found.mode;
    bytes = await readAtMost((into) => file.read(into), MAX_TOKEN_FILE_BYTES);
  } catch (error) {
    if (error instanceof NotAFileError) return { ok: false, message: `${path} is not a file, so it holds no token` };
    const code = (error as { code?: string } | null)?.code ?? "an unknown error";
    return { ok: false, message: `The token cannot be read from ${path}: ${code}` };
  }
  if (bytes.length > MAX_TOKEN_FILE_BYTES) {
    return { ok: false, message: `The token's file ${path} is larger than ${MAX_TOKEN_FILE_BYTES} bytes` };
  }
  const token = new TextDecoder().decode(bytes).replace(/\r?\n$/, "");
  if (token.length < MIN_TOKEN_LENGTH) {
    return { ok: false, message: `The token in ${path} is shorter than ${MIN_TOKEN_LENGTH} characters` };
  }
  // RFC 9110, section 11.4: credentials have no spaces, and what is not ASCII does not survive in a header.
  if (!/^[\x21-\x7e]+$/.test(token)) {
    return { ok: false, message: `The token in ${path} must be one line of visible ASCII characters without spaces` };
  }
  return { ok: true, token, mode };
}
