// Connection strings as people write them: their meanings, the warnings, and that no value is ever quoted.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { parseConnectionString, type RedisPlan } from "../../../src/cluster/redis/connection_string.ts";
import { renderLine } from "../../../src/diagnostic/render.ts";
import { misworded } from "../../support/wording.ts";

const PLAIN = {
  user: null,
  password: null,
  database: 0,
  tls: false,
  tlsHost: null,
  clientName: null,
  connectTimeoutMilliseconds: null,
};

function single(host: string, port: number, more: Partial<RedisPlan> = {}): unknown {
  return { ...PLAIN, kind: "single", endpoint: { host, port }, ...more };
}

function socket(path: string, more: Partial<RedisPlan> = {}): unknown {
  return { ...PLAIN, kind: "single", endpoint: { path }, ...more };
}

/** The plan of a string without a warning. */
function planOf(text: string): unknown {
  const parsed = parseConnectionString(text);
  if (!parsed.ok || parsed.warnings.length > 0) throw new Error(`${text}: ${JSON.stringify(parsed)}`);
  return parsed.plan;
}

function warningsOf(text: string): string[] {
  const parsed = parseConnectionString(text);
  if (!parsed.ok) throw new Error(`${text}: ${parsed.why}`);
  assertEquals(parsed.warnings.flatMap(misworded), []);
  return parsed.warnings.map(({ code, summary, suggestion }) => `${code}: ${summary}; ${suggestion}`);
}

function whyNot(text: string): string {
  const parsed = parseConnectionString(text);
  if (parsed.ok) throw new Error(`${text} is understood: ${JSON.stringify(parsed.plan)}`);
  return parsed.why;
}

Deno.test("strings of StackExchange.Redis have their meaning there", () => {
  const cases: [string, unknown][] = [
    ["localhost", single("localhost", 6379)],
    ["redis.example:6380", single("redis.example", 6380)],
    [" redis-1 , ssl = true ", single("redis-1", 6380, { tls: true })],
    ["redis-1:6379,SSL=True", single("redis-1", 6379, { tls: true })],
    ["redis-1,ssl=false", single("redis-1", 6379)],
    ["h:1,password=a=b==", single("h", 1, { password: "a=b==" })],
    ["h:1,password= spaced , user=app ", single("h", 1, { password: "spaced", user: "app" })],
    ["h:1,password=", single("h", 1)],
    ["h:1,,password=x,", single("h", 1, { password: "x" })],
    ["password=x,h:1", single("h", 1, { password: "x" })],
    ["h:1,abortConnect=false,connectTimeout=250,defaultDatabase=3,name=my client", {
      ...single("h", 1, { database: 3, connectTimeoutMilliseconds: 250, clientName: "my-client" }) as object,
    }],
    ["h:1,defaultDatabase=-1", single("h", 1)],
    ["h:1,ssl=yes,sslHost=redis.example", single("h", 1, { tls: true, tlsHost: "redis.example" })],
    ["[::1]:7000", single("::1", 7000)],
    ["[::1]", single("::1", 6379)],
    ["fe80::1", single("fe80::1", 6379)],
    ["10.0.0.1:65535", single("10.0.0.1", 65_535)],
    ["a,A:6379,a", single("a", 6379)],
  ];
  for (const [text, plan] of cases) assertEquals(planOf(text), plan as RedisPlan, text);
});

Deno.test("several hosts are asked for their role, and with serviceName they are Sentinels", () => {
  const endpoints = [{ host: "a", port: 6379 }, { host: "b", port: 7000 }];
  assertEquals(planOf("a,b:7000"), { ...PLAIN, kind: "several", endpoints });
  assertEquals(planOf("a,b:7000,serviceName=mymaster,password=x"), {
    ...PLAIN,
    kind: "sentinel",
    serviceName: "mymaster",
    endpoints: [{ host: "a", port: 26_379 }, { host: "b", port: 7000 }],
    password: "x",
  });
  assertEquals(planOf("a,serviceName=s,ssl=true"), {
    ...PLAIN,
    kind: "sentinel",
    serviceName: "s",
    endpoints: [{ host: "a", port: 26_379 }],
    tls: true,
  });
});

