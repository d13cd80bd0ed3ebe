import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { joinParts, partsOf, readFrames, writeFrame } from "../../src/document/frames.ts";

const TEXTS = fc.array(fc.string({ unit: "binary", maxLength: 40 }), { maxLength: 20 });

Deno.test("texts cut into parts and put together again are what they were, and no part is larger than the bound", () => {
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
