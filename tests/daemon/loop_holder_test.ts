import { assertEquals, assertThrows } from "@std/assert";
import { loopHolder } from "../../src/daemon/loop_holder.ts";
import { initialState } from "../../src/reload/state.ts";

Deno.test("a held loop gets every hint and event, and an empty holder throws", () => {
  const holder = loopHolder();
  assertThrows(() => holder.state(), Error, "before it ran");
  assertThrows(() => holder.hint("file"), Error, "before it ran");
  assertThrows(() => holder.link("heard"), Error, "before it ran");
  const calls: string[] = [];
  const state = initialState<never>(null);
  holder.hold({
    state: () => state,
    hint: (reason) => calls.push(reason),
    link: (event) => calls.push(event),
    release: (news) => calls.push(news.kind),
  });
  holder.hint("file");
  holder.link("heard");
  assertEquals([holder.state(), calls], [state, ["file", "heard"]]);
});
