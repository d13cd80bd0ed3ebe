import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { walk } from "@std/fs";
import { accessRules } from "../../src/cluster/redis/redis_scripts.ts";
import type { Finding } from "../../src/doctor/finding.ts";
import { type CommandSurroundings, runCommand } from "../support/command.ts";
import { type EdgeHost, openEdgeHost } from "../support/edge_host.ts";
import { startRedis } from "../support/redis_server.ts";
import { SAMPLE_CONNECTION } from "../support/sample_source.ts";

const ENVIRONMENT = { SAMPLE_CONNECTION };

interface Examined {
  readonly code: number;
  readonly text: string;
  readonly findings: readonly Finding[];
}

async function doctor(args: readonly string[], surroundings: CommandSurroundings = {}): Promise<Examined> {
  // On a host on which all tests run at once a check takes longer than a person would wait.
  const common = ["doctor", "--format", "json", "--timeout", "50"];
  const { code, stdout, stderr } = await runCommand([...common, ...args], { env: ENVIRONMENT, ...surroundings });
  assertEquals(stderr, "");
  return { code, text: stdout, findings: JSON.parse(stdout).findings };
}

function of(findings: readonly Finding[], check: string): Finding | undefined {
  return findings.find((one) => one.check === check);
}

/** Names, sizes and times of all that is there. */
async function inventory(directory: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const { path } of walk(directory)) {
    const { size, mtime, ino, mode } = await Deno.lstat(path);
    lines.push([path, size, mtime?.getTime(), ino, mode].join(" "));
  }
  return lines.sort();
}

function flagsOf(host: EdgeHost, socket: string): string[] {
  return ["--config", host.source, "--snapshot", host.snapshotPath, "--set", `Admin:Socket=${socket}`];
}

Deno.test("over a daemon at work and a Redis with the least rights, nothing is wrong", async () => {
  await using redis = await startRedis();
  await redis.cli("acl", "setuser", "edge", "on", ">hush-hush", ...accessRules("honua:config:changes"));
  await using host = await openEdgeHost();
  await Deno.chmod(host.directory, 0o755);
  const socket = `${host.directory}/admin.sock`;
  const passwordFile = `${host.directory}/password`;
  await Deno.writeTextFile(passwordFile, "hush-hush\n", { mode: 0o600 });
  const cluster = [
    ["HighAvailability:Enabled", "true"],
    ["HighAvailability:RedisConnectionString", `127.0.0.1:${redis.port},user=edge`],
    ["HighAvailability:RedisPasswordFile", passwordFile],
  ].flatMap(([name, value]) => ["--set", `${name}=${value}`]);
  await host.follow("first", { args: ["--set", `Admin:Socket=${socket}`, ...cluster] });
  const { code, text, findings } = await doctor([...flagsOf(host, socket), ...cluster]);
  assertEquals(findings.filter(({ level }) => level === "error"), []);
  assertEquals(code, 0);
  const well = ["source/valid", "snapshot/file", "redis/connection", "redis/rights", "daemon/answers", "daemon/status"];
  // The sample may have warnings of its own, which are a note.
  for (const check of well) assert(["ok", "note"].includes(of(findings, check)?.level ?? ""), check);
  assertEquals(await redis.cli("acl", "log"), "");
  assert(!text.includes("hush-hush"));
});

Deno.test("faults are reported together and left as they are: the source, the snapshot, Redis and a hook", async () => {
  await using redis = await startRedis();
  await redis.cli("acl", "setuser", "edge", "on", ">hush-hush", "-@all", "+ping");
  await using host = await openEdgeHost();
  await host.put("layer {\n");
  await Deno.writeTextFile(host.snapshotPath, "{}\n");
  const before = await inventory(host.directory);
  const { code, text, findings } = await doctor([
    ...flagsOf(host, ""),
    ...["HighAvailability:Enabled=true", "Hooks:List:0:Name=x", "Hooks:List:0:Command:0=/nonexistent/reload"].flatMap(
      (setting) => ["--set", setting],
    ),
    ...["--set", `ConnectionStrings:Redis=127.0.0.1:${redis.port},user=edge,password=hush-hush`],
    ...["--set", "Hooks:List:0:Command:1=--token=sesame-open"],
  ]);
  assertEquals(code, 1);
  for (const check of ["source/valid", "snapshot/file", "redis/rights", "hooks/command"]) {
    assertEquals(of(findings, check)?.level, "error", check);
  }
  assertStringIncludes(of(findings, "redis/rights")!.todo!, "ACL SETUSER edge ");
  assert(!/hush-hush|sesame-open/.test(text));
  assertEquals(await inventory(host.directory), before);
});

Deno.test("secrets of the environment and of the options are in no finding, for any fault", async () => {
  await using host = await openEdgeHost();
  const secret = "s3cr3t-value-of-the-environment";
  const { code, text } = await doctor([
    ...flagsOf(host, ""),
    ...["--set", "HighAvailability:Enabled=true"],
    ...["--set", `HighAvailability:RedisConnectionString=redis://:${secret}@127.0.0.1:1/0`],
    ...["--set", `Hooks:List:0:Http:Url=http://u:${secret}@127.0.0.1:1/`, "--set", "Hooks:List:0:Name=x"],
  ], { env: { SAMPLE_CONNECTION: secret } });
  assertEquals(code, 1);
  assert(!text.includes(secret));
});

Deno.test("a Redis that accepts and answers nothing, and a pipe in the source's place, are reported in time", async () => {
  await using redis = await startRedis();
  await using host = await openEdgeHost();
  await Deno.remove(host.source);
  const { success } = await new Deno.Command("mkfifo", { args: [host.source] }).output();
  assert(success);
  redis.freeze();
  const settings = ["HighAvailability:Enabled=true", `ConnectionStrings:Redis=127.0.0.1:${redis.port}`];
  const { code, findings } = await doctor([
    ...flagsOf(host, ""),
    ...settings.flatMap((setting) => ["--set", setting]),
    ...["--timeout", "3"],
  ]);
  redis.thaw();
  assertEquals(code, 1);
  assertStringIncludes(of(findings, "redis/connection")!.what, "does not answer");
  assertStringIncludes(of(findings, "source/found")!.what, "is a named pipe");
});

Deno.test("wrong options end with 2 and are reported as findings", async () => {
  const { code, findings } = await doctor(["--set", "Snapshot:Mode=9999"]);
  assertEquals([code, findings[0]?.check, findings[0]?.level], [2, "options/valid", "error"]);
});

Deno.test({
  name: "a user who may read next to nothing gets an answer all the same",
  // From a checkout another user can start nothing: Deno's cache is root's.
  ignore: Deno.uid() !== 0 || !Deno.env.has("HONUA_CONFIGD"),
  async fn() {
    await using host = await openEdgeHost();
    await Deno.chmod(host.directory, 0o700);
    const wrapper = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    const { code, findings } = await doctor(flagsOf(host, ""), { wrapper, cwd: "/" });
    assertEquals([code, of(findings, "source/found")?.level], [1, "error"]);
    assertStringIncludes(of(findings, "options/user")!.what, "nobody");
  },
});
