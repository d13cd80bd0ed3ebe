// The last step of a build: `deno compile` over what is embedded, checked to be for the machine that was asked for.
import { PARSER_V8_FLAG } from "../../src/document/parser_process.ts";
import { permissionFlags } from "./permissions.ts";
import { runToEnd } from "./program_run.ts";

/** The machines that a binary can be made for, and each one's number in an ELF header (elf.h, `EM_…`). */
const MACHINES: ReadonlyMap<string, number> = new Map([
  ["x86_64-unknown-linux-gnu", 62],
  ["aarch64-unknown-linux-gnu", 183],
]);

/** The names of the machines. */
export const TARGETS: readonly string[] = [...MACHINES.keys()];

/**
 * V8's. A daemon that waits is better small than fast: code is optimised when it has run ten times as often as usual, and
 * by the smaller of the two compilers alone. The larger one is never done in time: of a first load, which is over within
 * seconds, it takes more of the processor than it gives back. The young generation may grow to 4 MiB, no longer to 16:
 * nearly all of what a load makes stays, and is copied the less often the larger that is; V8 makes it small again when
 * nothing happens. The old one is collected when it has grown by 40 %, and not first when it has doubled: each edit of a
 * large source leaves its text behind, and a hundred MiB less are resident at the most for a millisecond more. What the parser's process has WebAssembly run with has no meaning to the daemon, which runs none, and
 * a compiled program takes no flags of V8 when it starts.
 */
const V8_FLAGS = [
  PARSER_V8_FLAG,
  "--max-semi-space-size=4",
  "--heap-growing-percent=40",
  "--no-turbofan",
  "--invocation-count-for-maglev=4000",
  "--invocation-count-for-maglev-osr=1000",
];

/** What is compiled. */
export interface Compilation {
  /** The directory that is embedded, with `main.js` in it. */
  readonly embedded: string;
  /** One of `TARGETS`. */
  readonly target: string;
  /** Where the binary goes. */
  readonly output: string;
}

/** How a compilation ended; `trouble` is one line. */
export type Compiled =
  | { readonly ok: true }
  | { readonly ok: false; readonly trouble: string; readonly lacksDenort: boolean };

/** Compiles what is embedded into `output`. */
export async function compileExecutable({ embedded, target, output }: Compilation): Promise<Compiled> {
  const ran = await runToEnd(Deno.execPath(), [
    "compile",
    "--quiet",
    "--no-check",
    "--no-lock",
    "--no-remote",
    // It would be a file of a name that can be foretold in everybody's /tmp, and gains nothing that can be measured.
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

/** `e_machine` of an ELF file; null where it is none. */
async function machineOf(path: string): Promise<number | null> {
  using file = await Deno.open(path);
  const header = new Uint8Array(20);
  if (await file.read(header) !== header.length || header[0] !== 0x7f || header[1] !== 0x45) return null;
  return header[18]! | (header[19]! << 8);
}
