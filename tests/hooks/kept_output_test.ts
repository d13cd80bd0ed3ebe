import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { keepOutput } from "../../src/hooks/kept_output.ts";

const BOUNDS = { headBytes: 20, tailBytes: 30, overlapBytes: 25 };
const LETTERS = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"), maxLength: 60 });

function kept(chunks: readonly string[], bounds = BOUNDS) {
  const output = keepOutput(bounds);
  for (const chunk of chunks) output.add(new TextEncoder().encode(chunk));
  return output;
}

Deno.test("whatever the chunks, the head and the tail are kept and all that is missing is counted", () => {
  fc.assert(fc.property(fc.array(LETTERS, { maxLength: 40 }), (chunks) => {
    const all = chunks.join("");
    const output = kept(chunks);
    assertEquals(output.total(), all.length);
    const text = output.text();
    if (all.length <= 50) return assertEquals(text, all);
    assertEquals(text, `${all.slice(0, 20)}\n… ${all.length - 50} bytes left out …\n${all.slice(-30)}`);
  }));
});

Deno.test("whatever the bytes, the text is bounded and has no control character but line feeds", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
    const output = keepOutput(BOUNDS);
    for (const chunk of chunks) output.add(chunk);
    const text = output.text();
    assert(new TextEncoder().encode(text).length <= 50 + "\n… 1600 bytes left out …\n".length + 4);
    assert(!/[^\P{C}\n\u200d]/u.test(text));
    assert(text.isWellFormed());
  }));
});

Deno.test("whatever the chunks, no half of a secret is shown", () => {
  const secret = "0123456789ABCDEF";
  const mask = (text: string) => text.replaceAll(secret, "[masked]");
  const chunk = fc.oneof(LETTERS, fc.constant(secret));
  fc.assert(fc.property(fc.array(chunk, { maxLength: 60 }), (chunks) => {
    const text = kept(chunks).text(mask).replace(/… \d+ bytes left out …/, "");
    assert(!/[0-9A-F]/.test(text), text);
  }));
});

Deno.test("a chunk that is used again by who gave it does not change what was kept", () => {
  const output = keepOutput(BOUNDS);
  const chunk = new TextEncoder().encode("x".repeat(60));
  output.add(chunk);
  chunk.fill(0);
  assertStringIncludes(output.text(), "xxxxxxxxxx");
});

Deno.test("a character is shown whole or not at all", () => {
  const text = kept(["\u{1f600}".repeat(100)]).text();
  assertEquals(text, `${"\u{1f600}".repeat(5)}\n… 352 bytes left out …\n${"\u{1f600}".repeat(7)}`);
});

Deno.test("line breaks of every kind are line feeds, and those at the end are left out", () => {
  assertEquals(kept(["a\r\nb\n", "c\r\n\n"]).text(), "a\nb\nc");
  assertEquals(kept([]).text(), "");
});
