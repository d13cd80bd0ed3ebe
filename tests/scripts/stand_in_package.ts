// A Debian package that is made in no time.
import { assert } from "@std/assert";
import { makePackage } from "../../scripts/deb.ts";
import { writeStandIn } from "./stand_in.ts";

/** When it is made, as far as it says. */
export const EPOCH_SECONDS = 1_700_000_000;

/**
 * A package made from stand-ins, because the program itself takes dpkg-deb half a minute. The binary is a program of
 * this machine, so that lintian sees one in the expected place.
 */
export async function standInPackage(directory: string): Promise<string> {
  const runnable = await writeStandIn(`${directory}/runnable`, { version: "1" });
  const made = await makePackage({
    root: Deno.cwd(),
    binary: "/bin/true",
    target: Deno.build.target,
    output: `${directory}/out`,
    epochSeconds: EPOCH_SECONDS,
    runnable,
  });
  assert(made.ok, made.ok ? "" : made.trouble);
  return made.path;
}
