// The module that tests import as "fast-check": the package, with the seed of HONUA_FUZZ_SEED if that is set. A
// property that fails prints its seed, which repeats the failure: `HONUA_FUZZ_SEED=42 deno test -A FILE`.
import fc from "npm-fast-check";

const seed = Deno.env.get("HONUA_FUZZ_SEED");
if (seed !== undefined) {
  if (!/^-?\d+$/.test(seed)) throw new Error(`HONUA_FUZZ_SEED is no whole number: ${seed}`);
  fc.configureGlobal({ ...fc.readConfigureGlobal(), seed: Number(seed) });
}

export * from "npm-fast-check";
/** The package, as its documentation imports it. */
export default fc;
