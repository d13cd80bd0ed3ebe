import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { MASK } from "../../src/diagnostic/secrets.ts";
import { openTextMasker, spellingMasker, textMasker } from "../../src/diagnostic/text_masker.ts";

Deno.test("secrets are masked, the longest first and those that overlap as one", () => {
  assertEquals(textMasker(["hunter2", "hunter22"])("a hunter22 and hunter2."), `a ${MASK} and ${MASK}.`);
  assertEquals(textMasker(["abcdef", "defghi"])("xabcdefghix"), `x${MASK}x`);
  assertEquals(textMasker(["abcdefghij", "cdef"])("xabcdefghijx"), `x${MASK}x`);
  assertEquals(textMasker(["abcd", "efgh"])("abcdefgh"), `${MASK}${MASK}`);
  assertEquals(textMasker(['p"w1'])('{"a":"p\\"w1"}'), `{"a":"${MASK}"}`);
});

Deno.test("a secret or a part of one is looked for from four characters on", () => {
  assertEquals(textMasker(["on", ""])("a on b"), "a on b");
  // Nor in a spelling that is longer.
  assertEquals(textMasker(["a b", "abc"])("a%20b YWJj"), "a%20b YWJj");
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

Deno.test("nothing of a secret survives masking, and nothing else is masked, however secrets overlap", () => {
  // Such a text can have no other spelling of such a secret.
  const secret = fc.string({ unit: fc.constantFrom("b", "c"), minLength: 4, maxLength: 8 });
  const text = fc.string({ unit: fc.constantFrom("b", "c"), maxLength: 40 });
  fc.assert(fc.property(fc.array(secret, { maxLength: 4 }), text, (secrets, text) => {
    const hidden = new Set<number>();
    for (const one of secrets) {
      for (let at = text.indexOf(one); at >= 0; at = text.indexOf(one, at + 1)) {
        for (let inside = 0; inside < one.length; inside++) hidden.add(at + inside);
      }
    }
    const shown = [...text].filter((_, at) => !hidden.has(at)).join("");
    assertEquals(textMasker(secrets)(text).replaceAll(MASK, ""), shown);
  }));
});

Deno.test("any secret is gone after masking", () => {
  const secret = fc.string({ unit: fc.constantFrom("a", "b", '"', "\\", "é"), minLength: 4, maxLength: 8 });
  fc.assert(
    fc.property(fc.array(secret), fc.array(fc.oneof(secret, fc.constantFrom("a", " ", "bab"))), (all, parts) => {
      const masked = textMasker(all)(parts.join(""));
      for (const one of all) assert(!masked.includes(one));
    }),
  );
});

Deno.test("each spelling of a secret is masked to its last character", () => {
  const spelled: readonly (readonly [secret: string, said: readonly string[]])[] = [
    // Percent signs and plus signs may be escapes, or themselves.
    ["pw%2Fx%C3%A9", ["pw%2Fx%C3%A9", "pw/xé", "pw%2fx%c3%a9", "pw%252Fx%25C3%25A9", btoa("pw%2Fx%C3%A9")]],
    ["a+b%2Fc", ["a+b%2Fc", "a+b/c", "a b/c"]],
    ["pw%zz", ["pw%zz", "pw%25zz"]],
    ["a+b+c+d", ["a+b+c+d", "a b c d", "a%2Bb%2Bc%2Bd", "a%20b%20c%20d", "a\\u002Bb\\u002Bc\\u002Bd"]],
    ["a b c", ["a b c", "a%20b%20c", "a+b+c"]],
    ["pw'<>`&x", ["pw\\u0027\\u003C\\u003E\\u0060\\u0026x", "pw'%3C%3E%60%26x"]],
    // base64 with the padding that each length asks for, in both alphabets.
    ["four", ["Zm91cg==", "Zm91cg"]],
    ["fiver", ["Zml2ZXI=", "Zml2ZXI"]],
    ["sixsix", ["c2l4c2l4"]],
    ["~~~???", ["fn5+Pz8/", "fn5-Pz8_"]],
    ["tab\there", ["tab\\there", "tab%09here"]],
    ["\ud83d\ude00abc", ["\\uD83D\\uDE00abc", "%F0%9F%98%80abc"]],
  ];
  for (const [secret, said] of spelled) {
    for (const one of said) assertEquals(textMasker([secret])(`<${one}>`), `<${MASK}>`, `${secret}: ${one}`);
  }
});

Deno.test("one spelling is masked at each place, and an empty set masks nothing", () => {
  assertEquals(spellingMasker(new Set(["abcd"]))("abcdabcd abc abcd"), `${MASK}${MASK} abc ${MASK}`);
  assertEquals(spellingMasker(new Set())("abcd"), "abcd");
});

Deno.test("a masker that is opened once masks by its last set of secrets only", () => {
  const mask = openTextMasker();
  assertEquals(mask(["first", "second"])("first second"), `${MASK} ${MASK}`);
  assertEquals(mask(["second", "third"])("first second third"), `first ${MASK} ${MASK}`);
  assertEquals(mask([])("first second third"), "first second third");
});
