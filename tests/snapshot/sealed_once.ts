// A snapshot made from nothing, as tests need one that have no use for a sealer's memory.
import type { JsonObject } from "../../src/snapshot/canonical.ts";
import { openSealer, type Snapshot } from "../../src/snapshot/snapshot.ts";

/** Seals one configuration. */
export function sealSnapshot(config: JsonObject, portable: JsonObject): Promise<Snapshot> {
  return openSealer().seal(config, portable);
}
