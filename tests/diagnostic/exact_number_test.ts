import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { isExactNumber, quotedInexactNumber } from "../../src/diagnostic/exact_number.ts";

Deno.test("a number is exact if the snapshot's shortest decimal has its value, in any spelling", () => {
  for (
    const written of [
      ...["0", "-0", "0.0", "0e999999999", "007", "1.0", "0.1", "-2.50", "4326", "1e21", "1E+2", "100e-2"],
      ...["9007199254740991", "9007199254740992", "-9007199254740994", "100000000000000000000000", "1e23"],
      ...["-0e5", "-007.00000000000000", "0000000000000000", "-0000000000000.0", "1e1", "20e0", "0.5e0", "05e-1"],
      ...["5e-324", "1.7976931348623157e308", "0.30000000000000004", `1${"0".repeat(400)}e-400`],
    ]
  ) assert(isExactNumber(written), written);
});

Deno.test("a number that would become another one is not exact, and its exponent costs nothing", () => {
  for (
    const written of [
      ...["9007199254740993", "76561197980428154", "76561197980428157", "-76561197980428157", "9223372036854775808"],
      ...["0.1234567890123456789", "1e400", "-1e400", "1e-400", "4e-324", "1e999999999", "1e-999999999"],
      ...[`1e${"9".repeat(400)}`, `1e-${"9".repeat(400)}`, "1".repeat(400), "0.30000000000000004000000000000001"],
    ]
  ) assert(!isExactNumber(written), written);
});

Deno.test("every number that a snapshot holds is exact, and so are its other spellings", () => {
  const finite = fc.double({ noNaN: true, noDefaultInfinity: true });
  fc.assert(fc.property(finite, fc.nat(30), fc.nat(30), (value, zeros, shift) => {
    const [mantissa, exponent = "0"] = String(value).split("e");
    const [sign, digits] = mantissa!.startsWith("-") ? ["-", mantissa!.slice(1)] : ["", mantissa!];
    const [whole, fraction = ""] = digits.split(".");
    const padded = `${sign}${"0".repeat(shift)}${whole}.${fraction}${"0".repeat(zeros)}0e${exponent}`;
    const asWhole = `${sign}${whole}${fraction}${"0".repeat(zeros)}E${Number(exponent) - fraction.length - zeros}`;
    for (const written of [String(value), padded, asWhole]) assert(isExactNumber(written), written);
  }));
});

Deno.test("a random number is exact if and only if it equals its rounded value", () => {
  const digits = fc.stringMatching(/^[0-9]{1,22}$/);
  const fraction = fc.option(digits, { nil: undefined });
  const exponent = fc.option(fc.integer({ min: -345, max: 330 }), { nil: undefined });
  const sign = fc.constantFrom("", "-");
  fc.assert(
    fc.property(sign, digits, fraction, exponent, (minus, whole, fraction, exponent) => {
      const written = minus + whole + (fraction === undefined ? "" : `.${fraction}`) +
        (exponent === undefined ? "" : `e${exponent}`);
      assertEquals(isExactNumber(written), scaled(written) === scaled(String(Number(written))), written);
    }),
    { numRuns: 2_000 },
  );
});

/** A number times 10^1000 as a whole number; null for a text that is not one. */
function scaled(written: string): bigint | null {
  const match = /^(-?)([0-9]+)(?:\.([0-9]+))?(?:e([+-]?[0-9]+))?$/.exec(written);
  if (match === null) return null;
  const [, minus, whole, fraction = "", exponent = "0"] = match;
  const value = BigInt(whole! + fraction) * 10n ** BigInt(1_000 + Number(exponent) - fraction.length);
  return minus === "-" ? -value : value;
}

Deno.test("a number that cannot be kept is reported with its rounded value and advice", () => {
  const { why, suggestion } = quotedInexactNumber("76561197980428157")!;
  assert(why.startsWith("It would become 76561197980428160: "), why);
  assertEquals(suggestion, 'Write it as a string: "76561197980428157"');
  assert(quotedInexactNumber("1e400")!.why.startsWith("It is larger than all that can be held"));
  assertEquals(quotedInexactNumber("1".repeat(100)), null);
});

Deno.test("up to fifteen characters without an exponent are sure, and a number is quoted up to sixty", () => {
  assertEquals(["999999999999999", "9999999999999999"].map(isExactNumber), [true, false]);
  assertEquals(["1e400", "1E400"].map(isExactNumber), [false, false]);
  const quoted = (length: number) => quotedInexactNumber("1".repeat(length))?.suggestion ?? null;
  assertEquals([quoted(60), quoted(61)], [`Write it as a string: "${"1".repeat(60)}"`, null]);
  assertEquals(quotedInexactNumber("1e400")?.why.startsWith("It is larger than all that can be held: "), true);
});
