import { assert, assertEquals } from "@std/assert";
import { openLineSink } from "../../src/process/line_sink.ts";

/** A stream that takes `atOnce` bytes when it is told to. */
function slowStream(atOnce: number) {
  let text = "";
  let wake = Promise.withResolvers<void>();
  let open = false;
  return {
    taken: () => text,
    open() {
      open = true;
      wake.resolve();
    },
    async write(bytes: Uint8Array): Promise<number> {
      if (!open) await wake.promise;
      wake = Promise.withResolvers();
      const some = bytes.subarray(0, atOnce);
      text += new TextDecoder().decode(some);
      return some.length;
    },
  };
}

Deno.test("lines come out whole and in order, however little the stream takes at once", async () => {
  const stream = slowStream(3);
  const sink = openLineSink(stream, () => {});
  for (const line of ["one\n", "two\n", "three\n"]) sink.write(line);
  assertEquals(stream.taken(), "");
  stream.open();
  await sink.drain(5_000);
  assertEquals(stream.taken(), "one\ntwo\nthree\n");
});

Deno.test("a stuck stream costs the lines beyond the bound and nothing else, and their number is told", async () => {
  const stream = slowStream(1 << 20);
  let lost = 0;
  const sink = openLineSink(stream, (lines) => lost += lines);
  for (let line = 0; line < 5_000; line++) sink.write(`${line}\n`);
  await sink.drain(1);
  stream.open();
  await sink.drain(5_000);
  const lines = stream.taken().split("\n").length - 1;
  assertEquals(lines + lost, 5_000);
  assert(lost > 0);
});

Deno.test("a stream that fails loses its lines and harms nobody", async () => {
  const sink = openLineSink({ write: () => Promise.reject(new Deno.errors.BrokenPipe("gone")) }, () => {});
  sink.write("a\n");
  sink.write("b\n");
  await sink.drain(5_000);
});
