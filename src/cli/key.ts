// `honua-configd key add [FILE]`: appends a new random key to a key ring, which seals from then on, and prints its id,
// never the key. It ends with 0, with 2 if no file is named anywhere, with 3 if the file cannot be read or written.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { atomicWrite, AtomicWriteError, errorCode } from "../host/atomic_write.ts";
import { newKey, parseKeys, readKeyText } from "../releases/key_ring.ts";
import { unavailable } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { findStatePlace } from "./state_place.ts";
import type { Terminal } from "./terminal.ts";

export interface KeyAddRequest {
  /** Null: that of `Store:KeyFile`. */
  readonly file: string | null;
  /** Null: that of the unit. */
  readonly optionsFile: string | null;
  readonly set: readonly string[];
  readonly unit: string;
}

/** Adds a key. */
export async function addKey(request: KeyAddRequest, terminal: Terminal): Promise<ExitCode> {
  const found = request.file === null ? await findKeyFile(request, terminal) : { path: request.file };
  if ("code" in found) return found.code;
  const { path } = found;
  const read = await readKeyText(path);
  if (!read.ok && read.code !== "ENOENT") return unavailable(read.message, terminal);
  const before = read.ok ? read.text : null;
  const parsed = parseKeys(before ?? "");
  if (!parsed.ok) return unavailable(`The key ring ${terminalText(path)} cannot be used: ${parsed.what}`, terminal);
  let key = newKey(Date.now());
  while (parsed.keys.some(({ id }) => id === key.id)) key = newKey(Date.now());
  const text = before === null || before === "" || before.endsWith("\n") ? before ?? "" : `${before}\n`;
  try {
    const isWritten = await replaceRing(path, before, `${text}${key.line}\n`);
    if (!isWritten) return unavailable(`${terminalText(path)} was changed at the same moment: try again`, terminal);
  } catch (error) {
    const message = error instanceof AtomicWriteError
      ? error.message
      : `${path} cannot be written: ${errorCode(error)}`;
    return unavailable(terminalText(message), terminal);
  }
  terminal.out(`${key.id}\n`);
  return EXIT.done;
}

/** Replaces the ring, which keeps owner and mode; false: it changed meanwhile, and stays. */
async function replaceRing(path: string, before: string | null, text: string): Promise<boolean> {
  const owner = before === null ? null : await Deno.stat(path);
  return await atomicWrite(path, new TextEncoder().encode(text), {
    mode: (owner?.mode ?? 0o600) & 0o777,
    // The daemon's user or group must be able to read it as before.
    uid: owner?.uid ?? undefined,
    gid: owner?.gid ?? undefined,
    async inspect() {
      const now = await readKeyText(path);
      return now.ok ? now.text === before : before === null && now.code === "ENOENT";
    },
  });
}

async function findKeyFile(
  { optionsFile, set, unit }: KeyAddRequest,
  terminal: Terminal,
): Promise<{ readonly path: string } | { readonly code: ExitCode }> {
  const address = { socket: null, optionsFile, url: null, tokenFile: null, caFile: null };
  const place = await findStatePlace({ address, set, unit }, terminal);
  if (!place.ok) return place;
  if (place.keyFile !== null) return { path: place.keyFile };
  terminal.error(
    "Store:KeyFile names no key ring: name the file, as in honua-configd key add /etc/honua-configd/keys\n",
  );
  return { code: EXIT.usage };
}
