// RFC 8785 by its own published vectors, by properties, and by values without a canonical form.
import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { canonicalText, type Json, parseSha256Hex } from "../../src/snapshot/canonical.ts";
import { anyJson, reversed } from "./json_arbitrary.ts";
import { canonicalBytes, sha256Hex } from "./reference_hash.ts";

/** RFC 8785, Appendix B: IEEE 754 double as hex, and its text. */
const numbers: readonly (readonly [string, string])[] = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
];

function doubleOf(hex: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${hex}`));
  return view.getFloat64(0);
}

Deno.test("numbers are written as the table of RFC 8785, Appendix B", () => {
  for (const [hex, text] of numbers) assertEquals(canonicalText(doubleOf(hex)), text, hex);
});

Deno.test("members are sorted by UTF-16 code units as in RFC 8785, 3.2.3", () => {
  const input: Json = JSON.parse(
    `{"\\u20ac":"Euro Sign","\\r":"Carriage Return","\\ufb33":"Hebrew Letter Dalet With Dagesh","1":"One",` +
      `"\\ud83d\\ude00":"Emoji: Grinning Face","\\u0080":"Control","\\u00f6":"Latin Small Letter O With Diaeresis"}`,
  );
  const order = [...canonicalText(input).matchAll(/:"([^"]*)"/g)].map((match) => match[1]!);
  assertEquals(order, [
    "Carriage Return",
    "One",
    "Control",
    "Latin Small Letter O With Diaeresis",
    "Euro Sign",
    "Emoji: Grinning Face",
    "Hebrew Letter Dalet With Dagesh",
  ]);
});

Deno.test("the sample of RFC 8785, 3.2.2 has the bytes that 3.2.4 prints", () => {
  const input: Json = JSON.parse(String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`);
  const expected = String
    .raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`;
  assertEquals(canonicalBytes(input), new TextEncoder().encode(expected));
});

Deno.test("a value that JSON cannot express throws and is not quoted", () => {
  const cycle: Record<string, Json> = {};
  cycle.self = cycle;
  const lone = "secret-\ud800";
  const impossible: unknown[] = [NaN, Infinity, -Infinity, lone, { [lone]: 1 }, [lone], cycle, 1n, undefined, () => 1];
  for (const value of impossible) {
    const error = assertThrows(
      () => canonicalText(value as Json),
      TypeError,
      "cannot write the value as canonical JSON",
    );
    assertEquals(error.message.includes("secret"), false);
  }
});

Deno.test("a member whose value is undefined is left out", () => {
  assertEquals(canonicalText({ a: undefined, b: 1 } as unknown as Json), '{"b":1}');
});

Deno.test("members named like JavaScript's own are members like any other", () => {
  const input: Json = JSON.parse('{"toString":3,"constructor":2,"__proto__":{"x":1}}');
  assertEquals(canonicalText(input), '{"__proto__":{"x":1},"constructor":2,"toString":3}');
});

Deno.test("nesting of a hundred thousand levels has a canonical form", () => {
  let value: Json = 1;
  for (let depth = 0; depth < 100_000; depth++) value = depth % 2 === 0 ? [value] : { a: value };
  assertEquals(canonicalText(value).length, 50_000 * 2 + 50_000 * 6 + 1);
});

Deno.test("property: reading canonical text and writing it again changes nothing", () => {
  fc.assert(fc.property(anyJson, (value) => {
    const text = canonicalText(value);
    assertEquals(canonicalText(JSON.parse(text)), text);
  }));
});

Deno.test("property: the order of members does not matter", () => {
  fc.assert(fc.property(anyJson, (value) => assertEquals(canonicalText(reversed(value)), canonicalText(value))));
});

Deno.test("property: values that differ have different hashes", () => {
  fc.assert(fc.property(anyJson, anyJson, (one, other) => {
    fc.pre(canonicalText(one) !== canonicalText(other));
    assertNotEquals(sha256Hex(canonicalBytes(one)), sha256Hex(canonicalBytes(other)));
  }));
});

Deno.test("the hash is SHA-256 (FIPS 180-2, B.1)", () => {
  const expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assertEquals<string>(sha256Hex(new TextEncoder().encode("abc")), expected);
});

Deno.test("only 64 lower-case hex digits are taken as a hash", () => {
  const hash = "0123456789abcdef".repeat(4);
  assertEquals<string | null>(parseSha256Hex(hash), hash);
  for (
    const text of [hash.toUpperCase(), hash.slice(1), `${hash}0`, `${hash}\n`, ` ${hash}`, 1, null, undefined, [hash]]
  ) {
    assertEquals(parseSha256Hex(text), null);
  }
});
