// A minimal Debian with systemd, as a tarball that is made once: debootstrap(8) takes a minute, and its result is kept
// under the user's cache directory until the list of its packages changes or somebody removes it.
import { join } from "node:path";
import { ensureDir, exists } from "@std/fs";

/** The release whose systemd the units are written for. */
const SUITE = "bookworm";

/**
 * The packages that the machines need beside Debian's minimal base; debootstrap does not find virtual packages (polkitd
 * needs libpam-systemd).
 */
const PACKAGES = ["dbus", "libpam-systemd", "nginx-light", "polkitd", "systemd", "systemd-sysv", "util-linux"];

const MAKING_LIMIT_MILLISECONDS = 15 * 60_000;

/** The tarball's path, or in one line why there is none. */
export type DebianRoot =
  | { readonly ok: true; readonly tarball: string }
  | { readonly ok: false; readonly reason: string };

/** Finds the tarball or makes it. */
export async function debianRoot(): Promise<DebianRoot> {
  const directory = cacheDirectory();
  const tarball = join(directory, `debian-${SUITE}-${await fingerprint(PACKAGES)}.tar`);
  if (await exists(tarball)) return { ok: true, tarball };
  await ensureDir(directory);
  const making = await Deno.makeTempDir({ prefix: "honua-configd-root-" });
  const unfinished = `${tarball}.${Deno.pid}`;
  try {
    const root = join(making, "root");
    console.log(`test:systemd: making ${tarball} with debootstrap, which takes a minute`);
    const trouble = await troubleOf("debootstrap", ["--variant=minbase", `--include=${PACKAGES}`, SUITE, root]) ??
      await troubleOf("sh", ["-c", 'rm -rf "$0"/var/cache/apt/* "$0"/var/lib/apt/lists/*', root]) ??
      await troubleOf("tar", ["--create", "--file", unfinished, ...EXACTLY, "--directory", root, "."]);
    if (trouble !== null) return { ok: false, reason: trouble };
    await Deno.rename(unfinished, tarball);
    return { ok: true, tarball };
  } finally {
    await Deno.remove(making, { recursive: true });
    await Deno.remove(unfinished).catch(() => {});
  }
}

/** Owners by number and extended attributes, as a file system that boots needs them. */
const EXACTLY = ["--numeric-owner", "--xattrs", "--acls"];

/** Unpacks the tarball into an empty directory. */
export async function unpackRoot(tarball: string, directory: string): Promise<void> {
  const trouble = await troubleOf("tar", ["--extract", "--file", tarball, ...EXACTLY, "--directory", directory]);
  if (trouble !== null) throw new Error(`unpack the Debian root: ${trouble}`);
}

/** By the XDG Base Directory Specification, an empty variable counts as unset. */
function cacheDirectory(): string {
  const cache = Deno.env.get("XDG_CACHE_HOME") || join(Deno.env.get("HOME") || "/root", ".cache");
  return join(cache, "honua-configd");
}

async function fingerprint(words: readonly string[]): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(words.join("\n")));
  return new Uint8Array(digest).toHex().slice(0, 12);
}

/** Null: the program succeeded; else the last line of its output. */
async function troubleOf(program: string, args: readonly string[]): Promise<string | null> {
  try {
    const { success, stdout, stderr } = await new Deno.Command(program, {
      args: [...args],
      stdin: "null",
      signal: AbortSignal.timeout(MAKING_LIMIT_MILLISECONDS),
    }).output();
    if (success) return null;
    const reported = new TextDecoder().decode(new Uint8Array([...stdout, ...stderr])).trim().split("\n").at(-1);
    return `${program} failed: ${reported}`;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return `${program} is not installed`;
    throw error;
  }
}