Deno.test("URLs name user, password, host, port and database, percent-encoded", () => {
  const cases: [string, unknown][] = [
    ["redis://h", single("h", 6379)],
    ["REDIS://h/", single("h", 6379)],
    ["rediss://h", single("h", 6379, { tls: true })],
    ["redis://h:7000/5", single("h", 7000, { database: 5 })],
    ["redis://app:p%40ss%2Fw%3Ard@h:1/2", single("h", 1, { user: "app", password: "p@ss/w:rd", database: 2 })],
    ["redis://:secret@h", single("h", 6379, { password: "secret" })],
    ["redis://app@h", single("h", 6379, { user: "app" })],
    ["redis://:a@b/c:d@h:1", single("h", 1, { password: "a@b/c:d" })],
    ["redis://:a,b@h:1", single("h", 1, { password: "a,b" })],
    ["redis://:a=b@h:1", single("h", 1, { password: "a=b" })],
    ["redis://[::1]:7000/1", single("::1", 7000, { database: 1 })],
    ["rediss://h?sslHost=x.example&connectTimeout=900", {
      ...single("h", 6379, { tls: true, tlsHost: "x.example", connectTimeoutMilliseconds: 900 }) as object,
    }],
    ["redis://h?db=4", single("h", 6379, { database: 4 })],
  ];
  for (const [text, plan] of cases) assertEquals(planOf(text), plan as RedisPlan, text);
});

Deno.test("a unix socket is a path or a unix:// URL, with settings after it", () => {
  const cases: [string, unknown][] = [
    ["/run/redis.sock", socket("/run/redis.sock")],
    ["!/run/redis.sock", socket("/run/redis.sock")],
    ["unix:/run/redis.sock", socket("/run/redis.sock")],
    ["unix:///run/redis%20one.sock", socket("/run/redis one.sock")],
    ["/run/100%.sock", socket("/run/100%.sock")],
    ["/run/redis.sock,password=x=y,defaultDatabase=2", socket("/run/redis.sock", { password: "x=y", database: 2 })],
    ["unix:///run/redis.sock?db=2", socket("/run/redis.sock", { database: 2 })],
    ["/run/redis.sock?db=2,password=x", socket("/run/redis.sock", { password: "x", database: 2 })],
    ["unix://app:p%2Cq@/run/redis.sock", socket("/run/redis.sock", { user: "app", password: "p,q" })],
  ];
  for (const [text, plan] of cases) assertEquals(planOf(text), plan as RedisPlan, text);
});

Deno.test("keys that StackExchange.Redis knows and that mean nothing here are warned about once", () => {
  assertEquals(warningsOf("h,syncTimeout=1,KEEPALIVE=60,syncTimeout=2"), [
    "cluster/no-effect: Keys without effect here: syncTimeout, keepAlive; null",
  ]);
  assertEquals(warningsOf("h,allowAdmin=nonsense"), ["cluster/no-effect: Keys without effect here: allowAdmin; null"]);
  assertEquals(warningsOf("h,channelPrefix=tenant:"), [
    "cluster/no-effect: The key channelPrefix has no effect; " +
    "Set HighAvailability:ConfigurationChannel to the channel's name with its prefix",
  ]);
  assertEquals(warningsOf("h,abortConnect=true"), ["cluster/no-effect: abortConnect=true has no effect; null"]);
  assertEquals(warningsOf("h,sslHost=x"), [
    "cluster/no-effect: The key sslHost has no effect without TLS; Write ssl=true beside it",
  ]);
  assertEquals(warningsOf("h,$INFO=hidden,$CONFIG="), [
    "cluster/no-effect: Renamed commands ($COMMAND=…) have no effect; null",
  ]);
});

Deno.test("unknown keys are warned about with the one that was meant, and a key that is given twice", () => {
  assertEquals(warningsOf("h,pasword=x"), ["cluster/unknown-key: Unknown key pasword; Did you mean password?"]);
  assertEquals(warningsOf("h,connect_timeout=9"), [
    "cluster/unknown-key: Unknown key connect_timeout; Did you mean connectTimeout?",
  ]);
  assertEquals(warningsOf("h,__proto__=1,ssl=false,zzzzzz=2"), [
    "cluster/unknown-key: A key is unknown; null",
    "cluster/unknown-key: Unknown key zzzzzz; null",
  ]);
  assertEquals(warningsOf("h,user=a,user=b"), [
    "cluster/duplicate-key: The key user is given twice: the last one counts; null",
  ]);
  assertEquals(warningsOf("h" + ",qqq=1".repeat(2_000)).length, 10);
});

