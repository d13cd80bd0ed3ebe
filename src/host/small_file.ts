// One bounded read of a small text file that the options name. It never blocks, even if the path leads to a pipe or a
// device, and its messages name the file and never quote it.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { readRegularFile } from "./regular_file.ts";

/** Such a file holds a number or a token. */
const MAX_SMALL_FILE_BYTES = 8_192;

/** A text; or the reason why there is none, with the path: `/run/x.pid is not there`. */
export type SmallFileRead =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly reason: string };

const MEANINGS: ReadonlyMap<string, string> = new Map([
  ["ENOENT", "is not there"],
  ["ENOTDIR", "is not there"],
  ["EACCES", "may not be read by this daemon"],
  ["EPERM", "may not be read by this daemon"],
  ["NOT_A_FILE", "is not a file"],
]);

/** The bytes, or the reason as of a {@linkcode SmallFileRead}. */
export type SmallBytesRead =
  | { readonly ok: true; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly ok: false; readonly reason: string };

/** Reads a file once; a larger one than the limit is refused. */
export async function readSmallFile(path: string, maxBytes: number = MAX_SMALL_FILE_BYTES): Promise<SmallFileRead> {
  const read = await readSmallBytes(path, maxBytes);
  return read.ok ? { ok: true, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(read.bytes) } : read;
}

/** Reads a file once that need not be text. */
export async function readSmallBytes(path: string, maxBytes: number): Promise<SmallBytesRead> {
  const refuse = (what: string): SmallBytesRead => ({ ok: false, reason: `${terminalText(path)} ${what}` });
  try {
    const bytes = await readRegularFile(path, maxBytes);
    return bytes.length > maxBytes ? refuse(`is larger than ${maxBytes} bytes`) : { ok: true, bytes };
  } catch (error) {
    const code = (error as { code?: string } | null)?.code ?? "an unknown error";
    return refuse(MEANINGS.get(code) ?? `cannot be read: ${code}`);
  }
}
