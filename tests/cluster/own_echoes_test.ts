// How long, and how many, own paths are waited for: at each bound and one beyond it.
import { assertEquals } from "@std/assert";
import type { Message } from "../../src/cluster/announcement.ts";
import { ownEchoes } from "../../src/cluster/own_echoes.ts";
import { fakeClock } from "../support/fake_clock.ts";

function echoes() {
  const { clock, timers } = fakeClock();
  const own = ownEchoes(5_000, clock);
  const isOwn = (path: string) => {
    const message = own.recognise({ kind: "look-again", path, own: false });
    return message.kind === "look-again" && message.own;
  };
  return { ...own, isOwn, tick: (milliseconds: number) => timers.tick(milliseconds) };
}

Deno.test("an own path is waited for as long as a command may take, and taken for another's after that", () => {
  const { expect, isOwn, tick } = echoes();
  expect("/a");
  tick(4_999);
  assertEquals([isOwn("/b"), isOwn("/a"), isOwn("/a")], [false, true, false]);
  expect("/a");
  tick(5_000);
  assertEquals(isOwn("/a"), false);
});

Deno.test("each time that a path was sent it is an own one once, with any messages between", () => {
  const { expect, isOwn } = echoes();
  for (const path of ["/a", "/b", "/a"]) expect(path);
  assertEquals(["/a", "/b", "/b", "/a", "/a"].map(isOwn), [true, true, false, true, false]);
});

Deno.test("of more than sixteen own paths the latest are waited for", () => {
  const { expect, isOwn } = echoes();
  const paths = Array.from({ length: 17 }, (_, at) => `/${at}`);
  for (const path of paths) expect(path);
  assertEquals(paths.map(isOwn), [false, ...Array(16).fill(true)]);
});

Deno.test("a forgotten path is another's, and another kind of message stays unchanged", () => {
  const { expect, forget, isOwn, recognise } = echoes();
  expect("/a");
  forget();
  assertEquals(isOwn("/a"), false);
  const message: Message = { kind: "invalid", why: "It is empty" };
  assertEquals(recognise(message), message);
});
