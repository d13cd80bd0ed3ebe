// Bytes as text, against the decoder of the platform over all of them at once.
import { assertEquals } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { decodeUtf8 } from "../../src/source/source_file.ts";

function wholeText(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function assertSame(bytes: Uint8Array): void {
  assertEquals(decodeUtf8(bytes) === wholeText(bytes), true, `decoded otherwise: ${bytes.toHex().slice(0, 200)}`);
}

Deno.test("any bytes are the text that they are, or none", () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 40 }), assertSame), { numRuns: 2_000 });
  const texts = fc.string({ unit: anyCharacter, maxLength: 60 }).map((text) => new TextEncoder().encode(text));
  fc.assert(fc.property(texts, assertSame), { numRuns: 2_000 });
});

Deno.test("a character of any width on any border between pieces is whole, and a wrong byte there is seen", () => {
  for (const border of [8 * 1024, 16 * 1024]) {
    for (const wide of ["é", "ʻ", "€", "😀"]) {
      for (let before = border - 5; before <= border + 1; before++) {
        const bytes = new TextEncoder().encode("x".repeat(before) + wide + "y".repeat(9_000));
        assertSame(bytes);
        for (const wrong of [0x80, 0xc3, 0xff]) assertSame(bytes.with(border, wrong));
        assertSame(bytes.subarray(0, border));
      }
    }
  }
});

Deno.test("of byte order marks only the first is removed, with the others at any place", () => {
  const mark = "\ufeff";
  for (const text of ["", mark, mark + mark, `${mark}x`, `x${mark}`, "x".repeat(8 * 1024) + mark]) {
    assertSame(new TextEncoder().encode(text));
  }
  const later = mark + "x".repeat(8 * 1024 - 3) + mark + "y";
  assertEquals(decodeUtf8(new TextEncoder().encode(later)), later.slice(1));
});
