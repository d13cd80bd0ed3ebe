// A directory for building the program, outside the checkout: a configuration and its own lock with only the
// packages of the program, the bundle, and beside it the files that the parser loads. Disposing of it removes it.
import { dirname, join, relative } from "node:path";
import { copy, ensureDir, walk } from "@std/fs";
import { type EmbeddedPackage, packageOf, packagesOfBundle } from "./embedded_packages.ts";
import { runToEnd } from "./program_run.ts";

/** A directory that is ready to be compiled. */
export interface BuildDirectory extends AsyncDisposable {
  /** `main.js`, its parts, and the parser's packages in `node_modules/`. */
  readonly embedded: string;
  /** The embedded packages, by name. */
  readonly packages: readonly EmbeddedPackage[];
  /** The parser's WebAssembly, compressed with gzip. */
  readonly webAssembly: string;
}

/** A complete build directory, or in one line why there is none. */
export type Prepared =
  | { readonly ok: true; readonly directory: BuildDirectory }
  | { readonly ok: false; readonly trouble: string };

/**
 * Stays a package, because it finds its WebAssembly beside its code. Only it starts the Go runtime, in its own process.
 */
const PARSER_PACKAGE = "@cdktf/hcl2json";

/** The files of such a package that are loaded when it runs. */
const LOADED_AT_RUN_TIME = /(?:\.c?js|\.wasm\.gz|\/package\.json)$/;

interface ProjectConfig {
  readonly imports: Readonly<Record<string, string>>;
}

/** Builds the program of the checkout at `root` up to the input of `deno compile`. */
export async function openBuildDirectory(root: string): Promise<Prepared> {
  const directory = await Deno.makeTempDir({ prefix: "honua-configd-build-" });
  const remove = () => Deno.remove(directory, { recursive: true });
  try {
    const prepared = await prepare(root, directory);
    if (!prepared.ok) {
      await remove();
      return prepared;
    }
    return { ok: true, directory: { ...prepared, [Symbol.asyncDispose]: remove } };
  } catch (error) {
    await remove();
    throw error;
  }
}

type Contents =
  | { readonly ok: true } & Omit<BuildDirectory, keyof AsyncDisposable>
  | { readonly ok: false; readonly trouble: string };

async function prepare(root: string, directory: string): Promise<Contents> {
  const used = await packagesInUse(root);
  if (!used.ok) return used;
  for (const name of ["src", "main.ts", "deno.lock"]) await copy(join(root, name), join(directory, name));
  const { imports }: ProjectConfig = JSON.parse(await Deno.readTextFile(join(root, "deno.json")));
  const kept = Object.entries(imports).filter(([, target]) => used.specifiers.has(withoutPath(target)));
  // Its own folder of packages gives the same paths on every machine, so the bundle is the same too.
  const config = { nodeModulesDir: "auto", lock: "./deno.lock", imports: Object.fromEntries(kept) };
  await Deno.writeTextFile(join(directory, "deno.json"), JSON.stringify(config));
  const embedded = join(directory, "embedded");
  for (
    const args of [
      ["install", "--quiet"],
      [
        "bundle",
        "--quiet",
        "--unstable-raw-imports",
        "--code-splitting",
        `--external=${PARSER_PACKAGE}`,
        `--outdir=${embedded}`,
        "main.ts",
      ],
    ]
  ) {
    const ran = await runToEnd(Deno.execPath(), args, { cwd: directory });
    if (!ran.ok) return ran;
  }
  const installed = join(directory, "node_modules");
  const parserPackages = await withDependencies(installed, PARSER_PACKAGE);
  for (const { name, directory: from } of parserPackages) {
    await copyLoaded(from, join(embedded, "node_modules", name));
  }
  await keepFromAnalysis(join(embedded, "node_modules", PARSER_PACKAGE));
  await Deno.writeTextFile(join(embedded, "deno.json"), JSON.stringify({ nodeModulesDir: "manual" }));
  const packages = [...parserPackages, ...await packagesOfBundle(embedded, directory)];
  packages.sort((a, b) => a.name < b.name ? -1 : 1);
  return { ok: true, embedded, packages, webAssembly: join(embedded, "node_modules", PARSER_PACKAGE, "main.wasm.gz") };
}

/** `npm:hono@4.13.19/html` is a part of `npm:hono@4.13.19`. */
function withoutPath(specifier: string): string {
  return /^npm:(?:@[^/]+\/)?[^@/]+@[^/]+/.exec(specifier)?.[0] ?? specifier;
}

/** The packages that the program imports itself, as deno.json pins them: `npm:zod@4.6.7`. */
async function packagesInUse(
  root: string,
): Promise<{ ok: true; specifiers: ReadonlySet<string> } | { ok: false; trouble: string }> {
  const ran = await runToEnd(Deno.execPath(), ["info", "--json", "main.ts"], { cwd: root });
  if (!ran.ok) return ran;
  const { modules }: { modules: readonly { npmPackage?: string }[] } = JSON.parse(ran.stdout);
  return {
    ok: true,
    specifiers: new Set(modules.flatMap(({ npmPackage }) => npmPackage ? [`npm:${npmPackage}`] : [])),
  };
}

/**
 * `deno compile` takes a file of unknown ending in a CommonJS package for a script, and embeds its complaint about the
 * WebAssembly with the path of this build. So the package declares itself one of modules, except in the folders of its
 * scripts.
 */
async function keepFromAnalysis(directory: string): Promise<void> {
  const path = join(directory, "package.json");
  const described = JSON.parse(await Deno.readTextFile(path));
  await Deno.writeTextFile(path, JSON.stringify({ ...described, type: "module" }));
  for await (const { name, isDirectory } of Deno.readDir(directory)) {
    if (isDirectory) await Deno.writeTextFile(join(directory, name, "package.json"), '{"type":"commonjs"}');
  }
}

/** A package of the folder `installed`, and all its dependencies. */
async function withDependencies(installed: string, name: string): Promise<EmbeddedPackage[]> {
  const found = new Map<string, EmbeddedPackage>();
  const visit = async (directory: string): Promise<void> => {
    const one = await packageOf(await Deno.realPath(directory));
    if (found.has(one.name)) return;
    found.set(one.name, one);
    const { dependencies = {} }: { dependencies?: Record<string, string> } = JSON.parse(
      await Deno.readTextFile(join(one.directory, "package.json")),
    );
    // Deno puts a package's dependencies beside it.
    const siblings = one.name.startsWith("@") ? dirname(dirname(one.directory)) : dirname(one.directory);
    for (const dependency of Object.keys(dependencies)) await visit(join(siblings, dependency));
  };
  await visit(join(installed, name));
  return [...found.values()];
}

async function copyLoaded(from: string, to: string): Promise<void> {
  for await (const { path, isFile } of walk(from)) {
    if (!isFile || !LOADED_AT_RUN_TIME.test(path)) continue;
    const target = join(to, relative(from, path));
    await ensureDir(dirname(target));
    await Deno.copyFile(path, target);
  }
}
