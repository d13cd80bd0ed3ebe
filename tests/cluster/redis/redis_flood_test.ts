// A flood of messages of any kind costs only their reading: each is heard as it comes, none is kept.
import { assert, assertEquals } from "@std/assert";
import { eventually } from "../../support/eventually.ts";
import { startRedis } from "../../support/redis_server.ts";
import { A, CHANNEL, openInstance, singleTo } from "./redis_notifying.ts";

const MESSAGES = 20_000;
const MEBIBYTE = 1024 * 1024;

// The parser of ioredis frees the memory of long messages by its own interval, which ends soon after.
Deno.test("twenty thousand messages and some of a mebibyte are heard, and held by nobody", {
  sanitizeOps: false,
  sanitizeResources: false,
}, async () => {
  await using server = await startRedis();
  const counts = { announcement: 0, "look-again": 0, invalid: 0 };
  await using one = openInstance(singleTo(server), { heartbeatMilliseconds: 20 });
  // Messages are counted and not kept, as the daemon does.
  one.heard.push = (message) => ++counts[message.kind];
  await one.up();
  const before = Deno.memoryUsage().rss;
  const flood = `
    for i = 1, tonumber(ARGV[2]) do
      local kind = i % 4
      local message = kind == 0 and '/etc/honua/config.hcl' or kind == 1 and 'garbage \\255' or kind == 2 and '' or ARGV[3]
      redis.call('PUBLISH', ARGV[1], message)
    end`;
  for (let part = 0; part < 20; part++) {
    await server.cli("eval", flood, "0", CHANNEL, `${MESSAGES / 20}`, `v1 5 ${A} 0123456789ab`);
    await server.cli("eval", `redis.call('PUBLISH', ARGV[1], string.rep('/', ${MEBIBYTE}))`, "0", CHANNEL);
  }
  const total = () => counts.announcement + counts["look-again"] + counts.invalid;
  await eventually("all of them", () => total() === MESSAGES + 20, 30_000);
  assertEquals(counts, { announcement: MESSAGES / 4, "look-again": MESSAGES / 4, invalid: MESSAGES / 2 + 20 });
  assertEquals(one.links.map(({ state }) => state), ["up"]);
  const grown = Deno.memoryUsage().rss - before;
  assert(grown < 150 * MEBIBYTE, `${Math.round(grown / MEBIBYTE)} MiB more`);
});
