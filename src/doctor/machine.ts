// The doctor's questions to the host. The answers are bounded, and expected failures (nothing there, no permission) are
// values. It changes nothing. Tests replace some answers by their own.
import { constants, type Stats } from "node:fs";
import { stat } from "node:fs/promises";
import { errorCode } from "../host/atomic_write.ts";
import { type Mount, parseMounts } from "../host/mounts.ts";
import { readProcFiles } from "../host/proc_files.ts";
import { openRegularFile, readAtMost } from "../host/regular_file.ts";

/** From stat(2), after symbolic links. */
export type FileFacts = Pick<Stats, "mode" | "uid" | "gid" | "size">;

/** `code` is an errno's name (`ENOENT`). */
export type Looked =
  | { readonly ok: true; readonly file: FileFacts }
  | { readonly ok: false; readonly code: string };

/** `code` is an errno's name. */
export type ReadText = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly code: string };

/** Null: there is no such program. */
export type Ran = { readonly code: number; readonly out: string; readonly error: string } | null;

/** The host. */
export interface Machine {
  /** Follows symbolic links. */
  look(path: string): Promise<Looked>;
  /** The path without symbolic links, or the same path if it leads nowhere. */
  realPath(path: string): Promise<string>;
  /** The beginning of a file, at most {@linkcode MAX_TEXT_BYTES}; never waits for the writer of a pipe. */
  readText(path: string): Promise<ReadText>;
  /** The names in a directory, at most {@linkcode MAX_NAMES}; null: it does not exist or is not readable. */
  names(path: string): Promise<string[] | null>;
  /** Runs a program to its end, with only `PATH` of the doctor's environment; `signal` kills it. */
  run(program: string, args: readonly string[], signal: AbortSignal): Promise<Ran>;
}

/** The mount tables of hosts with thousands of containers are smaller. */
const MAX_TEXT_BYTES = 4 * 1024 * 1024;
const MAX_NAMES = 1_000;

/** The host that this process is on. */
export const hostMachine: Machine = {
  async look(path) {
    try {
      return { ok: true, file: await stat(path) };
    } catch (error) {
      return { ok: false, code: errorCode(error) };
    }
  },
  realPath: (path) => Deno.realPath(path).catch(() => path),
  async readText(path) {
    try {
      await using file = await openRegularFile(path);
      const bytes = await readAtMost((into) => file.read(into), MAX_TEXT_BYTES);
      return { ok: true, text: new TextDecoder().decode(bytes) };
    } catch (error) {
      const code = errorCode(error);
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
  async run(program, args, signal) {
    const env = { PATH: Deno.env.get("PATH") ?? "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C" };
    try {
      const command = new Deno.Command(program, { args: [...args], clearEnv: true, env, stdin: "null", signal });
      const { code, stdout, stderr } = await command.output();
      const [out, error] = [stdout, stderr].map((bytes) => new TextDecoder().decode(bytes));
      return { code, out: out!, error: error! };
    } catch (error) {
      if (["ENOENT", "NotFound", "NotCapable"].includes(errorCode(error))) return null;
      throw error;
    }
  },
};

/** The kind of a file that counts; null: another. */
export function kindOf({ mode }: FileFacts): "file" | "directory" | null {
  const type = mode & constants.S_IFMT;
  return type === constants.S_IFREG ? "file" : type === constants.S_IFDIR ? "directory" : null;
}

/** Of a table that cannot be read, none. */
export async function mountsOf(machine: Pick<Machine, "readText">): Promise<Mount[]> {
  const table = await machine.readText("/proc/self/mountinfo");
  return table.ok ? parseMounts(table.text) : [];
}
