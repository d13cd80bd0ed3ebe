// A copy of the checkout in which one file at a time is changed and tests are run: never the checkout itself.
import { join } from "node:path";
import { copy, ensureDir, exists } from "@std/fs";
import { startGroup } from "../../src/host/process_group.ts";
import { withinLimit } from "../../src/time/limit.ts";

/** A folder with all of a checkout that people write, and a folder for temporary files; removed with its directory. */
export interface CheckoutCopy {
  readonly root: string;
  readonly temporary: string;
}

/** How a run ended: with the exit status; or at its limit or because it was stopped, and then the status is null. */
export interface CopyRun {
  readonly code: number | null;
  /** The end of standard output and standard error. */
  readonly output: string;
  readonly milliseconds: number;
}

const KEPT_CHARACTERS = 64 * 1024;
const MADE_FOLDERS = ["coverage", "dist", "node_modules"];
/** A process that outlives the run keeps its pipes open. */
const OUTPUT_LIMIT_MILLISECONDS = 500;

/** Copies the checkout at `root`, with changes that are not committed, into a new folder. */
export async function copyCheckout(root: string, directory: string): Promise<CheckoutCopy> {
  const copied = { root: join(directory, "checkout"), temporary: join(directory, "tmp") };
  await ensureDir(copied.root);
  // Git is not asked which files people write: it may be missing, or distrust the folder's owner.
  for await (const { name } of Deno.readDir(root)) {
    if (name.startsWith(".") || MADE_FOLDERS.includes(name)) continue;
    await copy(join(root, name), join(copied.root, name));
  }
  return copied;
}

/** Removes the directory of copies, and Deno's cache of the files in it, megabytes that no other run uses. */
export async function removeCopies(directory: string): Promise<void> {
  await Deno.remove(directory, { recursive: true });
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["info", "--json"] }).output();
  const { typescriptCache } = JSON.parse(new TextDecoder().decode(stdout));
  const cached = `${typescriptCache}/file${directory}`;
  if (await exists(cached)) await Deno.remove(cached, { recursive: true });
}

/**
 * Runs `deno` in the copy, with an empty folder for its temporary files. Nothing that it started outlives the call.
 *
 * @param stop ends the run before its limit.
 */
export async function runInCopy(
  checkout: CheckoutCopy,
  args: readonly string[],
  limitMilliseconds: number,
  stop: AbortSignal,
): Promise<CopyRun> {
  await ensureDir(checkout.temporary);
  const begun = performance.now();
  let output = "";
  const decoder = new TextDecoder();
  const start = startGroup({
    path: "/bin/sh",
    args: ["-c", 'cd "$0" && exec "$@"', checkout.root, Deno.execPath(), ...args],
    env: { ...Deno.env.toObject(), TMPDIR: checkout.temporary, NO_COLOR: "1" },
  }, (chunk) => output = (output + decoder.decode(chunk, { stream: true })).slice(-KEPT_CHARACTERS));
  if (!start.ok) throw new Error(`could not start /bin/sh: ${start.code}`);
  try {
    const ended = await withinLimit(start.group.status, limitMilliseconds, stop);
    if (ended.ok) await withinLimit(start.group.outputEnded, OUTPUT_LIMIT_MILLISECONDS);
    return { code: ended.ok ? ended.value.code : null, output, milliseconds: performance.now() - begun };
  } finally {
    await start.group.end(0);
    await Deno.remove(checkout.temporary, { recursive: true });
  }
}
