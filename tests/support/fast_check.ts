// What tests import as "fast-check": the package, with the seed of HONUA_FUZZ_SEED if that is set. A property that fails
// prints its seed, which repeats it: `HONUA_FUZZ_SEED=42 deno test -A FILE`.
import fc from "npm-fast-check";

const given = Deno.env.get("HONUA_FUZZ_SEED");
if (given !== undefined) {
  if (!/^-?\d+$/.test(given)) throw new Error(`HONUA_FUZZ_SEED is no whole number: ${given}`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(given) });
}

export * from "npm-fast-check";
/** The package, as its documentation imports it. */
export default fc;
