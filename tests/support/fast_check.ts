// The module that tests import as "fast-check": the package, with the seed of HONUA_FUZZ_SEED if that is set. A
// property that fails prints its seed, which repeats the failure: `HONUA_FUZZ_SEED=42 deno test -A FILE`.
import fc from "npm-fast-check";

const seed = Deno.env.get("HONUA_FUZZ_SEED");
if (seed !== undefined) {
  if (!/^-?\d+$/.test(seed)) throw new Error(`HONUA_FUZZ_SEED is no whole number: ${seed}`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
}

const SURROGATES_FROM = 0xd800;
const SURROGATES = 0x800;
const CHARACTERS = 0x110000 - SURROGATES;

/**
 * Any character, the unit of texts. The package's own `unit: "binary"` is the same, but makes a table of a million
 * characters first, which takes a second of processor time in each test file.
 */
export const anyCharacter: fc.Arbitrary<string> = fc.nat({ max: CHARACTERS - 1 }).map(
  (index) => String.fromCodePoint(index < SURROGATES_FROM ? index : index + SURROGATES),
  (character) => {
    const point = typeof character === "string" ? character.codePointAt(0) : undefined;
    if (point === undefined || String.fromCodePoint(point) !== character) throw new Error("no character");
    if (!character.isWellFormed()) throw new Error("half a character");
    return point < SURROGATES_FROM ? point : point - SURROGATES;
  },
);

export * from "npm-fast-check";
/** The package, as its documentation imports it. */
export default fc;
