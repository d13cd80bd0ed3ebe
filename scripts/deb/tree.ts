// The files of the Debian package: those of scripts/install.sh, changed as Debian requires, each change with its
// reason.
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { runToEnd } from "../compile/program_run.ts";
import { changelog } from "./control.ts";

export interface TreeRequest {
  /** The checkout. */
  readonly root: string;
  /** The directory of the tree, which is created. */
  readonly tree: string;
  readonly binary: string;
  /** The program that prints the manual page, the completions and the starter. */
  readonly runnable: string;
  readonly version: string;
  /** Of the changelog. */
  readonly epochSeconds: number;
}

/** The starter's text in the tree, or in one line why there is no tree. */
export type TreeResult =
  | { readonly ok: true; readonly starter: Uint8Array }
  | { readonly ok: false; readonly trouble: string };

/** Files of install.sh that Debian has elsewhere. */
const MOVES: readonly (readonly [from: string, to: string])[] = [
  // Debian's zsh keeps site-functions for the administrator.
  ["usr/share/zsh/site-functions/_honua-configd", "usr/share/zsh/vendor-completions/_honua-configd"],
  // Installed by postinst if there is no source: a conffile would ask about an existing one.
  ["etc/honua/config.hcl", "usr/share/honua-configd/config.hcl"],
];

/** Debian Policy, section 12.1: manual pages are compressed. */
const MANUAL_PAGE = "usr/share/man/man1/honua-configd.1";

const DOCUMENTATION = "usr/share/doc/honua-configd";

/** Writes the tree with the modes of the package; the owner of all files is root. */
export async function layTree(request: TreeRequest): Promise<TreeResult> {
  const { root, tree, binary, runnable, version, epochSeconds } = request;
  const args = [join(root, "scripts/install.sh"), "--prefix", "/usr", "--binary", binary, "--runnable", runnable];
  await Deno.mkdir(tree, { recursive: true, mode: 0o755 });
  const ran = await runToEnd("sh", args, { cwd: root, env: { DESTDIR: tree } });
  if (!ran.ok) return { ok: false, trouble: `${ran.trouble}: ${ran.stderr.trim()}` };
  const leftOut = ran.stdout.split("\n").find((line) => line.startsWith("Left out:"));
  if (leftOut !== undefined) return { ok: false, trouble: leftOut };
  for (const [from, to] of MOVES) await move(tree, from, to);
  await Deno.chmod(join(tree, "usr/share/honua-configd/config.hcl"), 0o644);
  await compress(tree, MANUAL_PAGE);
  await writeDocumentation(
    root,
    tree,
    changelog(await Deno.readTextFile(join(root, "CHANGELOG.md")), {
      version,
      epochSeconds,
    }),
  );
  // Its mode and owner need the user, which postinst creates; tmpfiles.d creates the directory for the credentials.
  await Deno.chmod(join(tree, "etc/honua-configd/options.json"), 0o644);
  await Deno.remove(join(tree, "etc/honua-configd/credentials"));
  await Deno.chmod(join(tree, "etc/honua-configd"), 0o755);
  return { ok: true, starter: await Deno.readFile(join(tree, "usr/share/honua-configd/config.hcl")) };
}

async function move(tree: string, from: string, to: string): Promise<void> {
  await Deno.mkdir(dirname(join(tree, to)), { recursive: true, mode: 0o755 });
  await Deno.rename(join(tree, from), join(tree, to));
  for (let directory = dirname(from); await isEmpty(join(tree, directory)); directory = dirname(directory)) {
    await Deno.remove(join(tree, directory));
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  for await (const _ of Deno.readDir(directory)) return false;
  return true;
}

async function compress(tree: string, path: string): Promise<void> {
  await writeCompressed(join(tree, `${path}.gz`), await Deno.readFile(join(tree, path)));
  await Deno.remove(join(tree, path));
}

/** Like `gzip -n`, zlib writes neither a name nor a time into the header. */
async function writeCompressed(path: string, bytes: Uint8Array): Promise<void> {
  await Deno.writeFile(path, gzipSync(bytes, { level: 9 }), { mode: 0o644 });
}

async function writeDocumentation(root: string, tree: string, changes: string): Promise<void> {
  const licence = (await Deno.readTextFile(join(root, "LICENSE"))).split("\n").slice(4).join("\n").trim();
  const indented = licence.split("\n").map((line) => line === "" ? " ." : ` ${line}`).join("\n");
  const copyright = await Deno.readTextFile(join(root, "scripts/deb/copyright"));
  const documentation = join(tree, DOCUMENTATION);
  await Deno.writeTextFile(join(documentation, "copyright"), `${copyright}${indented}\n`, { mode: 0o644 });
  await writeCompressed(join(documentation, "changelog.gz"), new TextEncoder().encode(changes));
  const overrides = join(tree, "usr/share/lintian/overrides");
  await Deno.mkdir(overrides, { recursive: true, mode: 0o755 });
  await Deno.copyFile(join(root, "scripts/deb/lintian-overrides"), join(overrides, "honua-configd"));
  await Deno.chmod(join(overrides, "honua-configd"), 0o644);
}
