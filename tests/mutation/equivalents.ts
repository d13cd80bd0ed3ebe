// The mutants that were judged to change nothing that can be seen, each with the reason, in `equivalents.json`. An entry
// names the changed lines and not their numbers, so that it holds wherever they move.
import { z } from "zod";
import type { Mutant } from "./mutant.ts";

const EQUIVALENTS = z.array(z.strictObject({
  file: z.string(),
  old: z.string(),
  new: z.string(),
  reason: z.string().regex(/\S/, "a reason is needed"),
}));

/** One of them; `file`, `old` and `new` are a survivor's, as the run prints it. */
export type Equivalent = z.infer<typeof EQUIVALENTS>[number];

/** Reads the entries; throws on a text of another form. */
export function readEquivalents(text: string): Equivalent[] {
  return EQUIVALENTS.parse(JSON.parse(text));
}

/** Whether a mutant is among them. */
export function isEquivalent(mutant: Mutant, equivalents: readonly Equivalent[]): boolean {
  return equivalents.some((one) => one.file === mutant.file && one.old === mutant.old && one.new === mutant.new);
}

/** The entries that no mutant matches any more. */
export function staleEquivalents(equivalents: readonly Equivalent[], mutants: readonly Mutant[]): Equivalent[] {
  return equivalents.filter((one) => !mutants.some((mutant) => isEquivalent(mutant, [one])));
}
