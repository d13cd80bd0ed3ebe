// One bounded read of a small text file that the options name, whatever the path leads to: nothing is waited for, and
// what is said of a file that cannot be used names it and never quotes it.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { readRegularFile } from "./regular_file.ts";

/** The most that a small file may weigh: it is a number or a token. */
export const MAX_SMALL_FILE_BYTES = 8_192;

/** A text; or why there is none, going on from the file's kind: `/run/x.pid is not there`. */
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

/** Reads a file once; one that is larger than the bound is refused. */
export async function readSmallFile(path: string, maxBytes: number = MAX_SMALL_FILE_BYTES): Promise<SmallFileRead> {
  const refuse = (what: string): SmallFileRead => ({ ok: false, reason: `${terminalText(path)} ${what}` });
  try {
    const bytes = await readRegularFile(path, maxBytes);
    if (bytes.length > maxBytes) return refuse(`is larger than ${maxBytes} bytes`);
    return { ok: true, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes) };
  } catch (error) {
    const code = (error as { code?: string } | null)?.code ?? "an unknown error";
    return refuse(MEANINGS.get(code) ?? `cannot be read: ${code}`);
  }
}
