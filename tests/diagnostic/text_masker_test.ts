import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MASK } from "../../src/diagnostic/secrets.ts";
import { textMasker } from "../../src/diagnostic/text_masker.ts";

Deno.test("secrets are masked, the longest first and those that overlap as one", () => {
  assertEquals(textMasker(["hunter2", "hunter22"])("a hunter22 and hunter2."), `a ${MASK} and ${MASK}.`);
  assertEquals(textMasker(["abcdef", "defghi"])("xabcdefghix"), `x${MASK}x`);
  assertEquals(textMasker(['p"w1'])('{"a":"p\\"w1"}'), `{"a":"${MASK}"}`);
});

Deno.test("a secret or a part of one is looked for from four characters on", () => {
  assertEquals(textMasker(["on", ""])("a on b"), "a on b");
  assertEquals(textMasker(["Password=abc;Host=db"])("abc"), "abc");
  assertEquals(textMasker(["Password=abcd;Host=db"])("abcd abc"), `${MASK} abc`);
});

Deno.test("a secret is found in the spellings of URLs, forms, JSON and base64", () => {
  const secret = 'p w/é"+&1';
  const mask = textMasker([secret]);
  const spellings = [
    "p%20w%2F%C3%A9%22%2B%261",
    "p%20w%2f%c3%a9%22%2b%261",
    "p+w%2F%C3%A9%22%2B%261",
    'p w/é\\"+&1',
    "p w/\\u00E9\\u0022\\u002B\\u00261",
    "cCB3L8OpIismMQ",
  ];
  for (const spelling of spellings) assertEquals(mask(`<${spelling}>`), `<${MASK}>`);
  assertEquals(textMasker(["\ud800abc"])("\ud800abc"), MASK);
});

Deno.test("no secret survives masking, whatever the text and the secrets are", () => {
  const secret = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", "é"), minLength: 4, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(secret), fc.array(fc.oneof(secret, fc.constantFrom("a", " ", "bab"))), (all, parts) => {
      const masked = textMasker(all)(parts.join(""));
      for (const one of all) assert(!masked.includes(one));
    }),
  );
});
