import { assertEquals } from "@std/assert";
import { pause } from "../../src/time/pause.ts";
import { countedSignal } from "../support/counted_signal.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";

Deno.test("a pause ends when its time is over, or with its signal, and leaves nothing behind", async () => {
  const { clock, timers } = fakeClock();
  const { signal, abort, listeners } = countedSignal();
  const waiting = () => {
    const state = { isOver: false };
    pause(1_000, signal, clock).then(() => state.isOver = true);
    return state;
  };
  const first = waiting();
  timers.tick(999);
  await turn();
  assertEquals([first.isOver, listeners()], [false, 1]);
  timers.tick(1);
  await turn();
  assertEquals([first.isOver, listeners(), timers.countTimers()], [true, 0, 0]);
  const second = waiting();
  abort();
  await turn();
  assertEquals([second.isOver, listeners(), timers.countTimers()], [true, 0, 0]);
  const third = waiting();
  await turn();
  assertEquals([third.isOver, listeners(), timers.countTimers()], [true, 0, 0]);
});
