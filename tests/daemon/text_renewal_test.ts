import { assertEquals } from "@std/assert";
import { renewTexts } from "../../src/daemon/text_renewal.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";

const [MINUTE, HOUR, DAY] = [60_000, 3_600_000, 86_400_000] as const;

Deno.test("the text that the fleet has agreed on is put into the store soon after the start and every day", async () => {
  const { clock, timers } = fakeClock();
  const put: string[] = [];
  const warnings: string[] = [];
  let agreed: string | null = "a";
  let isUp = true;
  const renewal = renewTexts({
    agreed: () => agreed,
    put(hash) {
      put.push(hash);
      return Promise.resolve(isUp ? { ok: true } : { ok: false, reason: "full" });
    },
    log: { warning: (line) => void warnings.push(line) },
    clock,
    random: () => 0,
  });
  const pass = async (milliseconds: number) => {
    timers.tick(milliseconds);
    await turn();
    return put.splice(0).join("");
  };
  assertEquals([await pass(MINUTE - 1), await pass(1)], ["", "a"]);
  agreed = "b";
  assertEquals([await pass(DAY - 1), await pass(1)], ["", "b"]);
  isUp = false;
  assertEquals([await pass(DAY), await pass(HOUR - 1), await pass(1)], ["b", "", "b"]);
  assertEquals(warnings, Array.from({ length: 2 }, () => "The release in Redis could not be renewed: full"));
  agreed = null;
  assertEquals(await pass(HOUR), "");
  [agreed, isUp] = ["c", true];
  assertEquals(await pass(HOUR), "c");
  renewal[Symbol.dispose]();
  assertEquals([await pass(2 * DAY), timers.countTimers()], ["", 0]);
});
