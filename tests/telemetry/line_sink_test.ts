import { assert, assertEquals } from "@std/assert";
import { openLineSink } from "../../src/telemetry/line_sink.ts";
import { withFakeTimeouts } from "../support/fake_clock.ts";

/** A stream that takes `atOnce` bytes on a call. */
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

Deno.test("a stuck stream costs the lines beyond the bound and nothing else, and their number is reported", async () => {
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

Deno.test("a thousand lines wait for a stuck stream, and those beyond are reported once", async () => {
  const stream = slowStream(1 << 20);
  const reported: number[] = [];
  const sink = openLineSink(stream, (lines) => reported.push(lines));
  const write = (count: number) => Array.from({ length: count }).forEach(() => sink.write("x\n"));
  // The first one is with the stream already.
  write(1 + 1_000);
  stream.open();
  await sink.drain(60_000);
  assertEquals([reported, stream.taken().length], [[], 2 * 1_001]);
  const stuck = slowStream(1 << 20);
  const full = openLineSink(stuck, (lines) => (reported.push(lines), full.write("lost\n")));
  for (let count = 0; count < 1 + 1_000 + 2; count++) full.write("y\n");
  stuck.open();
  await full.drain(60_000);
  full.write("after\n");
  await full.drain(60_000);
  assertEquals([reported, stuck.taken()], [[2], `${"y\n".repeat(1_001)}lost\nafter\n`]);
});

Deno.test("draining ends at its limit if the stream is stuck, and at once if nothing waits", async () => {
  const stream = slowStream(1 << 20);
  const sink = openLineSink(stream, () => {});
  await sink.drain(600_000);
  sink.write("x\n");
  await withFakeTimeouts(async (timers) => {
    let isDrained = false;
    const draining = sink.drain(100).then(() => isDrained = true);
    await timers.tickAsync(99);
    assertEquals(isDrained, false);
    await timers.tickAsync(1);
    await draining;
    assertEquals(timers.countTimers(), 0);
  });
  stream.open();
  await sink.drain(60_000);
  assertEquals(stream.taken(), "x\n");
});