Deno.test("a setting that cannot be used is reported, with the key and its allowed form", () => {
  const cases: [string, string][] = [
    ["", "It is empty"],
    [" \n", "It is empty"],
    ["x".repeat(20_000), "It is longer than"],
    ["password=x", "It names no host"],
    [",,", "It names no host"],
    ["h:0", "Part 1 has a port"],
    ["a,h:65536", "Part 2 has a port"],
    ["h:x", "Part 1 has a port"],
    ["h:", "Part 1 has a port"],
    ["[h]:1", "Part 1 is neither"],
    ["a b", "Part 1 is neither"],
    ["=x", "Part 1 is neither"],
    ["app:hunter2@h:6379", "Part 1 is neither"],
    ["h,ssl=maybe", "ssl must be true or false"],
    ["h,connectTimeout=0", "connectTimeout must be"],
    ["h,connectTimeout=5s", "connectTimeout must be"],
    ["h,defaultDatabase=-2", "defaultDatabase must be"],
    ["h,sslHost=a b", "sslHost must be"],
    ["h,serviceName=a b", "serviceName must be"],
    ["http://h", "http:// is not known"],
    ["redis-sentinel://h", "redis-sentinel:// is not known"],
    ["redis://", "It names no host"],
    ["redis:///1", "It names no host"],
    ["redis://h/x", "The part after the host"],
    ["redis://h:x", "The part for its host has a port"],
    ["redis://a,b", "A URL names one host"],
    ["redis://h:6379,password=x", "A URL names one host"],
    ["redis://h:6379,password=p@ss", "It can be read in more than one way"],
    ["redis://h?password=p@ss", "It can be read in more than one way"],
    ["redis://:100%@h", "It holds a % that begins"],
    ["/run/redis.sock,h", "A unix socket must be the only address"],
    ["/run/redis.sock,serviceName=s", "A unix socket must be the only address"],
    ["/run/redis.sock,ssl=true", "Redis speaks no TLS"],
    ["unix://relative.sock", "Part 1 is not the absolute path"],
    ["unix:///a%00b", "Part 1 is not the absolute path"],
    ["unix:///a%", "Part 1 holds a %"],
    [Array.from({ length: 65 }, (_, at) => `h${at}`).join(), "It names more than 64 hosts"],
  ];
  for (const [text, why] of cases) assertStringIncludes(whyNot(text), why);
});

Deno.test("a password with a comma is noticed, and the text behind the comma is never taken for a host or named", () => {
  for (const text of ["h,password=hunt,er2", "h,password=a,/er2", "h,password=a,er2=x,er3", "h,password=a,!er2"]) {
    assertStringIncludes(whyNot(text), "RedisPasswordFile");
  }
  assertEquals(warningsOf("h,password=hunt,er2=x,er3=y"), [
    "cluster/unknown-key: A key is unknown; null",
    "cluster/unknown-key: A key is unknown; null",
  ]);
  assertEquals(planOf("password=x,h:6379"), single("h", 6379, { password: "x" }) as RedisPlan);
  assertEquals(warningsOf("redis://h?password=hunt&er2"), ["cluster/unknown-key: A key is unknown; null"]);
});

Deno.test("no message quotes a value, and nothing throws", () => {
  const secret = "Zq9x7Kw3";
  const values = fc.constantFrom(secret, `${secret}@`, `@${secret}`, `${secret}%`, `a=${secret}`);
  const cut = fc.constantFrom(
    `a,${secret}`,
    `a,${secret}=b`,
    `a,b=c,${secret}=d`,
    `a&${secret}=b`,
    `a&b=c&${secret}=d`,
  );
  const known = fc.constantFrom("user", "ssl", "name", "sslHost", "serviceName", "syncTimeout", "db", "connectTimeout");
  const setting = fc.oneof(
    fc.tuple(known, values),
    fc.tuple(fc.constantFrom("password", "pasword", "nope", "$AUTH"), fc.oneof(values, cut)),
  ).map(([key, value]) => `${key}=${value}`);
  const texts = fc.oneof(
    fc.array(setting, { maxLength: 4 }).map((all) => ["h:1", ...all].join()),
    setting.map((one) => `redis://h?${one}`),
    fc.oneof(values, cut).map((value) => `rediss://app:${value}@h/1`),
    setting.map((one) => `unix:///run/redis.sock?${one}`),
  );
  fc.assert(fc.property(texts, (text) => {
    const parsed = parseConnectionString(text);
    const reported = parsed.ok ? parsed.warnings.map(renderLine).join("\n") : parsed.why;
    assert(!reported.includes(secret), reported);
  }));
  fc.assert(fc.property(fc.string({ unit: anyCharacter }), (text) => void parseConnectionString(text)));
  const pieces = fc.constantFrom("redis://", "unix:", "/", "@", ":", "?", "&", "=", ",", "%", "[", "]", "h", "db", "1");
  fc.assert(fc.property(fc.array(pieces), (all) => void parseConnectionString(all.join(""))));
});

Deno.test("an empty name is none", () => {
  assertEquals(planOf("h:1,ssl=true,sslHost="), single("h", 1, { tls: true }));
  assertEquals(planOf("h:1,serviceName="), single("h", 1));
});

