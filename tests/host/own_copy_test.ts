import { assertEquals } from "@std/assert";
import { ownCopy } from "../../src/host/own_copy.ts";

Deno.test("a copy is the same text, with any characters, half of a pair too", () => {
  for (
    const part of ["a", "\0", "\x7f", "\x80", "\xff", "\u02bb", "\ufeff", "\ufffd", "\u{1f600}", "\ud83d", "\ude00"]
  ) {
    for (const length of [0, 1, 11, 12, 13, 126, 127, 128, 5_000]) {
      for (const text of [`${"x".repeat(length)}${part}`, `${part}${"x".repeat(length)}`, part.repeat(length)]) {
        assertEquals(ownCopy(text) === text, true, `${length} of ${JSON.stringify(part)}`);
      }
    }
  }
});
