// `deno task deb`: the Debian package of a binary in `dist/`, from the files that scripts/install.sh installs. Two
// builds of one commit are equal byte by byte; SOURCE_DATE_EPOCH sets the one time that the package holds.
//   --target NAME   the machine (default: this one); `deno task compile` must have made its binary
import { join } from "node:path";
import { ensureDir, walk } from "@std/fs";
import { Command, Option } from "commander";
import { VERSION } from "../src/cli/version.ts";
import { binaryName, writeSums } from "./compile.ts";
import { TARGETS } from "./compile/executable.ts";
import { runToEnd } from "./compile/program_run.ts";
import { controlFiles } from "./deb/control.ts";
import { layTree } from "./deb/tree.ts";

/** Debian's names of the supported machines. */
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["x86_64-unknown-linux-gnu", "amd64"],
  ["aarch64-unknown-linux-gnu", "arm64"],
]);

export interface PackageRequest {
  /** The checkout. */
  readonly root: string;
  readonly binary: string;
  /** One of `TARGETS`. */
  readonly target: string;
  /** The directory of the package. */
  readonly output: string;
  /** Of all files, since 1970. */
  readonly epochSeconds: number;
  /** A program that answers to `man`, `completion` and `init`; default: the checkout's own. */
  readonly runnable?: string;
}

/** The package's path, or in one line why there is none. */
export type PackageResult =
  | { readonly ok: true; readonly path: string }
  | { readonly ok: false; readonly trouble: string };

export async function makePackage(request: PackageRequest): Promise<PackageResult> {
  const { root, binary, target, output, epochSeconds } = request;
  const architecture = ARCHITECTURES.get(target);
  if (architecture === undefined) return { ok: false, trouble: `Debian has no name for ${target}` };
  const work = await Deno.makeTempDir();
  try {
    const tree = join(work, "tree");
    const runnable = request.runnable ?? await programOf(root, work);
    const laid = await layTree({ root, tree, binary, runnable, version: VERSION, epochSeconds });
    if (!laid.ok) return laid;
    await controlFiles({ root, tree, architecture, version: VERSION, starter: laid.starter });
    // dpkg-deb lowers times that are later, and keeps those that are earlier.
    for await (const { path } of walk(tree)) await Deno.utime(path, epochSeconds, epochSeconds);
    await ensureDir(output);
    const path = join(output, `honua-configd_${VERSION}_${architecture}.deb`);
    // xz, the compression of Debian's own packages; level 6 would take three times as long for a tenth of the size.
    const ran = await runToEnd("dpkg-deb", ["--root-owner-group", "-Zxz", "-z3", "--build", tree, `${path}.new`], {
      cwd: work,
      env: { SOURCE_DATE_EPOCH: String(epochSeconds) },
    });
    if (!ran.ok) return { ok: false, trouble: `${ran.trouble}: ${ran.stderr.trim()}` };
    await Deno.rename(`${path}.new`, path);
    await writeSums(output);
    return { ok: true, path };
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}

/** The checkout's program as an executable file, even if the binary is for another machine. */
async function programOf(root: string, directory: string): Promise<string> {
  const quoted = [Deno.execPath(), "run", "-A", "--no-prompt", join(root, "main.ts")].map(shellWord).join(" ");
  const path = join(directory, "honua-configd");
  await Deno.writeTextFile(path, `#!/bin/sh\nexec ${quoted} "$@"\n`, { mode: 0o755 });
  return path;
}

function shellWord(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** SOURCE_DATE_EPOCH (reproducible-builds.org), else the time of the commit, else that of the binary. */
async function epochOf(root: string, binary: string): Promise<number> {
  const seconds = Deno.env.get("SOURCE_DATE_EPOCH");
  if (seconds !== undefined && /^\d{1,11}$/.test(seconds)) return Number(seconds);
  const git = await runToEnd("git", ["log", "-1", "--format=%ct"], { cwd: root });
  if (git.ok && /^\d+$/.test(git.stdout.trim())) return Number(git.stdout.trim());
  return Math.floor(((await Deno.stat(binary)).mtime?.getTime() ?? 0) / 1000);
}

async function main(): Promise<number> {
  const { target } = new Command("deb")
    .description("make the Debian package in dist/")
    .addOption(new Option("--target <name>", "the machine it is for").choices(TARGETS).default(Deno.build.target))
    .parse([...Deno.args], { from: "user" })
    .opts<{ target: string }>();
  const root = Deno.cwd();
  const output = join(root, "dist");
  const binary = join(output, binaryName(target));
  if (!(await Deno.stat(binary).catch(() => null))?.isFile) {
    console.error(`deb: there is no ${binary}: make it with scripts/deno task compile --target ${target}`);
    return 1;
  }
  const made = await makePackage({ root, binary, target, output, epochSeconds: await epochOf(root, binary) });
  if (made.ok) console.log(`dist/${made.path.slice(output.length + 1)}`);
  else console.error(`deb: ${made.trouble}`);
  return made.ok ? 0 : 1;
}

if (import.meta.main) Deno.exitCode = await main();
