// The incarnation of the process that a test means by an instance's name.
import { createHash } from "node:crypto";

/** Always the same for a name; a further process of that name has another `life`. */
export function incarnationOf(instance: string, life = 1): string {
  return createHash("sha256").update(`${instance} ${life}`).digest("hex").slice(0, 12);
}
