// When the parser's process is started, and that nothing of it stays behind.
import { assert, assertEquals } from "@std/assert";
import { DEFAULT_LIMITS, openParser } from "../../../src/document/hcl/parser.ts";
import { eventually } from "../../support/eventually.ts";
import { childrenOf } from "../../support/process_tree.ts";
import { ANSWERING, stubCommand } from "../../support/stub_parser.ts";

const STARTS = 300;

Deno.test("of many starts and ends nothing is left: no descriptor, no child", async () => {
  const descriptors = () => [...Deno.readDirSync("/proc/self/fd")].length;
  const children = async () => (await childrenOf(Deno.pid)).length;
  const start = async () => {
    await using parser = openParser({ ...DEFAULT_LIMITS, idleMilliseconds: 0 }, stubCommand(ANSWERING));
    assert((await parser.judge(["x = 1\n"])).ok);
  };
  await start();
  const before = [descriptors(), await children()];
  for (let number = 0; number < STARTS; number++) await start();
  assertEquals([descriptors(), await children()], before);

  const parser = openParser({ ...DEFAULT_LIMITS, idleMilliseconds: 0 }, stubCommand(ANSWERING));
  for (let number = 0; number < STARTS; number++) assert((await parser.judge(["x = 1\n"])).ok);
  assertEquals(parser.work, { starts: STARTS, idleStarts: 0, requests: STARTS });
  await parser[Symbol.asyncDispose]();
  assertEquals([descriptors(), await children()], before);
});

Deno.test("a burst of hints starts one process, which the request then uses", async () => {
  await using parser = openParser(DEFAULT_LIMITS, stubCommand(ANSWERING));
  for (let hint = 0; hint < 100; hint++) parser.warm();
  assertEquals(parser.work, { starts: 1, idleStarts: 0, requests: 0 });
  assert((await parser.judge(["x = 1\n"])).ok);
  assertEquals(parser.work, { starts: 1, idleStarts: 0, requests: 1 });
});

Deno.test("hints that are followed by no request start two processes and no more, until there is a request", async () => {
  await using parser = openParser({ ...DEFAULT_LIMITS, idleMilliseconds: 1 }, stubCommand(ANSWERING));
  const hints = async () => {
    const before = parser.work.idleStarts;
    for (let hint = 0; hint < 5; hint++) {
      parser.warm();
      await eventually("the end of the idle process", () => parser.work.idleStarts === before + Math.min(hint + 1, 2));
    }
  };
  await hints();
  assertEquals(parser.work, { starts: 2, idleStarts: 2, requests: 0 });
  assert((await parser.judge(["x = 1\n"])).ok);
  await eventually("the end of the used process", async () => (await childrenOf(Deno.pid)).length === 0);
  await hints();
  assertEquals(parser.work, { starts: 5, idleStarts: 4, requests: 1 });
});
