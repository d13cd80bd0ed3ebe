// An instance that does not watch its source announces the present source, and not one that it had read before the
// link: instances of one file end in agreement.
import { commonHash, openClusterInstance } from "../support/cluster_instance.ts";
import { startRedis } from "../support/redis_server.ts";
import { openTcpProxy } from "../support/tcp_proxy.ts";

Deno.test("of one file, edited while Redis was away, no older text is announced by an instance that does not watch", async () => {
  await using redis = await startRedis();
  await using proxy = openTcpProxy(redis);
  // Does not reach Redis before the other has announced.
  await using watching = await openClusterInstance({ name: "watching", redis: `${proxy.host}:${proxy.port}` });
  await using other = await openClusterInstance({
    name: "other",
    redis: `${redis.host}:${redis.port}`,
    follows: watching,
  });
  const both = [watching, other];
  await Promise.all(both.map((one) => one.agrees()));
  await Promise.all(both.map((one) => one.kill()));
  await redis.kill();
  proxy.holdBack();
  await watching.edit("second");
  for (const one of both) one.restart();
  await Promise.all(both.map((one) => one.runs("second")));
  await watching.edit("third");
  await watching.runs("third");
  await redis.restart({ empty: true });
  await other.agrees();
  proxy.cut();
  proxy.letThrough();
  await Promise.all(both.map((one) => one.agrees()));
  await commonHash(both);
  await Promise.all(both.map((one) => one.runs("third")));
});
