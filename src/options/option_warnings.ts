// Warnings about options that are valid.
import { type Diagnostic, warningDiagnostic } from "../diagnostic/diagnostic.ts";
import type { Options } from "./options.ts";

/** Returns the warnings about valid options. No warning quotes a value, because it may come from the environment. */
export function optionWarnings({ snapshot }: Options): Diagnostic[] {
  // A server knows the format of its configuration by the name's extension, in any case.
  if (/\.json$/i.test(snapshot.path)) return [];
  return [warningDiagnostic("options/value", "Snapshot:Path does not end in .json", {
    path: "Snapshot:Path",
    why: "Honua's servers load a JSON configuration only from a file whose name ends so",
    suggestion: "Give the snapshot a name that ends in .json",
  })];
}
