// Seals the texts of the history again after a rotation of the key, in the background: one after the other, one pass at
// a time. A pass that could not seal all is made again when it is asked for the next time.
import { terminalText } from "../diagnostic/terminal_text.ts";
import { atomicWrite, errorCode, type FileSystem } from "../host/atomic_write.ts";
import { readRegularFile } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";
import type { Key, KeyRingFile } from "./key_ring.ts";
import { MAX_SEAL_BYTES, sealedParts } from "./sealed_text.ts";
import { newestOf, resealed } from "./stored_text.ts";

const ENDING_LIMIT_MILLISECONDS = 300;

/** The texts that were sealed again; `message` is null if none is left that is not sealed with the newest key. */
export interface Resealed {
  readonly count: number;
  readonly message: string | null;
}

export interface ResealingSettings {
  /** Null: nothing is sealed. */
  readonly keyRing: KeyRingFile | null;
  /** Of a stored text. */
  readonly maxBytes: number;
  readonly fileSystem: FileSystem;
  /** The files of the history; null: they cannot be listed. */
  texts(): Promise<readonly { readonly hash: string; readonly path: string }[] | null>;
  /** Runs work while no text is written. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
}

/** Seals texts again. Disposing of it ends a pass after the text that is written. */
export interface Resealer extends AsyncDisposable {
  /** Never throws. */
  reseal(): Promise<Resealed>;
}

/** Opens a resealer. */
export function openResealer(settings: ResealingSettings): Resealer {
  const { keyRing, texts, exclusively } = settings;
  let running: Promise<Resealed> | null = null;
  let isClosed = false;
  /** All texts were sealed with this key once, and newer texts are sealed with it or a newer one. */
  let done: string | null = null;

  const pass = async (keyRing: KeyRingFile): Promise<Resealed> => {
    const read = await keyRing.read();
    if (!read.ok) return { count: 0, message: read.message };
    const key = newestOf(read.ring);
    if (key.id === done) return { count: 0, message: null };
    let count = 0;
    let message: string | null = null;
    const found = await texts();
    for (const text of found ?? []) {
      if (isClosed) return { count, message };
      const outcome = await exclusively(() => resealText(text, { key, keyRing }, settings));
      if (outcome === "sealed") count++;
      else if (outcome !== "nothing to do") message ??= `${terminalText(text.path)} ${outcome}`;
    }
    if (found !== null && message === null) done = key.id;
    return { count, message };
  };
  return {
    async reseal() {
      if (keyRing === null || isClosed) return { count: 0, message: null };
      return await (running ??= pass(keyRing).finally(() => running = null));
    },
    async [Symbol.asyncDispose]() {
      isClosed = true;
      if (running !== null) await withinLimit(running, ENDING_LIMIT_MILLISECONDS);
    },
  };
}

/** Seals a text; or the reason why not, as the end of a sentence about its file. */
async function resealText(
  { hash, path }: { readonly hash: string; readonly path: string },
  keys: { readonly key: Key; readonly keyRing: KeyRingFile },
  { maxBytes, fileSystem }: Pick<ResealingSettings, "maxBytes" | "fileSystem">,
): Promise<string> {
  try {
    // The seal is at the beginning.
    if (sealedParts(await readRegularFile(path, MAX_SEAL_BYTES))?.id === keys.key.id) return "nothing to do";
    const bytes = await readRegularFile(path, maxBytes);
    if (bytes.length > maxBytes) return "is damaged";
    const form = await resealed(bytes, { hash, ...keys });
    if (!form.ok) return form.message;
    await atomicWrite(path, form.bytes, { mode: 0o600, fileSystem });
    return "sealed";
  } catch (error) {
    const code = errorCode(error);
    return code === "ENOENT" ? "nothing to do" : `cannot be sealed again: ${code}`;
  }
}
