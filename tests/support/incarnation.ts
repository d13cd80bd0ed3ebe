// Incarnations that a test derives from an instance's name.
import { createHash } from "node:crypto";

/** Always the same for a name and a `life`, which differs between processes of one name. */
export function incarnationOf(instance: string, life = 1): string {
  return createHash("sha256").update(`${instance} ${life}`).digest("hex").slice(0, 12);
}
