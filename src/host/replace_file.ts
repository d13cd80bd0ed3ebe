// Replaces a person's file whole or not at all. The new one has mode, owner and group of the old one, so that the same
// users can read it as before; a file that was not there is its writer's only, since a source may have secrets.
import { atomicWrite, AtomicWriteError, type FileContent, type FileSystem, hostFileSystem } from "./atomic_write.ts";

/** The attributes that a replaced file did not pass on to the new one. */
export interface LostAttributes {
  readonly what: readonly ("owner" | "group")[];
  readonly old: { readonly uid: number | null; readonly gid: number | null; readonly mode: number };
}

/** Of a file that was not there. */
const NEW_MODE = 0o600;

/**
 * Replaces the file at `path` with the content, or creates it.
 *
 * @returns the attributes that could not be kept, as only root gives a file to another user, and others only to their
 * own group. Without its group the new file's group has only the rights of all others. Null: all was kept.
 * @throws {AtomicWriteError} for every failure.
 */
export async function replaceFile(
  path: string,
  content: FileContent,
  fileSystem: FileSystem = hostFileSystem,
): Promise<LostAttributes | null> {
  const found = await Deno.stat(path).catch(() => null);
  if (found === null) {
    await atomicWrite(path, content, { mode: NEW_MODE, fileSystem });
    return null;
  }
  const mode = (found.mode ?? NEW_MODE) & 0o777;
  const old = { uid: found.uid, gid: found.gid, mode };
  const [uid, gid] = [old.uid ?? undefined, old.gid ?? undefined];
  if (await isWrittenWith({ uid, gid, mode })) return null;
  if (await isWrittenWith({ gid, mode })) return { what: ["owner"], old };
  await atomicWrite(path, content, { mode: mode & 0o707 | (mode & 0o7) << 3 & mode, fileSystem });
  const isOwners = (await Deno.stat(path)).uid === old.uid;
  return { what: isOwners ? ["group"] : ["owner", "group"], old };

  /** False: this user may not give the file to that owner or group. */
  async function isWrittenWith(options: { uid?: number | undefined; gid: number | undefined; mode: number }) {
    try {
      return await atomicWrite(path, content, { ...options, fileSystem });
    } catch (error) {
      if (error instanceof AtomicWriteError && error.step === "set group") return false;
      throw error;
    }
  }
}
