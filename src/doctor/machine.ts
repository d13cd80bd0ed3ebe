// What the doctor asks of the host: small questions whose answers are bounded and never throw for what may be expected
// (nothing there, no permission). It changes nothing. Tests answer them from texts in the host's place.
import { statfs } from "node:fs/promises";
import { errorCode } from "../host/atomic_write.ts";
import { readProcFiles } from "../host/proc_files.ts";
import { openRegularFile, readAtMost } from "../host/regular_file.ts";

/** What stat(2) says of what a path leads to. */
export interface FileFacts {
  /** What it is. */
  readonly kind: "file" | "directory" | "socket" | "other";
  /** Permission bits, as chmod(2) takes them. */
  readonly mode: number;
  /** The owner's number. */
  readonly uid: number;
  /** The group's number. */
  readonly gid: number;
  /** In bytes. */
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modifiedMilliseconds: number;
}

/** What is at a path, or the errno's name (`ENOENT`). */
export type Looked =
  | { readonly ok: true; readonly file: FileFacts }
  | { readonly ok: false; readonly code: string };

/** A text, or the errno's name. */
export type ReadText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly code: string };

/** How a program ended and what it wrote; null where there is no such program. */
export type Ran = { readonly code: number; readonly out: string; readonly error: string } | null;

/** What statfs(2) says of the file system that a path is on. */
export interface Space {
  /** Bytes that may still be written by those who are not root. */
  readonly freeBytes: number;
  /** Files that may still be made; null where the file system does not count them. */
  readonly freeInodes: number | null;
}

/** The host. */
export interface Machine {
  /** What a path leads to, symbolic links followed. */
  look(path: string): Promise<Looked>;
  /** The path without symbolic links, or as it was where it leads nowhere. */
  realPath(path: string): Promise<string>;
  /** The beginning of a file, at most {@linkcode MAX_TEXT_BYTES} of it; never waits for the writer of a pipe. */
  readText(path: string): Promise<ReadText>;
  /** The names in a directory, at most {@linkcode MAX_NAMES}; null where it is not there or may not be read. */
  names(path: string): Promise<string[] | null>;
  /** Where a symbolic link leads as it is written; null where it cannot be told. */
  readLink(path: string): Promise<string | null>;
  /** The space on a path's file system; null where it cannot be told. */
  space(path: string): Promise<Space | null>;
  /** Runs a program to its end, without the doctor's environment but for `PATH`; `signal` kills it. */
  run(program: string, args: readonly string[], signal: AbortSignal): Promise<Ran>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The most that is read of a file: the mount tables of hosts with thousands of containers are smaller. */
export const MAX_TEXT_BYTES = 4 * 1024 * 1024;

/** The most names that are taken from a directory. */
export const MAX_NAMES = 20_000;

/** The host that this process is on. */
export const hostMachine: Machine = {
  async look(path) {
    try {
      return { ok: true, file: factsOf(await Deno.stat(path)) };
    } catch (error) {
      return { ok: false, code: codeOf(error) };
    }
  },
  realPath: (path) => Deno.realPath(path).catch(() => path),
  async readText(path) {
    try {
      await using file = await openRegularFile(path);
      const bytes = await readAtMost((into) => file.read(into), MAX_TEXT_BYTES);
      return { ok: true, text: new TextDecoder().decode(bytes) };
    } catch (error) {
      const code = codeOf(error);
      if (code !== "NotCapable") return { ok: false, code };
      const text = await readProcFiles([path]);
      return text ? { ok: true, text: text.slice(0, MAX_TEXT_BYTES) } : { ok: false, code };
    }
  },
  async names(path) {
    const names: string[] = [];
    try {
      for await (const { name } of Deno.readDir(path)) if (names.push(name) === MAX_NAMES) break;
      return names;
    } catch {
      return null;
    }
  },
  readLink: (path) => Deno.readLink(path).catch(() => null),
  async space(path) {
    try {
      const { bavail, bsize, files, ffree } = await statfs(path);
      return { freeBytes: bavail * bsize, freeInodes: files === 0 ? null : ffree };
    } catch {
      return null;
    }
  },
  async run(program, args, signal) {
    const PATH = Deno.env.get("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin";
    try {
      const command = new Deno.Command(program, {
        args: [...args],
        clearEnv: true,
        env: { PATH, LC_ALL: "C" },
        stdin: "null",
        stdout: "piped",
        stderr: "piped",
        signal,
      });
      const { code, stdout, stderr } = await command.output();
      const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out!, error: error! };
    } catch (error) {
      if (["ENOENT", "NotFound", "NotCapable"].includes(codeOf(error))) return null;
      throw error;
    }
  },
  now: Date.now,
};

function factsOf(info: Deno.FileInfo): FileFacts {
  const { isFile, isDirectory, isSocket, mode, uid, gid, size, mtime } = info;
  const kind = isFile ? "file" : isDirectory ? "directory" : isSocket ? "socket" : "other";
  return {
    kind,
    mode: (mode ?? 0) & 0o7777,
    uid: uid ?? 0,
    gid: gid ?? 0,
    size,
    modifiedMilliseconds: mtime?.getTime() ?? 0,
  };
}

/** The errno's name also where Deno tells the class of the error alone. */
function codeOf(error: unknown): string {
  if (error instanceof Deno.errors.NotFound) return "ENOENT";
  if (error instanceof Deno.errors.PermissionDenied) return "EACCES";
  return errorCode(error);
}
