// The contract of a notifier, kept over every kind of Redis that an instance may meet.
import type { RedisConnection } from "../../../src/cluster/redis/redis_connection.ts";
import { openRedisNotifier } from "../../../src/cluster/redis/redis_notifier.ts";
import { accessRules } from "../../../src/cluster/redis/redis_scripts.ts";
import { startRedis, startRedisCluster, startSentinels } from "../../support/redis_server.ts";
import { type ContractCluster, notifierContract } from "../notifier_contract.ts";
import { incarnationOf } from "../../support/incarnation.ts";
import { connectionTo, singleTo } from "./redis_notifying.ts";

/** How a Redis is reached. */
interface Place {
  readonly connection: RedisConnection;
  /** Called with each channel before it is used. */
  readonly prepare?: (channel: string) => Promise<unknown>;
}

const PASSWORD = "correct-horse";
let channels = 0;

/** Runs the suite over one Redis, which is there before the first test and gone after the last: a cluster is a channel. */
function contractOver(name: string, start: (stack: AsyncDisposableStack) => Promise<Place>): void {
  const stack = new AsyncDisposableStack();
  let place: Place | null = null;
  Deno.test.beforeAll(async () => {
    place = await start(stack);
  });
  Deno.test.afterAll(() => stack.disposeAsync());
  const openCluster = async () => {
    const { connection, prepare } = place!;
    const channel = `honua:config:changes:${++channels}`;
    await prepare?.(channel);
    const open: ContractCluster["open"] = (instance, incarnation = incarnationOf(instance), formerPeer) =>
      openRedisNotifier({ connection, channel, instance, incarnation, formerPeer: formerPeer ?? null });
    return { open, [Symbol.asyncDispose]: () => Promise.resolve() };
  };
  notifierContract(name, openCluster, { shared: true, countsAll: true });
}

contractOver("a single Redis", async (stack) => ({ connection: singleTo(stack.use(await startRedis())) }));

contractOver("a Redis behind a password", async (stack) => {
  const server = stack.use(await startRedis({ config: [`requirepass ${PASSWORD}`] }));
  return { connection: singleTo(server, { password: PASSWORD, clientName: "edge", database: 3 }) };
});

contractOver("a Redis behind a unix socket", async (stack) => {
  const { socket: path } = stack.use(await startRedis());
  return { connection: connectionTo({ kind: "single", endpoint: { path } }) };
});

contractOver("a user of the least rights", async (stack) => {
  const server = stack.use(await startRedis());
  return {
    connection: singleTo(server, { user: "edge", password: PASSWORD }),
    prepare: (channel) => server.cli("acl", "setuser", "edge", "on", `>${PASSWORD}`, ...accessRules(channel)),
  };
});

contractOver("a Redis behind Sentinels", async (stack) => {
  const { service: serviceName, sentinels } = stack.use(await startSentinels());
  return { connection: connectionTo({ kind: "sentinel", serviceName, endpoints: sentinels }) };
});

contractOver("a Redis Cluster", async (stack) => {
  const { nodes } = stack.use(await startRedisCluster());
  return { connection: connectionTo({ kind: "several", endpoints: nodes }) };
});
