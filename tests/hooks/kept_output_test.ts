import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { DEFAULT_OUTPUT_BOUNDS, keepOutput } from "../../src/hooks/kept_output.ts";

const BOUNDS = { headBytes: 20, tailBytes: 30, overlapBytes: 25 };
const LETTERS = fc.string({ unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyz"), maxLength: 60 });

function kept(chunks: readonly string[], bounds = BOUNDS) {
  const output = keepOutput(bounds);
  for (const chunk of chunks) output.add(new TextEncoder().encode(chunk));
  return output;
}

Deno.test("for any chunks, the head and the tail are kept and all that is missing is counted", () => {
  fc.assert(fc.property(fc.array(LETTERS, { maxLength: 40 }), (chunks) => {
    const all = chunks.join("");
    const output = kept(chunks);
    assertEquals(output.total(), all.length);
    const text = output.text();
    if (all.length <= 50) return assertEquals(text, all);
    assertEquals(text, `${all.slice(0, 20)}\n… ${all.length - 50} bytes left out …\n${all.slice(-30)}`);
  }));
});

Deno.test("for any bytes, the text is bounded and has no control character but line feeds", () => {
  fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 20 }), (chunks) => {
    const output = keepOutput(BOUNDS);
    for (const chunk of chunks) output.add(chunk);
    const text = output.text();
    assert(new TextEncoder().encode(text).length <= 50 + "\n… 1600 bytes left out …\n".length + 4);
    assert(!/[^\P{C}\n\u200d]/u.test(text));
    assert(text.isWellFormed());
  }));
});

Deno.test("for any chunks, no half of a secret is shown", () => {
  const secret = "0123456789ABCDEF";
  const mask = (text: string) => text.replaceAll(secret, "[masked]");
  const chunk = fc.oneof(LETTERS, fc.constant(secret));
  fc.assert(fc.property(fc.array(chunk, { maxLength: 60 }), (chunks) => {
    const text = kept(chunks).text(mask).replace(/… \d+ bytes left out …/, "");
    assert(!/[0-9A-F]/.test(text), text);
  }));
});

Deno.test("a chunk that its owner uses again does not change the kept output", () => {
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

Deno.test("by default the first 1024 and the last 3072 bytes are shown", () => {
  const text = (length: number) => {
    const output = keepOutput();
    output.add(new TextEncoder().encode("h".repeat(1_024) + "t".repeat(length - 1_024)));
    return output.text();
  };
  assertEquals(text(4_096), "h".repeat(1_024) + "t".repeat(3_072));
  assertEquals(text(4_097), `${"h".repeat(1_024)}\n… 1 bytes left out …\n${"t".repeat(3_072)}`);
  assertEquals(text(20_000), `${"h".repeat(1_024)}\n… 15904 bytes left out …\n${"t".repeat(3_072)}`);
});

Deno.test("by default no part is shown of a secret of up to 4096 bytes, wherever it is cut", () => {
  const { headBytes, tailBytes, overlapBytes } = DEFAULT_OUTPUT_BOUNDS;
  const secret = "S".repeat(4_096);
  const mask = (text: string) => text.replaceAll(secret, "*");
  const around = (before: number, after: number) => {
    const output = keepOutput();
    const bytes = new TextEncoder().encode(`${"a".repeat(before)}${secret}${"b".repeat(after)}`);
    for (let at = 0; at < bytes.length; at += 1_000) output.add(bytes.subarray(at, at + 1_000));
    return output.text(mask);
  };
  const wholeTail = tailBytes + overlapBytes;
  for (const by of [-2, -1, 0, 1, 2, 2_000, 4_094, 4_095, 4_096, 4_097]) {
    for (
      const text of [
        around(headBytes - by < 0 ? 0 : headBytes - by, 30_000),
        around(headBytes + overlapBytes - by, 30_000),
        around(30_000, tailBytes - by < 0 ? 0 : tailBytes - by),
        around(30_000, wholeTail - by),
      ]
    ) {
      assertEquals(text.includes("S"), false, `${by}`);
    }
  }
  // A longer one is not recognised as a secret if it is cut: then it is a text like any other.
  const output = keepOutput();
  output.add(new TextEncoder().encode(`${"a".repeat(headBytes - 1)}${"S".repeat(5_000)}${"b".repeat(30_000)}`));
  assertEquals(
    output.text((text) => text.replaceAll("S".repeat(5_000), "*")).startsWith("a".repeat(1_023) + "S"),
    true,
  );
});

Deno.test("an output that is kept to its last byte is masked as a whole, and one that is a byte longer is not", () => {
  const mask = (text: string) => text.replaceAll("SECRET", "*");
  const { headBytes, tailBytes, overlapBytes } = BOUNDS;
  const all = headBytes + tailBytes + 2 * overlapBytes;
  const full = "SECRET".repeat(16).padEnd(all, ".");
  assertEquals(kept([full]).text(mask), `${"*".repeat(16)}....`);
  assertEquals(kept([full.slice(0, -1)]).text(mask), `${"*".repeat(16)}...`);
  assertEquals(kept([`${full}.`]).text(mask), "… 101 bytes left out …");
});

Deno.test("without bytes for an end nothing of it is kept", () => {
  const letters = ["abc", "defgh", "ijklmnop"];
  assertEquals(kept(letters, { headBytes: 4, tailBytes: 0, overlapBytes: 0 }).text(), "abcd\n… 12 bytes left out …");
  assertEquals(kept(letters, { headBytes: 0, tailBytes: 4, overlapBytes: 0 }).text(), "… 12 bytes left out …\nmnop");
});

Deno.test("a byte order mark is shown, and a trailing space is not", () => {
  assertEquals(kept(["\ufeffa  \n \n"]).text(), "<U+FEFF>a");
  assertEquals(
    kept(["\ufeff", "x".repeat(200), "\ufeffz \n"]).text(),
    "<U+FEFF>xxxxxxxxxxxx\n… 167 bytes left out …\nxxxxxxxxxxxxxxxxxxxxx<U+FEFF>z",
  );
});

Deno.test("no character is cut at a possible part of a secret that is not shown", () => {
  const mask = (text: string) => text.replaceAll("SECRET", "*");
  const text = kept([`SECRETa${"\u00e9".repeat(19)}`, "x".repeat(500), `${"\u00e9".repeat(24)}aSECRET`]).text(mask);
  const [head, , tail] = text.split("\n");
  assertEquals([head, tail], [`*a${"\u00e9".repeat(6)}`, `${"\u00e9".repeat(11)}a*`]);
});
