// `honua-configd version`: the version, its build and its licences. The number is here and at the top of CHANGELOG.md.
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

/** Semantic, as semver.org defines it. */
export const VERSION = "0.2.0";

export interface VersionRequest {
  /** Also the licences of all that is embedded, in full. */
  readonly licences: boolean;
  readonly format: "text" | "json";
}

/** How many digits of the commit people see. */
const SHOWN_DIGITS = 12;

/** The version, its origin and its runtime, in one line. */
export function versionLine(build: Build | null = readBuild()): string {
  const { deno, v8 } = Deno.version;
  return `honua-configd ${VERSION} (${originOf(build)}, deno ${deno}, v8 ${v8}, ${Deno.build.target})\n`;
}

export function printVersion({ licences, format }: VersionRequest, terminal: Terminal): ExitCode {
  const build = readBuild();
  const notices = licences || format === "json" ? readLicences() : null;
  if (format === "json") {
    const { deno, v8 } = Deno.version;
    const shown = notices?.map(({ text, ...short }) => licences ? { ...short, text } : short) ?? [];
    const commit = build?.hash ?? null;
    const edited = build?.edited ?? false;
    const { target, standalone: compiled } = Deno.build;
    terminal.out(
      `${JSON.stringify({ version: VERSION, commit, edited, compiled, deno, v8, target, embedded: shown }, null, 2)}\n`,
    );
    return EXIT.done;
  }
  terminal.out(versionLine(build));
  if (licences) terminal.out(notices === null ? NOTHING_EMBEDDED : renderLicences(notices));
  return EXIT.done;
}

const NOTHING_EMBEDDED = "\nThis program is not compiled and embeds nothing: each package has its licence beside it.\n";

const RUNTIME = "Deno is built of further libraries, which it lists in its Cargo.lock (github.com/denoland/deno).\n";

/** A list of the embedded packages, then each licence in full. */
function renderLicences(notices: readonly LicenceNotice[]): string {
  const title = ({ name, version, licence }: LicenceNotice) => `${name} ${version}: ${licence}`;
  const list = notices.map((notice) => `  ${title(notice)}\n`).join("");
  const full = notices.map((notice) => `\n${"-".repeat(80)}\n${title(notice)}\n\n${notice.text.trimEnd()}\n`).join("");
  return `\nIt embeds:\n${list}${RUNTIME}${full}`;
}

function originOf(build: Build | null): string {
  if (build === null) return "not compiled";
  const { hash, edited } = build;
  return hash === null ? "commit unknown" : `commit ${hash.slice(0, SHOWN_DIGITS)}${edited ? " and edits" : ""}`;
}

// The build records in the compiled program the commit and the licences of embedded packages. A program that runs from
// its sources has neither.

/** The commit of a compiled program. */
export interface Build {
  /** The commit's hash in full; null: the build did not know it. */
  readonly hash: string | null;
  /** Whether the sources differed from the commit. */
  readonly edited: boolean;
}

/** The licence of an embedded part. */
export interface LicenceNotice {
  /** A package, a Go module or the runtime. */
  readonly name: string;
  readonly version: string;
  /** An SPDX expression (spdx.org). */
  readonly licence: string;
  /** The licence in full. */
  readonly text: string;
}

/** The build of this program; null: it is not compiled. */
function readBuild(): Build | null {
  return Deno.build.standalone ? JSON.parse(readEmbedded("build.json")) : null;
}

/** The licences of all embedded parts; null: the program is not compiled. */
function readLicences(): readonly LicenceNotice[] | null {
  return Deno.build.standalone ? JSON.parse(readEmbedded("licences.json")) : null;
}

/** The build puts these files into the one folder of all the program's parts (scripts/compile.ts). */
function readEmbedded(name: string): string {
  return Deno.readTextFileSync(new URL(name, import.meta.url));
}
