// Redis' password is rotated while the daemon runs: it comes back by itself with what its file has by then.
import { assert, assertEquals } from "@std/assert";
import { openClusterInstance } from "../support/cluster_instance.ts";
import { startRedis } from "../support/redis_server.ts";
import { search } from "../support/secret_search.ts";
import { temporaryDirectory } from "../support/temporary.ts";

const [OLD, NEW] = ["Rk3oldPasswordT8", "Vn6newPasswordY1"];

Deno.test("a rotated password is read again, is never shown, and outlives its file", async () => {
  await using directory = await temporaryDirectory();
  await using redis = await startRedis({ config: [`user edge on >${OLD} ~* &* +@all`] });
  const file = await directory.write("password", `${OLD}\n`);
  const lose = () => redis.cli("client", "kill", "user", "edge");
  await using one = await openClusterInstance({
    name: "one",
    redis: `${redis.host}:${redis.port},user=edge`,
    args: ["--set", `HighAvailability:RedisPasswordFile=${file}`],
  });
  await one.agrees();
  await redis.cli("acl", "setuser", "edge", "resetpass", `>${NEW}`);
  await lose();
  await one.shows(
    "a refused password",
    ({ redis }) => redis.reason === "Redis refuses the user name or the password",
  );
  await Deno.writeTextFile(`${file}.new`, `${NEW}\n`);
  await Deno.rename(`${file}.new`, file);
  await one.agrees();
  assertEquals(one.told("Redis' password or certificates changed").length, 1);
  await Deno.remove(file);
  await lose();
  await one.shows("another reconnection", ({ redis }) => redis.state === "up" && redis.reconnections === 2);
  assert(one.told("HighAvailability:RedisPasswordFile: ").length > 0);
  search([{ where: "the log", text: one.daemon.output() }], [OLD, NEW]);
});
