// A packed text is the text again, or nothing: never another text.
import { Buffer } from "node:buffer";
import { zstdDecompressSync } from "node:zlib";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { maxPackedBytes, packText, unpackText } from "../../src/releases/packed_text.ts";

const MEGABYTE = 1024 * 1024;

async function packed(text: Uint8Array): Promise<Uint8Array> {
  return Buffer.concat(await packText(text));
}

Deno.test("a text of any length comes back, within the bound, and in a form that other zstd programs read", async () => {
  for (const length of [0, 1, 4_096, MEGABYTE - 1, MEGABYTE, MEGABYTE + 1, 3 * MEGABYTE]) {
    const text = new Uint8Array(length);
    for (let at = 0; at < length; at += 65_536) crypto.getRandomValues(text.subarray(at, at + 65_536));
    const file = await packed(text);
    assert(file.length <= maxPackedBytes(length), `${file.length} of ${length}`);
    const read = await unpackText(file, length);
    assert(read !== null && Buffer.compare(read, text) === 0, `${length}`);
    assert(Buffer.compare(zstdDecompressSync(file), text) === 0, `${length}`);
    if (length > 0) assertEquals(await unpackText(file, length - 1), null);
  }
});

Deno.test("a file that was altered, cut or continued is damaged, wherever that was", async () => {
  const text = new TextEncoder().encode('layer "roads" {\n  title = "Roads"\n}\n'.repeat(50));
  const file = await packed(text);
  await fc.assert(fc.asyncProperty(
    fc.nat(file.length - 1),
    fc.integer({ min: 1, max: 255 }),
    fc.constantFrom("alter", "cut", "continue", "leave out"),
    async (at, bits, how) => {
      const before = file.subarray(0, at);
      const after = file.subarray(at + (how === "continue" ? 0 : 1));
      const middle = how === "alter" ? [file[at]! ^ bits] : how === "continue" ? [bits] : [];
      const damaged = Buffer.concat([before, Uint8Array.from(middle), ...how === "cut" ? [] : [after]]);
      // A byte between equal ones changes nothing if it is left out or doubled.
      fc.pre(Buffer.compare(damaged, file) !== 0);
      assertEquals(await unpackText(damaged, text.length), null);
    },
  ));
});
