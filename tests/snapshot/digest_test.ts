// A digest is that of the whole, whatever was hashed before; and what did not change at the start is not hashed again.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { type Digest, digestOf, type Pieces } from "../../src/snapshot/digest.ts";
import { atOnce } from "../../src/time/turns.ts";
import { sha256Hex } from "./reference_hash.ts";

function digest(pieces: Pieces, last?: Digest): { digest: Digest; hashed: number } {
  const { digest, bytesHashed } = atOnce(digestOf(pieces, last));
  return { digest, hashed: bytesHashed };
}

function joined(pieces: Pieces): Uint8Array {
  return new Uint8Array(pieces.flatMap((piece) => [...piece]));
}

/** Few values, so that many pieces are equal without being the same. */
const piece = fc.array(fc.constantFrom(1, 2), { maxLength: 2 }).map((bytes) => new Uint8Array(bytes));

Deno.test("property: a digest is that of all pieces together, from any digest before", () => {
  fc.assert(fc.property(fc.array(fc.array(piece, { maxLength: 30 }), { maxLength: 8 }), (many) => {
    let last: Digest | undefined;
    for (const pieces of many) {
      last = digest(pieces, last).digest;
      assertEquals(last.hash, sha256Hex(joined(pieces)));
    }
  }));
});

Deno.test("what is the same at the start is not hashed again, up to three pieces before the change", () => {
  const pieces = Array.from({ length: 100 }, (_, index) => new Uint8Array(10).fill(index));
  const first = digest(pieces);
  assertEquals(first.hashed, 1_000);
  assertEquals(digest(pieces, first.digest).hashed, 0);
  assertEquals(digest(pieces.map((one) => one.slice()), first.digest).hashed, 0);
  for (const at of [0, 1, 3, 4, 7, 8, 50, 99]) {
    const { hashed, digest: { hash } } = digest(pieces.with(at, new Uint8Array([at])), first.digest);
    // From the last fourth piece on, of which one has nine bytes less.
    assertEquals(hashed, 1_000 - 10 * (at - at % 4) - 9, `from ${at}`);
    assertEquals(hash, sha256Hex(joined(pieces.with(at, new Uint8Array([at])))));
  }
});

Deno.test("pieces that come at the end or go from there are told from none", () => {
  const pieces = Array.from({ length: 9 }, (_, index) => new Uint8Array(10).fill(index));
  for (const length of [0, 4, 5, 8, 9]) {
    for (const other of [0, 3, 4, 8, 9]) {
      const { hash } = digest(pieces.slice(0, other), digest(pieces.slice(0, length)).digest).digest;
      assertEquals(hash, sha256Hex(joined(pieces.slice(0, other))), `${length} to ${other}`);
    }
  }
});

Deno.test("hashing one long piece rests for each MiB, and comes to the same", () => {
  const long = new Uint8Array(5 * 1024 * 1024 + 1).fill(7);
  const steps = digestOf([long], undefined);
  let rests = 0;
  let step = steps.next();
  for (; !step.done; step = steps.next()) rests++;
  assertEquals([step.value.digest.hash, step.value.bytesHashed], [sha256Hex(long), long.length]);
  assertEquals(rests, 6);
});