Deno.test("numbers, names and hosts are taken up to their bounds", () => {
  const databaseOf = (text: string) => (planOf(`h,defaultDatabase=${text}`) as RedisPlan).database;
  assertEquals(["0", "2147483647", "-1"].map(databaseOf), [0, 2_147_483_647, 0]);
  for (const wrong of ["2147483648", "12345678901", "-2", "1.5", "x", "1 2"]) {
    assertStringIncludes(whyNot(`h,defaultDatabase=${wrong}`), "must be the number of a database", wrong);
  }
  const [bound, beyond] = ["z".repeat(40), "z".repeat(41)];
  assertEquals(warningsOf(`h,${bound}=1`), [`cluster/unknown-key: Unknown key ${bound}; null`]);
  assertEquals(warningsOf(`h,${beyond}=1`), ["cluster/unknown-key: A key is unknown; null"]);
  assertEquals(planOf("h".repeat(253)), single("h".repeat(253), 6379));
  whyNot("h".repeat(254));
});

Deno.test("each form is taken up to its bounds, and not beyond", () => {
  const taken: [string, unknown][] = [
    ["h:1,password=http://x", single("h", 1, { password: "http://x" })],
    ["h:1,user=a/b", single("h", 1, { user: "a/b" })],
    ["h:1,serviceName=", single("h", 1)],
    ["h:1,name=a  b c", single("h", 1, { clientName: "a-b-c" })],
    [`h:1,name=${"n".repeat(257)}`, single("h", 1, { clientName: "n".repeat(256) })],
    ["h:1,connectTimeout=1", single("h", 1, { connectTimeoutMilliseconds: 1 })],
    ["h:1,connectTimeout=600000", single("h", 1, { connectTimeoutMilliseconds: 600_000 })],
    ["/a", socket("/a")],
    ["UNIX:/run/redis.sock", socket("/run/redis.sock")],
    ["unix://@/run/redis.sock", socket("/run/redis.sock")],
    ["unix://a@/b@/run", socket("/b@/run", { user: "a" })],
    ["unix://a\nb@/run", socket("/run", { user: "a\nb" })],
    ["/run/redis.sock?", socket("/run/redis.sock")],
    ["redis://:a,=b@h", single("h", 6379, { password: "a,=b" })],
    ["redis://h?", single("h", 6379)],
    ["redis://h/?db=4", single("h", 6379, { database: 4 })],
    ["redis://h?password=a\nb", single("h", 6379, { password: "a\nb" })],
  ];
  for (const [text, plan] of taken) assertEquals(planOf(text), plan as RedisPlan, text);
  for (const serviceName of ["cPp", "s".repeat(256)]) {
    assertEquals((planOf(`h,serviceName=${serviceName}`) as { serviceName: string }).serviceName, serviceName);
  }
  const hosts = (count: number) => Array.from({ length: count }, (_, at) => `h${at}`).join();
  assertEquals((planOf(hosts(64)) as { endpoints: unknown[] }).endpoints.length, 64);
  const scheme = "s".repeat(32);
  const refused: [string, string][] = [
    ["x".repeat(16_384), "Part 1 is neither"],
    ["x".repeat(16_385), "It is longer than 16384 characters"],
    ["a://h", "a:// is not known"],
    [`${scheme}://h`, `${scheme}:// is not known`],
    [`${scheme}s://h`, "Part 1"],
    [":1", "Part 1 is neither"],
    ["[]:1", "Part 1 is neither"],
    ["[::1]x", "Part 1 is neither"],
    ["x[::1]", "Part 1 is neither"],
    ["[::1]:", "Part 1 has a port"],
    ["[::1]:1\n2", "Part 1 has a port"],
    ...["000001", "x1", "1x"].map((port): [string, string] => [`h:${port}`, "Part 1 has a port"]),
    ["/", "Part 1 is not the absolute path"],
    ["unix:relative/x", "Part 1 is not the absolute path"],
    ["redis://h:6379, password=p@ss", "It can be read in more than one way"],
    ...["x1", "1x", "00000000001"].map((path): [string, string] => [`redis://h/${path}`, "The part after the host"]),
    [`h,serviceName=${"s".repeat(257)}`, "serviceName must be"],
    ["h,connectTimeout=600001", "connectTimeout must be"],
    ["h,connectTimeout=00000000001", "connectTimeout must be"],
  ];
  for (const [text, why] of refused) assertStringIncludes(whyNot(text), why, text);
  assertEquals(warningsOf("h,q=1"), ["cluster/unknown-key: Unknown key q; null"]);
  assertEquals(warningsOf("h,1q=1"), ["cluster/unknown-key: A key is unknown; null"]);
});
