// Each error in an operator's words, and its consequence for the connection.
import { assertEquals } from "@std/assert";
import {
  isLoss,
  isRefusal,
  reasonOf,
  redirectionIn,
  RedisTrouble,
  replyCode,
  unaskedReason,
} from "../../../src/cluster/redis/redis_trouble.ts";

const reply = (message: string) => Object.assign(new Error(message), { name: "ReplyError" });
const system = (code: string) => Object.assign(new Error("os error"), { code });

Deno.test("an answer has its meaning, and a loss differs from a refusal", () => {
  const answers: readonly (readonly [message: string, isLoss: boolean, reason: string])[] = [
    ["WRONGPASS invalid", true, "Redis refuses the user name or the password"],
    ["NOAUTH Authentication required.", true, "Redis asks for a password and none is configured"],
    ["LOADING Redis is loading", true, "Redis is still loading its data"],
    ["READONLY You can't write", true, "Redis is a replica, which takes no announcements"],
    ["MASTERDOWN Link", true, "Redis is a replica that lost its primary"],
    ["CLUSTERDOWN Hash slot", true, "The Redis Cluster is down, or no node has the channel's slot"],
    ["UNKILLABLE Sorry", true, "Redis is busy with a script that wrote already: wait for its end"],
    ["TRYAGAIN Multiple keys", false, "The channel's slot moves between nodes of the Redis Cluster"],
    ["ASK 1 h:1", false, "The channel's slot moves between nodes of the Redis Cluster"],
    [
      "OOM command not allowed",
      false,
      "Redis is out of memory and takes no writes: raise its maxmemory, or remove other keys",
    ],
    ["MISCONF Errors", false, "Redis cannot save its data and takes no writes: look at its log and its disk"],
    [
      "NOREPLICAS Not enough",
      false,
      "Redis has too few replicas and takes no writes: look at them, or lower min-replicas-to-write",
    ],
    ["BUSY Redis is busy", false, "Redis is busy with a script: wait for its end, or send SCRIPT KILL"],
    [
      "DENIED Redis is running",
      false,
      "Redis takes connections only from its own host: give it a password or a bind address",
    ],
    ["ERR max number of clients reached", false, "Redis takes no more connections: raise its maxclients"],
    [
      "NOPERM this user has no permissions to run the 'client|setname' command",
      false,
      "Redis does not allow its user the command client|setname",
    ],
    ["NOPERM the 'a' command", false, "Redis does not allow its user the command a"],
    [`NOPERM the '${"a".repeat(40)}' command`, false, `Redis does not allow its user the command ${"a".repeat(40)}`],
    [`NOPERM the '${"a".repeat(41)}' command`, false, "Redis does not allow its user the channel's keys"],
    ["NOPERM No permissions to access a channel", false, "Redis does not allow its user the channel"],
    ["NOPERM No permissions to access a key", false, "Redis does not allow its user the channel's keys"],
    [
      "ERR The user executing the script can't run this command or subcommand",
      false,
      "Redis does not allow its user a command of the scripts, ACL LOG says which",
    ],
    ["ODD \x1b[31m\r\nnews\u2028.", false, "Redis answered: ODD [31m news ."],
    [" lower case ", false, "Redis answered: lower case"],
  ];
  for (const [message, isLost, reason] of answers) {
    assertEquals([reasonOf(reply(message)), isLoss(reply(message))], [reason, isLost], message);
    assertEquals(reasonOf(reply(message), "h:1"), `${reason} (h:1)`);
    assertEquals(isRefusal(reply(message)), !isLost);
    assertEquals(isRefusal(new RedisTrouble("x", { cause: reply(message) })), !isLost);
  }
  for (const error of [new Error("x"), new RedisTrouble("x"), null, "x"]) {
    assertEquals([replyCode(error), isLoss(error), isRefusal(error)], [null, true, false]);
  }
  assertEquals(["-NOAUTH x", "x", "an OOM", "Oops"].map((message) => replyCode(reply(message))), [
    "NOAUTH",
    ...Array(3).fill("ERR"),
  ]);
});

Deno.test("an error of the system and the end of a connection have messages in words", () => {
  const reasons: Record<string, string> = {
    ECONNREFUSED: "connection refused",
    ECONNRESET: "connection reset",
    EPIPE: "connection closed",
    ENOTFOUND: "no such host",
    EAI_AGAIN: "host name not resolved",
    EHOSTUNREACH: "host unreachable",
    ENETUNREACH: "network unreachable",
    ETIMEDOUT: "no answer",
    ENOENT: "no such socket",
    EACCES: "permission denied",
  };
  for (const [code, words] of Object.entries(reasons)) {
    assertEquals(reasonOf(system(code), "h:1"), `No connection to Redis (h:1): ${words}`);
  }
  assertEquals(reasonOf(system("EODD")), "No connection to Redis: os error");
  assertEquals(reasonOf(new Error("failed to lookup address information: x")), "No connection to Redis: no such host");
  assertEquals(reasonOf(new Error("Command timed out"), "h:1"), "Redis does not answer (h:1)");
  for (const error of [new Error("Connection is closed."), new Error(""), null, "x"]) {
    assertEquals(reasonOf(error), "The connection to Redis was closed");
  }
  assertEquals(reasonOf(Object.assign(new Error("x"), { name: "ParserError" })), "The server is not Redis");
  assertEquals(reasonOf(new RedisTrouble("as it is"), "h:1"), "as it is");
});

Deno.test("a reply to no request is reported by its meaning, and quoted in no case", () => {
  const unasked = (error: string) => unaskedReason(new Error(`Command queue state error. Last error: ${error}`), "h:1");
  assertEquals(unasked("secret")?.message.startsWith("Redis (h:1) sent "), true);
  assertEquals(unasked("secret")?.message.includes("secret"), false);
  assertEquals(unasked("DENIED x")?.message, `${reasonOf(reply("DENIED x"))} (h:1)`);
  const full = unasked("ERR max number of clients reached")?.message;
  assertEquals(full, "Redis takes no more connections: raise its maxclients (h:1)");
  assertEquals(unaskedReason(new Error("another"), "h:1"), null);
  const bare = unaskedReason(new Error("Command queue state error."), "h:1");
  assertEquals(bare?.message, unasked("secret")?.message);
});

Deno.test("a quotation has 160 characters at the most", () => {
  const quoted = (length: number) => reasonOf(reply("x".repeat(length)));
  assertEquals(quoted(160), `Redis answered: ${"x".repeat(160)}`);
  assertEquals(quoted(161), `Redis answered: ${"x".repeat(160)}...`);
});

Deno.test("a redirection names its host and port within their bounds, and is only one of an answer", () => {
  const to = (message: string) => redirectionIn(reply(message));
  assertEquals(to("MOVED 1 10.0.0.1:7"), { kind: "MOVED", host: "10.0.0.1", port: 7 });
  assertEquals(to("ASK 16383 ::1:65535"), { kind: "ASK", host: "::1", port: 65_535 });
  assertEquals(to("MOVED 1 :7"), { kind: "MOVED", host: "", port: 7 });
  assertEquals(to(`MOVED 1 ${"h".repeat(255)}:7`)?.host.length, 255);
  const none = [
    `MOVED 1 ${"h".repeat(256)}:7`,
    "MOVED 123456 h:7",
    "MOVED 1 h:123456",
    "MOVED x h:7",
    "xMOVED 1 h:7",
    "MOVED 1 h/x:7",
  ];
  for (const message of none) assertEquals(to(message), null, message);
  assertEquals(redirectionIn(new Error("MOVED 1 h:7")), null);
});
