// `honua-configd version`: what is running. The number stands here and at the top of CHANGELOG.md.

/** The program's version (semver.org). */
export const VERSION = "0.1.0";

/** The version and what it runs on, in one line. */
export function versionLine(): string {
  const { deno, v8 } = Deno.version;
  return `honua-configd ${VERSION} (deno ${deno}, v8 ${v8}, ${Deno.build.target})\n`;
}
