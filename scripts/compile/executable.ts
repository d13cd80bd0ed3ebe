// The last step of a build: `deno compile` over the embedded files, with a check that the result is for the requested
// machine.
import { PARSER_V8_FLAG } from "../../src/document/hcl/parser_process.ts";
import { permissionFlags } from "./permissions.ts";
import { runToEnd } from "./program_run.ts";

/** The supported machines, and each one's number in an ELF header (elf.h, `EM_…`). */
const MACHINES: ReadonlyMap<string, number> = new Map([
  ["x86_64-unknown-linux-gnu", 62],
  ["aarch64-unknown-linux-gnu", 183],
]);

export const TARGETS: readonly string[] = [...MACHINES.keys()];

/**
 * V8's. A daemon that waits should be small rather than fast: code is optimised after ten times as many runs as usual,
 * and only by the smaller of the two compilers. The larger one is never done in time: of a first load, which is over
 * within seconds, it takes more processor time than it saves. The young generation may grow to 4 MiB, not to 16: nearly
 * all objects of a load stay, and are copied the less often the larger it is; V8 shrinks it again when nothing happens.
 * The old one is collected when it has grown by 40 %, not only when it has doubled: each edit of a large source leaves
 * its text behind, and the peak of resident memory is a hundred MiB lower for a millisecond more. The flags of the
 * parser's process for WebAssembly have no effect on the daemon, which runs none, and a compiled program takes no flags
 * of V8 at its start.
 */
const V8_FLAGS = [
  PARSER_V8_FLAG,
  "--max-semi-space-size=4",
  "--heap-growing-percent=40",
  "--no-turbofan",
  "--invocation-count-for-maglev=4000",
  "--invocation-count-for-maglev-osr=1000",
];

export interface Compilation {
  /** The directory with `main.js` that is embedded. */
  readonly embedded: string;
  /** One of `TARGETS`. */
  readonly target: string;
  /** The path of the binary. */
  readonly output: string;
}

/** The result of a compilation; `trouble` is one line. */
export type Compiled =
  | { readonly ok: true }
  | { readonly ok: false; readonly trouble: string; readonly lacksDenort: boolean };

/** Compiles the embedded files into `output`. */
export async function compileExecutable({ embedded, target, output }: Compilation): Promise<Compiled> {
  const ran = await runToEnd(Deno.execPath(), [
    "compile",
    "--quiet",
    "--no-check",
    "--no-lock",
    "--no-remote",
    // It would be a file with a predictable name in the shared /tmp, and has no measurable gain.
    "--no-code-cache",
    `--v8-flags=${V8_FLAGS.join(",")}`,
    "--unstable-net",
    ...permissionFlags(),
    "--include=node_modules",
    "--include=build.json",
    "--include=licences.json",
    `--target=${target}`,
    `--output=${output}`,
    "main.js",
  ], { cwd: embedded });
  if (!ran.ok) return { ok: false, ...troubleOf(ran.trouble, ran.stderr, target) };
  if (await machineOf(output) === MACHINES.get(target)) return { ok: true };
  await Deno.remove(output);
  const trouble = `DENORT_BIN names a denort for another machine than ${target}`;
  return { ok: false, trouble, lacksDenort: false };
}

function troubleOf(trouble: string, stderr: string, target: string): { trouble: string; lacksDenort: boolean } {
  const wanted = `the denort of Deno ${Deno.version.deno} for ${target}`;
  if (stderr.includes("Could not find denort at")) {
    return { trouble: `DENORT_BIN names no file: set it to the path of ${wanted}`, lacksDenort: false };
  }
  if (/Setting up base binary|\/denort-/.test(stderr)) {
    return { trouble: `denort could not be fetched: set DENORT_BIN to the path of ${wanted}`, lacksDenort: true };
  }
  return { trouble, lacksDenort: false };
}

/** `e_machine` of an ELF file; null: it is no such file. */
async function machineOf(path: string): Promise<number | null> {
  using file = await Deno.open(path);
  const header = new Uint8Array(20);
  if (await file.read(header) !== header.length || header[0] !== 0x7f || header[1] !== 0x45) return null;
  return header[18]! | (header[19]! << 8);
}
