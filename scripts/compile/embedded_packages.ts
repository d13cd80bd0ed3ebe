// The packages in a bundle, found in the bundle itself: a comment with the original file precedes each part.
import { join } from "node:path";

export interface EmbeddedPackage {
  /** As its registry has it. */
  readonly name: string;
  readonly version: string;
  /** The SPDX expression in its package.json. */
  readonly licence: string;
  /** The directory of its installation. */
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

/** The packages in the scripts of `bundle`; The bundle's paths begin in `directory`. */
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
