// A value that could not be written is owed until it or a newer one is written.
import { assertEquals } from "@std/assert";
import { type Kept, openOwedWriter } from "../../src/releases/owed_writer.ts";
import { fakeClock, turn, withFakeTimeouts } from "../support/fake_clock.ts";

const FULL = Object.assign(new Error("injected"), { code: "ENOSPC" });
const FAILED: Kept = {
  ok: false,
  message: "cannot write the file: ENOSPC: the file system is full; free space or inodes",
};

/** A writer of words whose writes end as the test says. */
function setUp() {
  const writes: { readonly word: string; readonly end: PromiseWithResolvers<void> }[] = [];
  const troubles: (string | null)[] = [];
  const { clock, timers } = fakeClock();
  const writer = openOwedWriter("the file", (word: string) => {
    const end = Promise.withResolvers<void>();
    writes.push({ word, end });
    return end.promise;
  }, { onTrouble: (line) => void troubles.push(line), clock, random: () => 0 });
  return { writer, writes, troubles, timers, words: () => writes.map(({ word }) => word) };
}

Deno.test("a failed write is repeated after ever longer waits, and reported once until it is made up for", async () => {
  const { writer, writes, troubles, timers, words } = setUp();
  const put = writer.put("a");
  writes[0]!.end.reject(FULL);
  assertEquals([await put, writer.owed], [FAILED, "a"]);
  let count = 1;
  for (const wait of [500, 1_000, 2_000]) {
    timers.tick(wait - 1);
    assertEquals(writes.length, count);
    timers.tick(1);
    assertEquals(writes.length, ++count);
    if (wait < 2_000) writes.at(-1)!.end.reject(FULL);
    else writes.at(-1)!.end.resolve();
    await turn();
  }
  assertEquals(troubles, [`${FAILED.ok ? "" : FAILED.message}; it is tried again`, null]);
  assertEquals([writer.owed, words(), timers.countTimers()], [null, ["a", "a", "a", "a"], 0]);
});

Deno.test("a newer value takes the place of one that waits or is owed, and its result is the answer to both", async () => {
  const { writer, writes, timers, words } = setUp();
  const puts = ["a", "b", "c"].map((word) => writer.put(word));
  assertEquals(words(), ["a"]);
  writes[0]!.end.resolve();
  await turn();
  assertEquals(words(), ["a", "c"]);
  writes[1]!.end.reject(FULL);
  assertEquals(await Promise.all(puts), [FAILED, FAILED, FAILED]);
  const put = writer.put("d");
  assertEquals([words(), timers.countTimers()], [["a", "c", "d"], 0]);
  writes[2]!.end.resolve();
  assertEquals([await put, writer.owed, timers.countTimers()], [{ ok: true }, null, 0]);
});

Deno.test("a file system that hangs holds the caller for 5 s, and the waiting value is written when it answers", async () => {
  await withFakeTimeouts(async (timeouts) => {
    const { writer, writes, troubles, words } = setUp();
    let result: Kept | null = null;
    void writer.put("a").then((kept) => result = kept);
    await timeouts.tickAsync(4_999);
    assertEquals(result, null);
    await timeouts.tickAsync(1);
    const message = "cannot write the file: the file system does not answer";
    assertEquals<unknown>([result, troubles], [{ ok: false, message }, [message]]);
    const put = writer.put("b");
    assertEquals(words(), ["a"]);
    writes[0]!.end.resolve();
    await turn();
    writes[1]!.end.resolve();
    assertEquals([await put, troubles, writer.owed], [{ ok: true }, [message, null], null]);
  });
});

Deno.test("a closed writer has no timer and waits 300 ms at most for a write", async () => {
  const { writer, writes, timers } = setUp();
  const put = writer.put("a");
  writes[0]!.end.reject(FULL);
  await put;
  await writer[Symbol.asyncDispose]();
  assertEquals(timers.countTimers(), 0);
  await withFakeTimeouts(async (timeouts) => {
    const hung = setUp();
    void hung.writer.put("a");
    let isClosed = false;
    void hung.writer[Symbol.asyncDispose]().then(() => isClosed = true);
    await timeouts.tickAsync(299);
    assertEquals(isClosed, false);
    await timeouts.tickAsync(1);
    assertEquals(isClosed, true);
    hung.writes[0]!.end.reject(FULL);
    await turn();
    assertEquals([hung.timers.countTimers(), hung.troubles], [0, []]);
  });
});
