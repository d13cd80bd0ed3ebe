// `deno task compile`: the program as one file, `dist/honua-configd`, with the digest beside it. It embeds only files
// that the daemon needs, and two builds of one commit are equal byte by byte.
//   --target NAME   the machine it is for (default: this one); another one's file has its name at the end
import { createHash } from "node:crypto";
import { join } from "node:path";
import { ensureDir, walk } from "@std/fs";
import { Command, Option } from "commander";
import { openBuildDirectory } from "./compile/build_directory.ts";
import { commitOf } from "./compile/commit.ts";
import { type Compiled, compileExecutable, TARGETS } from "./compile/executable.ts";
import { licenceNotices } from "./compile/licences.ts";

const NAME = "honua-configd";

/** The name of the binary for a target in `dist/`. */
export function binaryName(target: string): string {
  return target === Deno.build.target ? NAME : `${NAME}-${target}`;
}

/** Makes the binary of the checkout at `root` in the folder `dist`, which is created if it is missing. */
export async function compile(root: string, dist: string, target: string = Deno.build.target): Promise<Compiled> {
  const prepared = await openBuildDirectory(root);
  if (!prepared.ok) return { ...prepared, lacksDenort: false };
  await using directory = prepared.directory;
  const { embedded, packages, webAssembly } = directory;
  await Deno.writeTextFile(join(embedded, "build.json"), JSON.stringify(await commitOf(root)));
  const notices = await licenceNotices(packages, webAssembly);
  await Deno.writeTextFile(join(embedded, "licences.json"), JSON.stringify(notices));
  // The binary embeds the files with their time, and two builds must be equal.
  for await (const { path } of walk(embedded)) await Deno.utime(path, 0, 0);
  await ensureDir(dist);
  // Beside its final path until it is complete: a binary in use stays as it was, even if the build fails.
  const binary = join(dist, binaryName(target));
  const output = `${binary}.new`;
  const compiled = await compileExecutable({ embedded, target, output });
  if (!compiled.ok) return compiled;
  await Deno.rename(output, binary);
  await writeSums(dist);
  return compiled;
}

/** Writes `SHA256SUMS` in the format of sha256sum(1), for all binaries and Debian packages in the directory. */
export async function writeSums(dist: string): Promise<void> {
  const names = (await Array.fromAsync(Deno.readDir(dist))).map(({ name }) => name);
  const binaries = new Set(["", ...TARGETS].map((target) => binaryName(target || Deno.build.target)));
  const isMade = (name: string) => binaries.has(name) || (name.startsWith(`${NAME}_`) && name.endsWith(".deb"));
  const lines: string[] = [];
  for (const name of names.filter(isMade).sort()) {
    const digest = createHash("sha256").update(await Deno.readFile(join(dist, name))).digest("hex");
    lines.push(`${digest}  ${name}\n`);
  }
  await Deno.writeTextFile(join(dist, "SHA256SUMS"), lines.join(""));
}

async function main(): Promise<number> {
  const { target } = new Command("compile")
    .description("make the program as one file in dist/")
    .addOption(new Option("--target <name>", "the machine it is for").choices(TARGETS).default(Deno.build.target))
    .parse([...Deno.args], { from: "user" })
    .opts<{ target: string }>();
  const compiled = await compile(Deno.cwd(), join(Deno.cwd(), "dist"), target);
  if (compiled.ok) console.log(`dist/${binaryName(target)}`);
  else console.error(`compile: ${compiled.trouble}`);
  return compiled.ok ? 0 : 1;
}

if (import.meta.main) Deno.exitCode = await main();
