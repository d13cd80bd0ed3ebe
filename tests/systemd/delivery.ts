// The files for the machines: the release as an operator has it, and beside it the next version, one that is broken,
// and Debian packages of the first two.
import { join } from "node:path";
import { compile } from "../../scripts/compile.ts";
import { makePackage } from "../../scripts/deb.ts";

const CHECKOUT = decodeURIComponent(new URL("../../", import.meta.url).pathname);

/** Lays all out in an empty directory; null, or in one line why no binary can be made here. */
export async function layDelivery(directory: string): Promise<string | null> {
  const built = Deno.env.get("HONUA_CONFIGD");
  const binary = join(directory, "honua-configd");
  if (built) {
    await Deno.copyFile(built, binary);
  } else {
    const compiled = await compile(CHECKOUT, directory);
    if (!compiled.ok && compiled.lacksDenort) return compiled.trouble;
    if (!compiled.ok) throw new Error(`compile: ${compiled.trouble}`);
  }
  await Deno.copyFile(join(CHECKOUT, "scripts/install.sh"), join(directory, "install.sh"));
  await run("cp", "-R", join(CHECKOUT, "systemd"), directory);
  const other = join(directory, "honua-configd-other");
  await Deno.writeFile(other, otherBinary(await Deno.readFile(binary)), { mode: 0o755 });
  await Deno.writeTextFile(join(directory, "honua-configd-broken"), BROKEN_PROGRAM, { mode: 0o755 });
  await layPackages(directory, binary, other);
  return null;
}

/** The same program in another file: elf(5) has no meaning for the last byte of `e_ident`. */
function otherBinary(bytes: Uint8Array): Uint8Array {
  bytes[15] = 1;
  return bytes;
}

/** Answers as every version does, and cannot run. */
const BROKEN_PROGRAM = `#!/bin/sh
case $1 in run) echo 'this version is broken' >&2; exit 70 ;; esac
exec /delivery/honua-configd "$@"
`;

/** The second package is the first one with the next version's binary, packed in a hurry. */
async function layPackages(directory: string, binary: string, other: string): Promise<void> {
  const made = await makePackage({
    root: CHECKOUT,
    binary,
    runnable: binary,
    target: Deno.build.target,
    output: directory,
    epochSeconds: Math.floor(Date.now() / 1000),
  });
  if (!made.ok) throw new Error(`make the Debian package: ${made.trouble}`);
  await Deno.rename(made.path, join(directory, "package.deb"));
  const tree = join(directory, "tree");
  await run("dpkg-deb", "--raw-extract", join(directory, "package.deb"), tree);
  await run("cp", other, join(tree, "usr/bin/honua-configd"));
  await run("sed", "--in-place", "s/^Version: .*/&+next/", join(tree, "DEBIAN/control"));
  await run("dpkg-deb", "--root-owner-group", "-Zgzip", "-z1", "--build", tree, join(directory, "package-next.deb"));
  await Deno.remove(tree, { recursive: true });
}

async function run(program: string, ...args: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program, { args, stdin: "null", stdout: "null" }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr).trim()}`);
}
