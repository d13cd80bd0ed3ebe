// Which packages of others a bundle holds, found by the bundle itself: before each part stands the file that it was
// taken from.
import { join } from "node:path";

/** A package of which something is embedded. */
export interface EmbeddedPackage {
  /** As its registry has it. */
  readonly name: string;
  /** Its version. */
  readonly version: string;
  /** What it says its licence is: an SPDX expression. */
  readonly licence: string;
  /** Where it is installed. */
  readonly directory: string;
}

const ORIGIN = /^\s*\/\/ (node_modules\/\S+)$/gm;
const PACKAGE_PATH = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//;

/** Reads name, version and licence of an installed package. */
export async function packageOf(directory: string): Promise<EmbeddedPackage> {
  const { name, version, license } = JSON.parse(await Deno.readTextFile(join(directory, "package.json")));
  if (![name, version, license].every((one) => typeof one === "string")) {
    throw new Error(`${directory}/package.json does not say name, version and licence`);
  }
  return { name, version, licence: license, directory };
}

/** The packages that the scripts in `bundle` were made of; `directory` is where the bundle's paths begin. */
export async function packagesOfBundle(bundle: string, directory: string): Promise<EmbeddedPackage[]> {
  const places = new Set<string>();
  for await (const { name } of Deno.readDir(bundle)) {
    if (!name.endsWith(".js")) continue;
    for (const [, path] of (await Deno.readTextFile(join(bundle, name))).matchAll(ORIGIN)) {
      const place = PACKAGE_PATH.exec(path!)?.[1];
      if (place) places.add(join(directory, place));
    }
  }
  return await Promise.all([...places].map(packageOf));
}
