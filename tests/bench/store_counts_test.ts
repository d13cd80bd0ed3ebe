// The bench's counts of the store: Redis' counts match the instances' commands.
import { assertEquals, assertThrows } from "@std/assert";
import { countsIn, countStore } from "../../bench/store_counts.ts";
import { readThousandHosts } from "../../bench/thousand_hosts.ts";
import { announcementOf } from "../support/announcement_of.ts";
import { moveOf, rolloutOver } from "../support/move_of.ts";
import { startRedis } from "../support/redis_server.ts";
import { A, B, C, openInstance, peerRecord, singleTo } from "../cluster/redis/redis_notifying.ts";

Deno.test("each command of an instance to Redis is counted once, under its own kind", async () => {
  await using redis = await startRedis();
  await using one = openInstance(singleTo(redis));
  await one.up();
  const end = await countStore(redis);
  const { notifier } = one;
  await notifier.writeRecord(peerRecord("edge-1"));
  const announced = await notifier.announce(announcementOf(A));
  assertEquals(announced.kind, "accepted");
  const head = { generation: 1, hash: A };
  assertEquals((await notifier.moveRollout(moveOf(head, null, rolloutOver(B, A)))).kind, "moved");
  assertEquals((await notifier.moveRollout(moveOf(head, null, rolloutOver(C, A)))).kind, "refused");
  for (let time = 0; time < 3; time++) await notifier.head();
  for (let time = 0; time < 2; time++) await notifier.peers();
  const { bytesIn, bytesOut, scriptMilliseconds, commands, ...counts } = await end();
  assertEquals(counts, {
    scripts: 9,
    peersRead: 2,
    headsRead: 4,
    records: 1,
    moves: 1,
    announcements: 1,
    messages: 2,
  });
  assertEquals([bytesIn > 0, bytesOut > 0, scriptMilliseconds > 0, commands > counts.scripts], Array(4).fill(true));
});

Deno.test("reading the counts is not counted, and a text that is no answer of Redis has none", async () => {
  await using redis = await startRedis();
  const counts = await (await countStore(redis))();
  assertEquals(Object.entries(counts).filter(([, count]) => count !== 0), []);
  assertThrows(() => countsIn("# Stats\r\ntotal_commands_processed:none\r\n"));
});

Deno.test("a thousand hosts are in one answer, and a client that knows their rollout gets no text of it", async () => {
  const { rolloutBytes, recordBytes, peers, newHead, knownHead } = await readThousandHosts(["1", "25%", "100%"], 2);
  assertEquals(peers.bytes > 1_000 * recordBytes, true);
  assertEquals(newHead.bytes > rolloutBytes && rolloutBytes > 12_000, true);
  assertEquals(knownHead.bytes < 1_000, true);
});
