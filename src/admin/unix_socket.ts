// The admin socket in the file system: only its owner and group can connect, at any moment. A socket that a dead daemon
// left is replaced, one that a process answers on is not touched, and only this daemon's own is removed at the end.
import { randomBytes } from "node:crypto";
import { basename, dirname, join } from "node:path";
import { fileSystemAnswers } from "../host/regular_file.ts";
import { withinLimit } from "../time/limit.ts";

export interface UnixSocket {
  readonly listener: Deno.Listener<Deno.UnixConn>;
  /** The sockets of killed daemons that were removed beside it. */
  readonly leftovers: readonly string[];
  /** Whether its path still leads to it. */
  isInPlace(): Promise<boolean>;
  /**
   * Removes its name if that still is its own. Call it before the listener is closed, so that no other process can take
   * its place.
   */
  remove(): Promise<void>;
}

/** A socket, or in one line why there is none; `isOption`: another path is the remedy. */
export type OpenedSocket =
  | { readonly ok: true; readonly socket: UnixSocket }
  | { readonly ok: false; readonly message: string; readonly isOption: boolean };

/** The longest path of a socket: unix(7)'s `sun_path` has 108 bytes, the last of which is NUL. */
export const MAX_PATH_BYTES = 107;

/** How long the owner of an existing socket may take to answer before it counts as alive. */
const PROBE_MILLISECONDS = 2_000;

/** Read and write for owner and group: the complement of 0660, and a socket needs no execute bit. */
const UMASK = 0o117;

/**
 * Binds a socket of mode 0660. It is bound under another name in the same directory and then linked to its path. At its
 * close Deno removes the name that it bound, even if another process has taken that name. And link(2) never replaces a
 * file that another daemon has put there at the same moment.
 *
 * @param answers resolves when the file system of a path has answered.
 */
export async function openUnixSocket(path: string, answers = fileSystemAnswers): Promise<OpenedSocket> {
  const long = tooLong(path);
  if (long !== null) return refused(long, true);
  const ownName = join(dirname(path), `.${randomBytes(4).toString("hex")}`);
  // Deno binds on the main thread.
  await answers(dirname(path));
  let listener: Deno.Listener<Deno.UnixConn>;
  try {
    listener = bindWithMode(ownName);
  } catch (error) {
    return refused(...whyNot(path, error));
  }
  for (let attempt = 1;; attempt++) {
    try {
      Deno.linkSync(ownName, path);
      break;
    } catch (error) {
      const trouble = error instanceof Deno.errors.AlreadyExists && attempt < 3
        ? await clearAway(path)
        : whyNot(path, error);
      if (trouble === null) continue;
      listener.close();
      return refused(...trouble);
    }
  }
  const own = Deno.lstatSync(path);
  Deno.removeSync(ownName);
  const leftovers = await removeLeftovers(dirname(path), own.uid);
  const isInPlace = () => Deno.lstat(path).then((found) => isSameFile(found, own), () => false);
  const remove = async () => {
    await answers(dirname(path));
    removeOwn(path, own);
  };
  return { ok: true, socket: { listener, leftovers, isInPlace, remove } };
}

/** Why no host can have a socket at the path, in one line; null: it can. */
export async function socketPathTrouble(path: string): Promise<string | null> {
  return tooLong(path) ?? await Deno.lstat(path).then((found) => notASocket(path, found), () => null);
}

function tooLong(path: string): string | null {
  const ownNameBytes = "/.01234567".length;
  const [own, directory] = [path, dirname(path)].map((one) => new TextEncoder().encode(one).length);
  if (own! <= MAX_PATH_BYTES && directory! + ownNameBytes <= MAX_PATH_BYTES) return null;
  const most = `at most ${MAX_PATH_BYTES} bytes, and its directory ${MAX_PATH_BYTES - ownNameBytes}`;
  return `The path of the admin socket ${path} is too long: it may have ${most}`;
}

function notASocket(path: string, { isSocket }: Pick<Deno.FileInfo, "isSocket">): string | null {
  return isSocket ? null : `${path} is not a socket, and is left in place: name another path`;
}

/** In a larger directory the rest waits for the next start. */
const MAX_ENTRIES = 10_000;

/**
 * Removes sockets of daemons that were killed between binding and linking: of the same user and such a name, and
 * unanswered.
 */
async function removeLeftovers(directory: string, uid: number | null): Promise<string[]> {
  const removed: string[] = [];
  let looked = 0;
  try {
    for await (const { name } of Deno.readDir(directory)) {
      if (++looked > MAX_ENTRIES) break;
      if (!/^\.[0-9a-f]{8}$/.test(name)) continue;
      const path = join(directory, name);
      const found = await Deno.lstat(path);
      if (!found.isSocket || found.uid !== uid || await answerOf(path) !== "no") continue;
      removeOwn(path, found);
      removed.push(path);
    }
  } catch {
    // The directory may not be listed, or another daemon was quicker: the leftovers do no harm.
  }
  return removed;
}

/** Nothing else of this thread runs between setting the umask and restoring it. */
function bindWithMode(path: string): Deno.Listener<Deno.UnixConn> {
  const before = Deno.umask(UMASK);
  try {
    return Deno.listen({ transport: "unix", path });
  } finally {
    Deno.umask(before);
  }
}

/** Removes a socket on which no process answers; null: it is removed, or nothing was there. */
async function clearAway(path: string): Promise<[string, boolean] | null> {
  let found: Deno.FileInfo;
  try {
    found = await Deno.lstat(path);
  } catch {
    return null;
  }
  const other = notASocket(path, found);
  if (other !== null) return [other, true];
  const answer = await answerOf(path);
  if (answer === "yes") {
    return [`Another process answers on the admin socket ${path}: end it, or name another path`, false];
  }
  if (answer !== "no") {
    return [
      `The socket ${path} is another's, and whether it is in use is unknown (${answer}): remove it if not`,
      false,
    ];
  }
  removeOwn(path, found);
  return null;
}

/** Whether a process answers, or why that is unknown; a slow one counts as alive. */
async function answerOf(path: string): Promise<"yes" | "no" | string> {
  const probe = await withinLimit(connects(path), PROBE_MILLISECONDS);
  return probe.ok ? probe.value : "yes";
}

async function connects(path: string): Promise<"yes" | "no" | string> {
  try {
    (await Deno.connect({ transport: "unix", path })).close();
    return "yes";
  } catch (error) {
    if (error instanceof Deno.errors.ConnectionRefused || error instanceof Deno.errors.NotFound) return "no";
    return error instanceof Error ? error.message : String(error);
  }
}

/** Removes a file unless its name leads to another one by now, or it cannot be removed. */
function removeOwn(path: string, own: Deno.FileInfo): void {
  try {
    if (isSameFile(Deno.lstatSync(path), own)) Deno.removeSync(path);
  } catch {
    // It is gone, or stays: the next daemon finds that no process answers on it.
  }
}

function isSameFile(one: Deno.FileInfo, other: Deno.FileInfo): boolean {
  return one.dev === other.dev && one.ino === other.ino;
}

function whyNot(path: string, error: unknown): [string, boolean] {
  const directory = dirname(path);
  if (error instanceof Deno.errors.NotFound) {
    return [`There is no directory ${directory} for the admin socket ${basename(path)}: make it`, false];
  }
  const reason = (error instanceof Error ? error.message : String(error)).split(" (os error")[0];
  return [`The admin socket ${path} cannot be made: ${reason}: let the daemon's user write to ${directory}`, false];
}

function refused(message: string, isOption: boolean): OpenedSocket {
  return { ok: false, message, isOption };
}
