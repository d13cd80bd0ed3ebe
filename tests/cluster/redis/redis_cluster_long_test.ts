import { assert, assertEquals } from "@std/assert";
import { keysOf } from "../../../src/cluster/redis/redis_scripts.ts";
import { announcementOf } from "../../support/announcement_of.ts";
import { eventually } from "../../support/eventually.ts";
import { startSentinels } from "../../support/redis_server.ts";
import { A, B, CHANNEL, connectionTo, openUp } from "./redis_notifying.ts";

const KEYS = keysOf(CHANNEL);
const WATCHFUL = { heartbeatMilliseconds: 50, commandTimeoutMilliseconds: 500 };

Deno.test("a head whose last writes were lost with the primary is just a lower one", async () => {
  await using redis = await startSentinels();
  const { service: serviceName, sentinels, primary, replica } = redis;
  await using one = await openUp(connectionTo({ kind: "sentinel", serviceName, endpoints: sentinels }), WATCHFUL);
  await one.notifier.announce(announcementOf(A));
  await eventually("the replica to have it", async () => await replica.cli("hget", KEYS.head, "generation") === "1");
  replica.freeze();
  assertEquals((await one.notifier.announce(announcementOf(B, A))).kind, "accepted");
  await primary.kill();
  replica.thaw();
  await one.down();
  await one.up();
  const head = await one.notifier.head();
  assert(head.ok && head.head !== null);
  const answer = await one.notifier.announce(announcementOf(B, A, { floor: 2 }));
  assertEquals(answer.kind === "accepted" || answer.kind === "same", true);
  assertEquals(answer.kind === "accepted" && head.head.generation === 1 ? answer.head.generation : 3, 3);
});
