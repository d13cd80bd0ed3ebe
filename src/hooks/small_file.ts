// One bounded read of a small text file that the options name, whatever the path leads to: nothing is waited for, and
// what is said of a file that cannot be used names it and never quotes it.
import { constants } from "node:fs";
import * as fs from "node:fs/promises";
import { terminalText } from "../diagnostic/terminal_text.ts";

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
  ["EISDIR", "is not a file"],
]);

/** Reads a file once. */
export async function readSmallFile(path: string): Promise<SmallFileRead> {
  const refuse = (what: string): SmallFileRead => ({ ok: false, reason: `${terminalText(path)} ${what}` });
  let handle: fs.FileHandle | undefined;
  try {
    // O_NONBLOCK: a named pipe without a writer must not hold the hook up.
    handle = await fs.open(path, constants.O_RDONLY | constants.O_NONBLOCK);
    if (!(await handle.stat()).isFile()) return refuse("is not a file");
    const bytes = new Uint8Array(MAX_SMALL_FILE_BYTES + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length, null);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    if (length > MAX_SMALL_FILE_BYTES) return refuse(`is larger than ${MAX_SMALL_FILE_BYTES} bytes`);
    return { ok: true, text: new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(0, length)) };
  } catch (error) {
    const code = (error as { code?: string } | null)?.code ?? "an unknown error";
    return refuse(MEANINGS.get(code) ?? `cannot be read: ${code}`);
  } finally {
    await handle?.close().catch(() => {});
  }
}
