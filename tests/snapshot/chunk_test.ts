// A chunk's bytes, whatever the runtime's encoder says of them.
import { assertEquals } from "@std/assert";
import { makeChunk } from "../../src/snapshot/chunk.ts";

/** Deno 2.7.11 optimises its encoder after some ten thousand calls, and then counts what it has read wrongly. */
const CALLS = 100_000;

Deno.test("a chunk that ends beyond ASCII is whole, however often one was made", () => {
  const decoder = new TextDecoder();
  for (let call = 0; call < CALLS; call++) {
    const { chunk } = makeChunk({ names: ["x"], values: ["é"], depth: 1, isLaidOut: false, known: () => null });
    if (chunk.canonical.bytes.length === 9) continue;
    assertEquals(decoder.decode(chunk.canonical.bytes), ',"x":"é"', `call ${call}`);
  }
});

Deno.test("the bytes of known members are taken over one by one, unless a chunk has just these in this order", () => {
  const request = { depth: 1, isLaidOut: false };
  const { chunk } = makeChunk({ ...request, names: ["a", "b"], values: [1, 2], known: () => null });
  const again = (names: readonly string[], values: readonly number[], indexes: readonly (number | null)[]) => {
    const known = (index: number) => indexes[index] == null ? null : { chunk, index: indexes[index] };
    const made = makeChunk({ ...request, names, values, known });
    const text = new TextDecoder().decode(made.chunk.canonical.bytes);
    return [text, made.rendered, made.chunk.canonical === chunk.canonical];
  };
  assertEquals(again(["a", "b"], [1, 2], [0, 1]), [',"a":1,"b":2', 0, true]);
  assertEquals(again(["b", "a"], [2, 1], [1, 0]), [',"b":2,"a":1', 0, false]);
  assertEquals(again(["a"], [1], [0]), [',"a":1', 0, false]);
  assertEquals(again(["b"], [2], [1]), [',"b":2', 0, false]);
  assertEquals(again(["a", "b"], [1, 3], [0, null]), [',"a":1,"b":3', 1, false]);
  assertEquals(again(["a", "b", "c"], [1, 2, 3], [0, 1, null]), [',"a":1,"b":2,"c":3', 1, false]);
});
