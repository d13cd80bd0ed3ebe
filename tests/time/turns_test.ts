import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { Pace } from "../../src/time/pace.ts";
import { atOnce, inTurns } from "../../src/time/turns.ts";

/** Three steps, which are noted, and a value. */
function* work(done: string[]): Generator<void, string> {
  for (const step of ["one", "two", "three"]) {
    done.push(step);
    yield;
  }
  return "value";
}

function* broken(): Generator<void, string> {
  yield;
  throw new Error("a bug");
}

/** A turn lasts as long as `spent` says, step by step. */
function paceOf(spent: readonly boolean[], log: string[], rest: () => Promise<void> = () => Promise.resolve()): Pace {
  const answers = [...spent];
  return {
    isSpent: () => answers.shift() ?? false,
    rest() {
      log.push("rest");
      return rest();
    },
  };
}

Deno.test("work that is done at once does all of its steps, and throws as they do", () => {
  const log: string[] = [];
  assertEquals([atOnce(work(log)), log], ["value", ["one", "two", "three"]]);
  assertThrows(() => atOnce(broken()), Error, "a bug");
});

Deno.test("work in turns rests between two steps if the turn is spent, and only then", async () => {
  const log: string[] = [];
  assertEquals(await inTurns(work(log), paceOf([false, true, false], log)), "value");
  assertEquals(log, ["one", "two", "rest", "three"]);
});

Deno.test("work in turns ends with its own exception, or with the reason of the rest, and goes no further", async () => {
  await assertRejects(() => inTurns(broken(), paceOf([], [])), Error, "a bug");
  const log: string[] = [];
  const stopped = () => Promise.reject(new Error("stopped"));
  await assertRejects(() => inTurns(work(log), paceOf([true], log, stopped)), Error, "stopped");
  assertEquals(log, ["one", "rest"]);
});
