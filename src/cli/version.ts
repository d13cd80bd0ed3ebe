// `honua-configd version`: what is running, and under which licences. The number stands here and at the top of
// CHANGELOG.md.
import { type Build, type LicenceNotice, readBuild, readLicences } from "./build.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import type { Terminal } from "./terminal.ts";

/** The program's version (semver.org). */
export const VERSION = "0.1.0";

/** What was asked for on the command line. */
export interface VersionRequest {
  /** Also the licences of all that is embedded, in full. */
  readonly licences: boolean;
  /** How to answer. */
  readonly format: "text" | "json";
}

/** How many digits of the commit are shown to people. */
const SHOWN_DIGITS = 12;

/** The version, where it comes from and what it runs on, in one line. */
export function versionLine(build: Build | null = readBuild()): string {
  const { deno, v8 } = Deno.version;
  return `honua-configd ${VERSION} (${originOf(build)}, deno ${deno}, v8 ${v8}, ${Deno.build.target})\n`;
}

/** Prints the version. */
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

/** A list of what is embedded, then each licence in full. */
export function renderLicences(notices: readonly LicenceNotice[]): string {
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
