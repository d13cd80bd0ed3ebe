// What the build recorded in the compiled program: the commit it was made of, and the licences of what it embeds. A
// program that runs from its sources has neither.

/** Where a compiled program comes from. */
export interface Build {
  /** The commit's hash in full; null where the build did not know it. */
  readonly hash: string | null;
  /** Whether the sources differed from the commit. */
  readonly edited: boolean;
}

/** The licence of something that is embedded. */
export interface LicenceNotice {
  /** A package, a Go module or the runtime. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** An SPDX expression (spdx.org). */
  readonly licence: string;
  /** The licence in full. */
  readonly text: string;
}

/** The build of this program; null where it is not compiled. */
export function readBuild(): Build | null {
  return Deno.build.standalone ? JSON.parse(readEmbedded("build.json")) : null;
}

/** The licences of all that is embedded; null where the program is not compiled. */
export function readLicences(): readonly LicenceNotice[] | null {
  return Deno.build.standalone ? JSON.parse(readEmbedded("licences.json")) : null;
}

/** The build lays these files beside the program's parts, all of which are in one folder (scripts/compile.ts). */
function readEmbedded(name: string): string {
  return Deno.readTextFileSync(new URL(name, import.meta.url));
}
