// The licences of all embedded parts, for `version --licenses`: packages bring their texts or have them recorded in
// licences/, and so do Deno, V8 and the Go modules in the parser's WebAssembly. A part without its text is an error.
import { gunzipSync } from "node:zlib";
import { join } from "node:path";
import type { EmbeddedPackage } from "./embedded_packages.ts";

/** An embedded part, as `version --licenses` shows it. */
export interface LicenceNotice {
  /** The package, the Go module or the runtime. */
  readonly name: string;
  readonly version: string;
  /** An SPDX expression. */
  readonly licence: string;
  /** The licence in full. */
  readonly text: string;
}

interface Recorded {
  readonly licence: string;
  /** The file in licences/. */
  readonly file: string;
}

/** The Go modules of the parser's WebAssembly, beside its own. */
const GO_MODULES: ReadonlyMap<string, Recorded> = new Map([
  ["github.com/agext/levenshtein", { licence: "Apache-2.0", file: "levenshtein.txt" }],
  ["github.com/apparentlymart/go-textseg/v15", { licence: "MIT AND Unicode-DFS-2016", file: "go-textseg.txt" }],
  ["github.com/hashicorp/hcl/v2", { licence: "MPL-2.0", file: "hcl.txt" }],
  ["github.com/mitchellh/go-wordwrap", { licence: "MIT", file: "go-wordwrap.txt" }],
  ["github.com/tmccombs/hcl2json", { licence: "Apache-2.0", file: "hcl2json.txt" }],
  ["github.com/zclconf/go-cty", { licence: "MIT", file: "go-cty.txt" }],
  ["golang.org/x/text", { licence: "BSD-3-Clause", file: "go.txt" }],
]);

const RECORDED = new URL("./licences/", import.meta.url).pathname;

/** The notices of the packages, of the Go modules in the WebAssembly at `webAssembly` (gzip), and of the runtime. */
export async function licenceNotices(
  packages: readonly EmbeddedPackage[],
  webAssembly: string,
): Promise<LicenceNotice[]> {
  const own = await Promise.all(packages.map(async ({ name, version, licence, directory }) => (
    { name, version, licence, text: await licenceText(directory, licence) }
  )));
  const { deno, v8 } = Deno.version;
  return [
    ...own,
    ...await goNotices(gunzipSync(await Deno.readFile(webAssembly))),
    { name: "deno", version: deno, licence: "MIT", text: await recorded("deno.txt") },
    { name: "v8", version: v8, licence: "BSD-3-Clause", text: await recorded("v8.txt") },
  ];
}

/** Go writes the modules of a program into it (`go version -m` reads them there): `dep`, path and version. */
async function goNotices(program: Uint8Array): Promise<LicenceNotice[]> {
  const text = new TextDecoder("latin1").decode(program);
  const notices: LicenceNotice[] = [];
  for (const [, name, version] of text.matchAll(/\ndep\t([^\t\n]+)\t([^\t\n]+)/g)) {
    const known = GO_MODULES.get(name!);
    if (!known) throw new Error(`the parser's WebAssembly holds the Go module ${name}, whose licence is not recorded`);
    notices.push({ name: name!, version: version!, licence: known.licence, text: await recorded(known.file) });
  }
  if (notices.length === 0) throw new Error("the parser's WebAssembly does not say what Go modules it is made of");
  const version = /\bgo(1\.\d+(?:\.\d+)?)\b/.exec(text)?.[1] ?? "1";
  return [...notices, { name: "go", version, licence: "BSD-3-Clause", text: await recorded("go.txt") }];
}

async function licenceText(directory: string, licence: string): Promise<string> {
  for await (const { name, isFile } of Deno.readDir(directory)) {
    if (isFile && /^(?:licen[cs]e|copying)\b/i.test(name)) return await Deno.readTextFile(join(directory, name));
  }
  return await recorded(`${licence}.txt`);
}

async function recorded(file: string): Promise<string> {
  try {
    return await Deno.readTextFile(join(RECORDED, file));
  } catch (error) {
    throw new Error(`the licence text scripts/compile/licences/${file} is missing`, { cause: error });
  }
}
