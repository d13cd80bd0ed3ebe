// One connection and the signal that ends it, also at the moment between connecting and listening to the signal.
import { assertEquals } from "@std/assert";
import { dial } from "../../../src/cluster/redis/redis_notifier.ts";
import { withinLimit } from "../../../src/time/limit.ts";
import { countedSignal } from "../../support/counted_signal.ts";
import { startLyingRedis } from "../../support/lying_redis.ts";
import { singleTo } from "./redis_notifying.ts";

const options = (server: { host: string; port: number }, signal: AbortSignal) => ({
  connection: singleTo(server),
  signal,
  commandMilliseconds: 60_000,
  heard: undefined,
});

Deno.test("a connection that is made at the moment at which nobody wants it any more ends by itself", async () => {
  await using server = startLyingRedis(() => "+PONG\r\n");
  // The stream to the server is there when it stops listening; the connection does not listen yet.
  const { signal, abort, listeners } = countedSignal(() => abort());
  const wire = await dial(server, options(server, signal));
  assertEquals(signal.aborted, true);
  assertEquals((await withinLimit(wire.closed, 5_000)).ok, true);
  assertEquals(listeners(), 0);
});

Deno.test("a connection that has ended no longer listens to its signal", async () => {
  await using server = startLyingRedis(() => "+PONG\r\n");
  const { signal, listeners } = countedSignal();
  for (let time = 0; time < 3; time++) {
    const wire = await dial(server, options(server, signal));
    assertEquals([await wire.call("ping"), listeners()], ["PONG", 1]);
    await wire.close();
    await wire.closed;
    assertEquals(listeners(), 0);
  }
});

Deno.test("a connection ends with its signal", async () => {
  await using server = startLyingRedis(() => "+PONG\r\n");
  const { signal, abort } = countedSignal();
  const wire = await dial(server, options(server, signal));
  abort();
  await wire.closed;
});
