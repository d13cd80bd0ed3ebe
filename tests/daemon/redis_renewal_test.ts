// A rotated password or certificate is used and masked, and a file that cannot be read leaves the old value in use.
import { assertEquals } from "@std/assert";
import type { RedisConnection, ResolvedConnection } from "../../src/cluster/redis/redis_connection.ts";
import { maskedSecrets } from "../../src/daemon/masked_secrets.ts";
import { redisRenewal } from "../../src/daemon/redis_renewal.ts";
import { createLogger } from "../../src/telemetry/log.ts";
import { singleTo } from "../cluster/redis/redis_notifying.ts";

const withPassword = (password: string, connectTimeoutMilliseconds = 5_000): RedisConnection => {
  return singleTo({ host: "h", port: 1 }, { password, connectTimeoutMilliseconds });
};
const read = (password: string): ResolvedConnection => {
  return { ok: true, connection: withPassword(password), secrets: [password], warnings: [] };
};
const UNREADABLE: ResolvedConnection = { ok: false, message: "P: /p does not exist", isOption: false };

/** A renewal of a connection with the password `first-password`, and its results. */
function opened(resolve: () => Promise<ResolvedConnection>, connection = withPassword("first-password")) {
  const lines: string[] = [];
  const changes: string[] = [];
  const write = (line: string) => void lines.push(line);
  const log = createLogger({ format: "text", level: "information", write, terminal: false, colour: false });
  const renew = redisRenewal({ connection, resolve, log, changed: (secrets) => void changes.push(...secrets) });
  const { signal } = new AbortController();
  return { lines, changes, password: async (unwanted = signal) => (await renew(unwanted)).password };
}

Deno.test("the present content of the files is used, and a change is logged once", async () => {
  let now = "first-password";
  const { lines, changes, password } = opened(() => Promise.resolve(read(now)));
  assertEquals([await password(), lines.length, changes], ["first-password", 0, []]);
  now = "second-password";
  for (let count = 0; count < 2; count++) assertEquals(await password(), "second-password");
  assertEquals([lines.length, changes], [1, ["second-password"]]);
});

Deno.test("a file that cannot be read is logged once, and the value read last stays in use", async () => {
  const answers = [read("second-password"), UNREADABLE, UNREADABLE, read("second-password"), UNREADABLE];
  const { lines, password } = opened(() => Promise.resolve(answers.shift()!));
  for (let count = 0; count < 5; count++) assertEquals(await password(), "second-password");
  assertEquals(lines.filter((line) => line.includes("P: /p does not exist: the values read before")).length, 2);
});

Deno.test("a file system that does not answer is waited for no longer than connecting may take, and asked once", async () => {
  const reading = Promise.withResolvers<ResolvedConnection>();
  let asked = 0;
  const resolve = () => {
    asked++;
    return reading.promise;
  };
  const { lines, password } = opened(resolve, withPassword("first-password", 10));
  for (let count = 0; count < 3; count++) assertEquals(await password(), "first-password");
  assertEquals([asked, lines.length], [1, 1]);
  reading.resolve(read("second-password"));
  assertEquals(await password(), "second-password");
  const { password: another } = opened(() => new Promise(() => {}));
  assertEquals(await another(AbortSignal.abort()), "first-password");
});

Deno.test("the latest two secrets of the connection are masked, beside those of the options and of the latest two loads", () => {
  const secrets = maskedSecrets(["of-the-options"]);
  for (const password of ["password-1", "password-2", "password-3"]) secrets.rotate([password]);
  for (const variable of ["variable-1", "variable-2", "variable-3"]) secrets.remember([variable]);
  const text = "of-the-options password-1 password-2 password-3 variable-1 variable-2 variable-3";
  const masked = "[masked] password-1 [masked] [masked] variable-1 [masked] [masked]";
  assertEquals(secrets.mask(text), masked);
});
