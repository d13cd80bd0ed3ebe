// The skip set in Redis: one field of the head, which any client may have written.
import { assert, assertEquals } from "@std/assert";
import { MAX_SKIP_LINE_BYTES, MAX_SKIPS, skipsText } from "../../../src/agreement/skip.ts";
import { keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { announcementOf, skipOf } from "../../support/announcement_of.ts";
import { incarnationOf } from "../../support/incarnation.ts";
import { startRedis } from "../../support/redis_server.ts";
import { A, B, C, CHANNEL, openUp, singleTo } from "./redis_notifying.ts";

const { head: HEAD } = keysOf(CHANNEL);
const LINE = skipsText([skipOf(B)]);

Deno.test("a skip set that is garbage is none: it refuses nothing, and the next set takes its place", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  const many = Array.from({ length: MAX_SKIPS }, (_, at) => `${at.toString(16).padStart(64, "0")} {}`).join("\n");
  const garbage = [
    ...[
      "x",
      JSON.stringify([skipOf(B)]),
      `${LINE}\nx`,
      `${LINE}\n${LINE}`,
      `${LINE}\n${many}`,
      `${LINE}${"\n".repeat(40_000)}`,
    ],
    ...[B.toUpperCase(), `${B}b`, B.slice(1)].map((hash) => `${LINE}\n${hash} {}`),
    `${LINE}\n${C} ${"x".repeat(MAX_SKIP_LINE_BYTES - 64)}`,
  ];
  for (const text of garbage) {
    await one.notifier.announce(announcementOf(A, null, { force: true }));
    await server.cli("hset", HEAD, "skip", text);
    const read = await one.notifier.head();
    assertEquals(read.ok && read.head?.skips, [], text);
    const answer = await one.notifier.announce(announcementOf(B, A, { skips: [skipOf(C)] }));
    assertEquals(answer.kind === "accepted" && answer.head.skips, [skipOf(C)], text);
    assertEquals(await server.cli("hget", HEAD, "skip"), skipsText([skipOf(C)]), text);
  }
});

Deno.test("a line without a skip refuses its hash until a person forces it, and costs no other skip", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] }));
  await server.cli("hset", HEAD, "skip", `${C} {}\n${LINE}`);
  const answer = await one.notifier.announce(announcementOf(C, A));
  assertEquals(answer.kind === "refused" && answer.head.skips, [skipOf(B)]);
  assertEquals((await one.notifier.announce(announcementOf(C, null, { force: true }))).kind, "accepted");
  assertEquals(await server.cli("hget", HEAD, "skip"), LINE);
});

Deno.test("an instance of version 0.1 leaves the skip set, also beside a head that is in it", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] }));
  await server.cli("hset", HEAD, "hash", B, "generation", "2", "by", incarnationOf("old"), "at", "1");
  const read = await one.notifier.head();
  assertEquals(read.ok && [read.head?.hash, read.head?.skips], [B, [skipOf(B)]]);
  assertEquals((await one.notifier.announce(announcementOf(B, A))).kind, "refused");
  const answer = await one.notifier.announce(announcementOf(B, null, { force: true }));
  assertEquals(answer.kind === "same" && [answer.head.generation, answer.head.skips], [2, []]);
  const other = await one.notifier.head();
  assertEquals(other.ok && other.head?.skips, []);
});

Deno.test("an announcement of the present head and skips writes nothing, so a full Redis answers it; a new skip is a write", async () => {
  await using server = await startRedis();
  await using one = await openUp(singleTo(server));
  await one.notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] }));
  await server.cli("config", "set", "maxmemory", "1");
  assertEquals((await one.notifier.announce(announcementOf(A, null, { skips: [skipOf(B)] }))).kind, "same");
  const answer = await one.notifier.announce(announcementOf(A, null, { skips: [skipOf(C)] }));
  assert(answer.kind === "failed" && answer.reason.includes("out of memory"), JSON.stringify(answer));
});
