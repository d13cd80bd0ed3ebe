// Redis gets another password, has no memory, or another server is in its place: the daemon lives on, says so in its
// status, and comes back by itself.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { openClusterInstance } from "../support/cluster_instance.ts";
import { eventually } from "../support/eventually.ts";
import { runCommand } from "../support/command.ts";
import { HELLO_OF_A_PRIMARY, startLyingRedis } from "../support/lying_redis.ts";
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
  await one.daemon.logged(({ msg }) => msg.startsWith("Redis' password or certificates changed"));
  await Deno.remove(file);
  await lose();
  await one.shows("another reconnection", ({ redis }) => redis.state === "up" && redis.reconnections === 2);
  await one.daemon.logged(({ msg }) => msg.startsWith(`HighAvailability:RedisPasswordFile: ${file} does not exist`));
  search([{ where: "the log", text: one.daemon.output() }], [OLD, NEW]);
});

Deno.test("a Redis without memory is up in the status, which says that it takes no writes, until it has some again", async () => {
  await using redis = await startRedis();
  await using one = await openClusterInstance({ name: "one", redis: `${redis.host}:${redis.port}` });
  await one.agrees();
  await redis.cli("config", "set", "maxmemory", "1");
  const { redis: { reason } } = await one.shows("a refusal", ({ redis: { state, reason } }) => {
    return state === "up" && reason !== null;
  });
  assertStringIncludes(reason ?? "", "Redis is out of memory and takes no writes");
  const { code, stdout } = await runCommand(["status", "--socket", `${one.directory}/admin.sock`]);
  assertEquals(code, 0);
  assertMatch(stdout, /^Redis +up for .*, but: Redis is out of memory and takes no writes/m);
  // Of other instances there may be no record either.
  const peers = await eventually("doubtful peers", async () => {
    const answer = await runCommand(["peers", "--socket", `${one.directory}/admin.sock`]);
    return answer.code === 0 ? null : answer;
  });
  assertEquals(peers.code, 3);
  assertStringIncludes(peers.stderr, "The record of this instance could not be written: Redis is out of memory");
  await redis.cli("config", "set", "maxmemory", "0");
  await one.shows("no refusal", ({ redis: { state, reason } }) => state === "up" && reason === null);
});

Deno.test("a hostile server in place of Redis does not end the daemon, which serves on and names the reason", async () => {
  const nested = "*1\r\n".repeat(4_000);
  const string = `$8589934592\r\n${"x".repeat(1_000_000)}`;
  let count = 0;
  await using liar = startLyingRedis(([command]) => {
    return command === "hello" && count++ % 3 === 0
      ? HELLO_OF_A_PRIMARY + "$-1\r\n"
      : count % 2 === 0
      ? nested
      : string;
  });
  await using one = await openClusterInstance({ name: "one", redis: `${liar.host}:${liar.port}` });
  await one.runs("first");
  const reasons = new Set<string>();
  await one.shows("each of the reasons", ({ redis: { reason } }) => {
    if (reason !== null) reasons.add(reason.replace(/^Redis \(\S+\) sent /, ""));
    return reasons.size === 3;
  });
  await one.edit("second");
  await one.runs("second");
});
