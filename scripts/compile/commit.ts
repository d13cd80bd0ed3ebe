// The commit of a checkout, and whether it was edited since. If git cannot say (no repository, no git), the commit is
// unknown and the build goes on: a packager's tarball has none.
import { runToEnd } from "./program_run.ts";

export interface Commit {
  /** The commit's hash in full; null: unknown. */
  readonly hash: string | null;
  /** Whether a file differs from the commit or is not in it. */
  readonly edited: boolean;
}

/** The commit of the checkout at `root`. */
export async function commitOf(root: string): Promise<Commit> {
  const top = await git(root, "rev-parse", "--show-prefix", "HEAD");
  const [prefix, hash] = top?.split("\n") ?? [];
  // In a folder of another repository the commit would be that one's.
  if (prefix !== "" || !/^[0-9a-f]{40,64}$/.test(hash ?? "")) return { hash: null, edited: false };
  return { hash: hash!, edited: await git(root, "status", "--porcelain") !== "" };
}

async function git(root: string, ...args: string[]): Promise<string | null> {
  // A repository of another user is read too: nothing of it is run.
  const ran = await runToEnd("git", ["-c", `safe.directory=${root}`, ...args], { cwd: root });
  return ran.ok ? ran.stdout : null;
}
