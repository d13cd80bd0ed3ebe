// The name of an instance if the options give none. Two instances of one host differ by the paths of their snapshots,
// which are the same after a restart.
import { createHash } from "node:crypto";
import { basename, dirname, resolve } from "node:path";
import { DEFAULT_SNAPSHOT_PATH } from "./option_schema.ts";
import type { Options } from "./options.ts";

/** A host's name has at most 64 characters (HOST_NAME_MAX, limits.h), and an instance's 128. */
const MAX_HOST_LENGTH = 64;
const MAX_PLACE_LENGTH = 48;

/**
 * Returns the name in the options; else the host's name, followed by a colon and the place of the snapshot if that is
 * not at the default path: `edge-7:maps` for the snapshot of `honua-configd@maps`, `edge-7:maps-1a2b3c4d` for one
 * elsewhere in a directory `maps`.
 */
export function instanceName(
  { highAvailability, snapshot }: Pick<Options, "highAvailability" | "snapshot">,
  host: string,
): string {
  if (highAvailability.instanceName !== null) return highAvailability.instanceName;
  const path = resolve(snapshot.path);
  if (path === DEFAULT_SNAPSHOT_PATH) return host;
  const place = shownPart(basename(dirname(path)));
  const isOfUnit = path === `${dirname(DEFAULT_SNAPSHOT_PATH)}/${place}/${basename(DEFAULT_SNAPSHOT_PATH)}`;
  const digest = createHash("sha256").update(path).digest("hex").slice(0, 8);
  return `${host.slice(0, MAX_HOST_LENGTH)}:${isOfUnit ? place : `${place}-${digest}`}`;
}

/** Safe for a line of a log and for a table. */
function shownPart(name: string): string {
  return name.replace(/[^\w.@-]/g, "_").slice(0, MAX_PLACE_LENGTH);
}
