// The control files of the Debian package: its description, digests, conffiles, and scripts.
import { createHash } from "node:crypto";
import { join } from "node:path";
import { listFiles } from "../file_list.ts";

export interface ControlRequest {
  /** The checkout. */
  readonly root: string;
  /** The package's files; DEBIAN/ is made in it. */
  readonly tree: string;
  /** Debian's name of the machine. */
  readonly architecture: string;
  readonly version: string;
  /** The source that postinst installs if there is none. */
  readonly starter: Uint8Array;
}

const MAINTAINER = "honua-configd authors <honua-configd@honua.invalid>";

/** Deno's runtime needs glibc 2.27. systemd 252, Debian 12's, is the oldest under which the units are tested. */
const DEPENDS = "libc6 (>= 2.27), libgcc-s1, init-system-helpers (>= 1.54~), systemd (>= 252)";

const DESCRIPTION = `configuration daemon for Honua Server
 Watches a Honua configuration and turns every edit into a validated snapshot,
 which is written atomically, or into diagnostics that name each mistake and
 its place.
 .
 The daemons of several hosts agree over Redis on which configuration is
 current. Hooks make local servers take a change up.`;

/** Writes DEBIAN/ in the tree. */
export async function controlFiles(request: ControlRequest): Promise<void> {
  const { root, tree, architecture, version, starter } = request;
  const files = await listFiles(tree, ".");
  const conffiles = files.filter((path) => path.startsWith("etc/"));
  const control = join(tree, "DEBIAN");
  await Deno.mkdir(control, { mode: 0o755 });
  const write = (name: string, text: string, mode = 0o644) => Deno.writeTextFile(join(control, name), text, { mode });
  await write("conffiles", conffiles.map((path) => `/${path}\n`).join(""));
  const packaged = files.filter((path) => !conffiles.includes(path));
  await write("md5sums", (await Promise.all(packaged.map((path) => sumLine(tree, path)))).join(""));
  await write("control", controlText(architecture, version, await installedKibibytes(tree, files)));
  const digest = createHash("sha256").update(starter).digest("hex");
  for (const script of ["preinst", "postinst", "prerm", "postrm"]) {
    const text = await Deno.readTextFile(join(root, "scripts/deb", script));
    await write(script, text.replace("@STARTER_SHA256@", digest), 0o755);
  }
}

async function sumLine(tree: string, path: string): Promise<string> {
  return `${createHash("md5").update(await Deno.readFile(join(tree, path))).digest("hex")}  ${path}\n`;
}

/** As dpkg-gencontrol estimates it: each file in whole KiB, and one for each directory. */
async function installedKibibytes(tree: string, files: readonly string[]): Promise<number> {
  const sizes = await Promise.all(
    files.map(async (path) => Math.ceil((await Deno.stat(join(tree, path))).size / 1024)),
  );
  const directories = new Set(files.flatMap((path) => {
    const parts = path.split("/").slice(0, -1);
    return parts.map((_, index) => parts.slice(0, index + 1).join("/"));
  }));
  return sizes.reduce((sum, size) => sum + size, directories.size);
}

function controlText(architecture: string, version: string, installedSize: number): string {
  return `Package: honua-configd
Version: ${version}
Architecture: ${architecture}
Maintainer: ${MAINTAINER}
Installed-Size: ${installedSize}
Depends: ${DEPENDS}
Recommends: polkitd
Suggests: redis-server, openssh-client
Section: admin
Priority: optional
Description: ${DESCRIPTION}
`;
}

/** The newest entry of CHANGELOG.md in the form of deb-changelog(5). */
export function changelog(
  markdown: string,
  entry: { readonly version: string; readonly epochSeconds: number },
): string {
  const [, section = ""] = markdown.split(/^## .*$/m);
  const items = section.split(/^- /m).slice(1).map((item) => {
    const words = item.split(/\n\s*\n/)[0]!.trim().split(/\s+/);
    return wrapped(words, "  * ", "    ");
  });
  const lines = items.length > 0 ? items.join("\n") : "  * See the project's CHANGELOG.md.";
  const date = new Date(entry.epochSeconds * 1000).toUTCString().replace("GMT", "+0000");
  return `honua-configd (${entry.version}) unstable; urgency=medium\n\n${lines}\n\n -- ${MAINTAINER}  ${date}\n`;
}

const MAX_COLUMNS = 80;

function wrapped(words: readonly string[], first: string, next: string): string {
  const lines = [first];
  for (const word of words) {
    const line = lines.at(-1)!;
    const isStart = line === first || line === next;
    if (isStart || line.length + 1 + word.length <= MAX_COLUMNS) {
      lines[lines.length - 1] = isStart ? line + word : `${line} ${word}`;
    } else lines.push(next + word);
  }
  return lines.join("\n");
}
