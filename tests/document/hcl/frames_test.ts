import { assert, assertEquals, assertRejects } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { joinParts, partsOf, readFrames, writeFrame } from "../../../src/document/hcl/frames.ts";

const TEXTS = fc.array(fc.string({ unit: anyCharacter, maxLength: 40 }), { maxLength: 20 });

Deno.test("texts cut into parts and put together again are the same, and no part is larger than the bound", () => {
  fc.assert(fc.property(TEXTS, fc.integer({ min: 1, max: 30 }), (texts, maxUnits) => {
    const parts = [...partsOf(texts, maxUnits)];
    const join = joinParts();
    assertEquals(parts.flatMap((part) => join(structuredClone(part))), texts);
    assertEquals(parts.map((part) => part.isLast), parts.map((_, index) => index === parts.length - 1));
    for (const { texts } of parts) {
      assert(texts.join("").length <= maxUnits);
      assert(texts.length <= maxUnits + 1);
    }
  }));
});

Deno.test("messages come through a pipe as they were, halves of characters too", async () => {
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  const messages = [{ texts: ["\ud83d", "\udca9 \u2028 __proto__"] }, [], "x".repeat(300_000), null];
  const writer = writable.getWriter();
  const writing = Promise.all(messages.map((message) => writeFrame(writer, message))).then(() => writer.close());
  assertEquals(await Array.fromAsync(readFrames(readable)), messages);
  await writing;
});

/** The messages read from bytes that come in pieces. */
function readPieces(...pieces: readonly (readonly number[])[]): Promise<unknown[]> {
  return Array.fromAsync(readFrames(ReadableStream.from(pieces.map((piece) => new Uint8Array(piece)))));
}

/** A message of this many bytes: its length, and digits. */
function message(length: number): number[] {
  return [0, 0, 0, length, ...Array.from({ length }, () => 0x31)];
}

Deno.test("messages are whole however their bytes are cut, and a stream that ends inside one is an error", async () => {
  const bytes = [...message(1), ...message(3), ...message(2)];
  assertEquals(await readPieces(bytes), [1, 111, 11]);
  assertEquals(await readPieces(...bytes.map((byte) => [byte])), [1, 111, 11]);
  for (let at = 1; at < bytes.length; at++) {
    assertEquals(await readPieces(bytes.slice(0, at), [], bytes.slice(at)), [1, 111, 11], `${at}`);
  }
  assertEquals(await readPieces(), []);
  await assertRejects(() => readPieces(message(2).slice(0, 3)), Error, "the stream ended inside its length");
  await assertRejects(() => readPieces(message(2).slice(0, 4)), Error, "the stream ended inside it");
  await assertRejects(() => readPieces(message(2).slice(0, 5)), Error, "the stream ended inside it");
  await assertRejects(() => readPieces([...message(2), 0]), Error, "the stream ended inside its length");
});

Deno.test("a message may have 256 MiB, and a longer one is refused before it is read", async () => {
  await assertRejects(() => readPieces([0x10, 0, 0, 0]), Error, "the stream ended inside it");
  await assertRejects(() => readPieces([0x10, 0, 0, 1]), Error, "268435457 bytes are more than 268435456");
});

Deno.test("a reader lets its stream go, even if the consumer stops early", async () => {
  const stream = ReadableStream.from([new Uint8Array([...message(1), ...message(1)])]);
  for await (const _ of readFrames(stream)) break;
  assertEquals(stream.locked, false);
});

Deno.test("parts are of 128 Ki units unless asked otherwise, and a text that fits is not cut", () => {
  const lengths = (...texts: number[]) =>
    [...partsOf(texts.map((length) => "x".repeat(length)))].map(({ texts, isOpen }) => [
      ...texts.map(({ length }) => length),
      isOpen,
    ]);
  assertEquals(lengths(131_072), [[131_072, false]]);
  assertEquals(lengths(131_073), [[131_072, true], [1, false]]);
  assertEquals(lengths(), [[false]]);
});

Deno.test("a text counts one beside its units, so that a part has no more texts than units", () => {
  const parts = (maxUnits: number, ...texts: string[]) => [...partsOf(texts, maxUnits)].map(({ texts }) => texts);
  assertEquals(parts(4, "ab", "cd"), [["ab", "c"], ["d"]]);
  assertEquals(parts(5, "ab", "cd"), [["ab", "cd"]]);
  assertEquals(parts(3, "", "", "", ""), [["", "", ""], [""]]);
  assertEquals(parts(2, "ab", "c"), [["ab"], ["c"]]);
  assertEquals(parts(2, "abcde"), [["ab"], ["cd"], ["e"]]);
});

Deno.test("a part without a text goes on with the open one, and ends it", () => {
  const join = joinParts();
  assertEquals(join({ texts: ["a", "b"], isOpen: true, isLast: false }), ["a"]);
  assertEquals(join({ texts: [], isOpen: true, isLast: false }), []);
  assertEquals(join({ texts: ["c", "d"], isOpen: false, isLast: false }), ["bc", "d"]);
  assertEquals(join({ texts: [], isOpen: true, isLast: false }), []);
  assertEquals(join({ texts: ["e"], isOpen: false, isLast: true }), ["e"]);
});
