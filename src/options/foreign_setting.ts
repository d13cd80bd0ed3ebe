// Tells settings of Honua's servers from those of the daemon: one appsettings.json can serve both programs.
import { optionShape } from "./option_schema.ts";

/** Sections that Honua's servers read too: an unknown name in them is a server's, not a mistake. */
const SHARED_SECTIONS = new Set(["honua", "connectionstrings", "logging"]);

/** Whether the section, a top-level name in any case, may hold settings of Honua's servers. */
export function isForeignOrShared(section: string): boolean {
  const isOwn = optionShape.kind === "group" && optionShape.members.has(section.toLowerCase());
  return !isOwn || SHARED_SECTIONS.has(section.toLowerCase());
}

/** Whether a setting, by its names from the section down, is unknown and not in a section that is only the daemon's. */
export function isForeign(path: readonly string[]): boolean {
  if (!isForeignOrShared(path[0] ?? "")) return false;
  let shape = optionShape;
  for (const name of path) {
    if (shape.kind !== "group") return false;
    const member = shape.members.get(name.toLowerCase());
    if (member === undefined) return true;
    shape = member.shape;
  }
  return false;
}
