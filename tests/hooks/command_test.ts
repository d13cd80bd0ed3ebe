import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { setTimeout as delay } from "node:timers/promises";
import { commandEnvironment } from "../../src/hooks/command.ts";
import { killGroups } from "../../src/host/process_group.ts";
import { eventually } from "../support/eventually.ts";
import { isRunning } from "../support/process_tree.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { ACTIVATED, firstNumber, run, runningInGroup, runShell } from "./sample_hook.ts";

Deno.test("a command that exits with 0 succeeded, and both its streams are its output", async () => {
  const ending = await runShell("echo one; echo two >&2; exit 0");
  assert(ending.ok);
  assertEquals(ending.output.split("\n").sort(), ["one", "two"]);
});

Deno.test("a command runs in the root directory, in its own group, with nothing to read", async () => {
  const ending = await runShell("echo $$; cut -d' ' -f5 /proc/$$/stat; pwd; cat");
  assert(ending.ok);
  const [pid, group, directory, ...rest] = ending.output.split("\n");
  assertEquals([group, directory, rest], [pid, "/", []]);
});

Deno.test("a command gets the payload and the harmless variables, and nothing else of the daemon's", async () => {
  const own: Record<string, string> = {
    PATH: "/usr/bin:/bin",
    HOME: "/nowhere",
    LC_TIME: "C",
    NOTIFY_SOCKET: "/run/systemd/notify",
    CREDENTIALS_DIRECTORY: "/run/credentials",
    HighAvailability__RedisConnectionString: "redis:6379,password=hunter22",
    LD_PRELOAD: "/tmp/x.so",
  };
  const ending = await run({ kind: "command", command: ["env", "-0"] }, {
    surroundings: { environment: (name) => own[name] },
  });
  assert(ending.ok);
  assertEquals(ending.output.split("\u2400").filter((line) => line !== "").sort(), [
    "HOME=/nowhere",
    "HONUA_CONFIGD_CHANGED=layers,caches",
    "HONUA_CONFIGD_EVENT=activated",
    "HONUA_CONFIGD_GENERATION=7",
    `HONUA_CONFIGD_HASH=${ACTIVATED.hash}`,
    "HONUA_CONFIGD_HOOK=sample",
    "HONUA_CONFIGD_INSTANCE=edge-1",
    `HONUA_CONFIGD_PREVIOUS_HASH=${ACTIVATED.previousHash}`,
    "HONUA_CONFIGD_SERVER_PATH=/var/lib/honua-configd/config.snapshot.honua",
    "HONUA_CONFIGD_SNAPSHOT=/var/lib/honua-configd/config.snapshot.json",
    "HONUA_CONFIGD_SOURCE=/etc/honua/config.hcl",
    "LC_TIME=C",
    "PATH=/usr/bin:/bin",
  ]);
});

Deno.test("a command finds system programs if the daemon has no PATH", async () => {
  const ending = await runShell("true", { surroundings: { environment: () => undefined } });
  assertEquals(ending, { ok: true, output: "" });
});

Deno.test("the payload of a command beats the daemon's own variables, and an empty PATH is none", () => {
  const defaults = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const own: Record<string, string> = { PATH: "", LC_ALL: "de_DE.UTF-8", HOME: "", PWD: "/x", LC_OTHER: "x" };
  assertEquals(commandEnvironment({ LC_ALL: "C", X: "y" }, (name) => own[name]), {
    PATH: defaults,
    HOME: "",
    LC_ALL: "C",
    X: "y",
  });
  assertEquals(commandEnvironment({ PATH: "/given" }, () => "own").PATH, "/given");
  const names = "HOME USER LOGNAME SHELL TMPDIR TZ LANG LANGUAGE LC_ALL LC_ADDRESS LC_COLLATE LC_CTYPE " +
    "LC_IDENTIFICATION LC_MEASUREMENT LC_MESSAGES LC_MONETARY LC_NAME LC_NUMERIC LC_PAPER LC_TELEPHONE LC_TIME PATH";
  assertEquals(Object.keys(commandEnvironment({}, (name) => name)).sort(), names.split(" ").sort());
});

Deno.test("arguments reach the program unchanged, without a shell", async () => {
  const odd = ["$HOME", "a b", "", "*", "--", "'\"`", "\u{1f600}"];
  const ending = await run({ kind: "command", command: ["printf", "[%s]", ...odd] });
  assertEquals(ending, { ok: true, output: odd.map((word) => `[${word}]`).join("") });
});

Deno.test("an exit code differs from a signal, and neither reason quotes the arguments", async () => {
  assertEquals(await runShell("echo oops; exit 3"), { ok: false, reason: "exited with 3", output: "oops" });
  assertEquals(await runShell("kill -SEGV $$"), { ok: false, reason: "was ended by SIGSEGV", output: "" });
  assertEquals(await runShell("kill -KILL $$"), { ok: false, reason: "was ended by SIGKILL", output: "" });
});

Deno.test("a program that is missing or cannot be executed is named, its arguments are not", async () => {
  await using directory = await temporaryDirectory();
  const text = await directory.write("text", "#!/bin/sh\n");
  const lost = await directory.write("lost", "#!/nowhere/interpreter\n");
  await Deno.chmod(lost, 0o755);
  for (
    const [program, reason] of [
      ["/nowhere/program", "is not there: /nowhere/program"],
      ["no-such-program", "is not there: no-such-program is in no directory of PATH"],
      [text, `is not executable: ${text}`],
      [directory.path, `is not a program: ${directory.path}`],
      [lost, `cannot be executed: ${lost}`],
      ["", "is not there:  is in no directory of PATH"],
      ["/no\x1b[2Jwhere", "is not there: /no\u241b[2Jwhere"],
      ["__proto__", "is not there: __proto__ is in no directory of PATH"],
    ] as const
  ) {
    const ending = await run({ kind: "command", command: [program, "s3cret"] });
    assert(!ending.ok);
    assertEquals(ending.reason, reason);
    assertEquals(ending.output.includes("s3cret"), false);
  }
});

Deno.test("arguments that the system does not take are a reason, and a huge payload is not", async () => {
  assertEquals(await run({ kind: "command", command: ["true", "x".repeat(3 << 20)] }), {
    ok: false,
    reason: "has more arguments than the system takes",
    output: "",
  });
  const huge = "\u{1f600}".repeat(1 << 20);
  const payload = {
    ...ACTIVATED,
    instance: huge,
    reason: huge,
    source: `/${huge}`,
    hash: huge,
    changed: Array(10_000).fill(huge),
  };
  assertEquals(await runShell('test -z "$HONUA_CONFIGD_SOURCE" && test -n "$HONUA_CONFIGD_REASON"', { payload }), {
    ok: true,
    output: "",
  });
});

Deno.test("a command that fails can succeed when it is run again", async () => {
  await using directory = await temporaryDirectory();
  const script = `test -e ${directory.path}/done || { touch ${directory.path}/done; exit 1; }`;
  assertEquals((await runShell(script)).ok, false);
  assertEquals((await runShell(script)).ok, true);
});

Deno.test("a command that ignores SIGTERM and its children are ended when its time is over", async () => {
  const ending = await runShell("trap '' TERM; echo $$; sleep 600 & sleep 600 & while :; do sleep 1; done", {
    timeoutMilliseconds: 1_000,
  });
  assert(!ending.ok);
  assertEquals(ending.reason, "took longer than 1 s and was ended");
  assertEquals(await runningInGroup(firstNumber(ending.output)), []);
});

Deno.test("a command that took too long may clean up, and its output of that time is kept", async () => {
  const ending = await runShell("trap 'echo bye; exit 0' TERM; echo $$; while :; do sleep 0.05; done", {
    timeoutMilliseconds: 1_000,
  });
  assert(!ending.ok);
  assertEquals(ending.output.split("\n").includes("bye"), true);
  assertEquals(await runningInGroup(firstNumber(ending.output)), []);
});

Deno.test("a command is asked to end when the daemon stops, and ended with its group if it does not, also in its grace", async () => {
  for (const timeoutMilliseconds of [60_000, 1_000]) {
    await using directory = await temporaryDirectory();
    const stopping = new AbortController();
    const script =
      `trap ': >${directory.path}/warned' TERM; echo $$ >${directory.path}/pid; : >${directory.path}/up; sleep 600 & while :; do sleep 0.05; done`;
    const ended = runShell(script, { signal: stopping.signal, timeoutMilliseconds });
    const awaited = timeoutMilliseconds === 60_000 ? "up" : "warned";
    await eventually(awaited, () => Deno.stat(directory.file(awaited)));
    stopping.abort();
    const ending = await ended;
    assert(!ending.ok);
    const group = Number(await Deno.readTextFile(directory.file("pid")));
    assertEquals(await runningInGroup(group), []);
    assertEquals((await Deno.stat(directory.file("warned"))).isFile, true);
    if (timeoutMilliseconds === 60_000) assertEquals(ending.reason, "was ended because the daemon stops");
  }
});

Deno.test("a command may clean up when the daemon stops, and its output of that time is kept", async () => {
  await using directory = await temporaryDirectory();
  const stopping = new AbortController();
  const script = `trap 'echo bye; exit 0' TERM; : >${directory.path}/up; while :; do sleep 0.05; done`;
  const ended = runShell(script, { signal: stopping.signal });
  await eventually("the command runs", () => Deno.stat(directory.file("up")));
  stopping.abort();
  const ending = await ended;
  assert(!ending.ok);
  assertEquals(ending.reason, "was ended because the daemon stops");
  assertEquals(ending.output.split("\n").includes("bye"), true);
});

Deno.test("the owner of the running groups has each while it runs, and can end them all at once", async () => {
  await using directory = await temporaryDirectory();
  const groups = new Set<number>();
  const script =
    `trap '' TERM; echo $$; sleep 600 & echo $$ >${directory.path}/pid; mv ${directory.path}/pid ${directory.path}/up; sleep 600`;
  const ended = runShell(script, { surroundings: { groups } });
  const group = Number(await eventually("the command runs", () => Deno.readTextFile(directory.file("up"))));
  assertEquals([...groups], [group]);
  killGroups(groups);
  assertEquals(await ended, { ok: false, reason: "was ended by SIGKILL", output: String(group) });
  assertEquals(await runningInGroup(group), []);
  assertEquals([...groups], []);
});

Deno.test("no group is kept that ended or was never started", async () => {
  const kept: number[] = [];
  const groups = new Set<number>();
  const owner = {
    add: (id: number) => (kept.push(id), groups.add(id)),
    delete: (id: number) => groups.delete(id),
  };
  const surroundings = { groups: owner };
  assertEquals(await runShell("exit 0", { surroundings }), { ok: true, output: "" });
  await runShell("sleep 600", { surroundings, timeoutMilliseconds: 1_000 });
  assertEquals((await run({ kind: "command", command: ["/nowhere"] }, { surroundings })).ok, false);
  assertEquals([kept.length, groups.size], [2, 0]);
});

Deno.test("nothing is started if the daemon stops already", async () => {
  await using directory = await temporaryDirectory();
  const ending = await runShell(`touch ${directory.path}/ran`, { signal: AbortSignal.abort() });
  assertEquals(ending, { ok: false, reason: "was ended because the daemon stops", output: "" });
  assertEquals(await Array.fromAsync(Deno.readDir(directory.path)), []);
});

/** A script that waits until a process which it started wrote its number to `pid`, as it does at its beginning. */
function startsOther(start: string, pid: string): string {
  return `${start} sh -c 'echo $$ >${pid}.new; mv ${pid}.new ${pid}; exec sleep 600' >/dev/null 2>&1 &
    until test -e ${pid}; do sleep 0.01; done`;
}

/** Whether the process of that file is gone; if it is not, it is killed, so that it outlives no test. */
async function endedBy(pid: string): Promise<boolean> {
  const number = Number(await Deno.readTextFile(pid));
  if (!await isRunning(number)) return true;
  Deno.kill(number, "SIGKILL");
  return false;
}

Deno.test("the processes that a command leaves in its session are ended and counted, in any groups", async () => {
  for (const start of ["", "timeout 600", "setsid --fork timeout 600"]) {
    await using directory = await temporaryDirectory();
    const pid = directory.file("pid");
    const counts: number[] = [];
    const surroundings = { ended: (count: number) => void counts.push(count) };
    const ending = await runShell(startsOther(start, pid), { surroundings });
    assertEquals(ending, { ok: true, output: "" });
    const isDaemon = start.startsWith("setsid");
    assertEquals([start, await endedBy(pid)], [start, !isDaemon]);
    assertEquals(counts, isDaemon ? [] : [start === "" ? 1 : 2]);
  }
});

Deno.test("at its limit a command is ended with all of its session, and a process with a session of its own goes on", async () => {
  await using directory = await temporaryDirectory();
  const [own, daemon] = [directory.file("own"), directory.file("daemon")];
  const counts: number[] = [];
  const script = `${startsOther("timeout 600", own)}; ${
    startsOther("setsid", daemon)
  }; trap '' TERM; sleep 600; sleep 600`;
  const surroundings = { ended: (count: number) => void counts.push(count) };
  const ending = await runShell(script, { timeoutMilliseconds: 2_000, surroundings });
  assertEquals(ending, { ok: false, reason: "took longer than 2 s and was ended", output: "" });
  assertEquals([await endedBy(own), await endedBy(daemon)], [true, false]);
  // timeout, its sleep, and the sleep in front.
  assertEquals(counts, [3]);
});

Deno.test("a chain of processes in a command's group, each too short to be seen, ends with the command", async () => {
  for (const trap of ["", "trap '' TERM; "]) {
    await using directory = await temporaryDirectory();
    const [chain, last, stop] = ["chain", "last", "stop"].map((name) => directory.file(name));
    const link = `${trap}test -e ${stop} || { echo $$ >${last}; /bin/sh ${chain} & }`;
    await directory.write("chain", link);
    assertEquals(await runShell(`/bin/sh ${chain}; until test -s ${last}; do sleep 0.01; done`), {
      ok: true,
      output: "",
    });
    const before = await Deno.readTextFile(last!);
    // Each link is over within a few milliseconds: one that lived would have started others.
    await delay(200);
    await directory.write("stop", "");
    assertEquals(await Deno.readTextFile(last!), before);
  }
});

Deno.test("a descendant that left the group and keeps the pipe does not hold the ending up", async () => {
  await using directory = await temporaryDirectory();
  const pid = directory.file("pid");
  const leave = `setsid sh -c 'echo $$ >${pid}; exec sleep 600'`;
  const ending = await runShell(`${leave} & until test -s ${pid}; do sleep 0.01; done; echo done`);
  Deno.kill(Number(await Deno.readTextFile(pid)), "SIGKILL");
  assertEquals(ending, { ok: true, output: "done" });
});

Deno.test("output that comes just behind a command's end is kept", async () => {
  const ending = await runShell("echo first; sh -c 'echo second' & exit 0");
  assertEquals(ending, { ok: true, output: "first\nsecond" });
});

Deno.test("a million lines cost neither the command its end nor the daemon its memory", async () => {
  const ending = await runShell("seq 1 1000000; echo the end >&2");
  assert(ending.ok);
  assert(new TextEncoder().encode(ending.output).length < 5_000);
  assert(ending.output.startsWith("1\n2\n3\n"));
  assertStringIncludes(ending.output, " bytes left out …\n");
  assertStringIncludes(ending.output, "999999\n1000000");
});

Deno.test("binary output is made harmless", async () => {
  const ending = await runShell(String.raw`printf 'a\033[2J\000\377\r\nb\tc\342\200\256'; head -c 100000 /dev/urandom`);
  assert(ending.ok);
  assert(ending.output.startsWith("a\u241b[2J\u2400\ufffd\nb    c<U+202E>"));
  // deno-lint-ignore no-control-regex
  assertEquals(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/.test(ending.output), false);
});

Deno.test("secrets in the output are masked before it is cut", async () => {
  const mask = (text: string) => text.replaceAll("s3cretvalue", "[masked]");
  const ending = await runShell("yes s3cretvalue | head -c 1200000", { surroundings: { mask } });
  assert(ending.ok);
  assertEquals(ending.output.includes("s3c"), false);
  assertEquals(/retvalue|s3cr/.test(ending.output), false);
  assertStringIncludes(ending.output, "[masked]");
});

const HAS_SETPRIV = await Deno.stat("/usr/bin/setpriv").then(() => true, () => false);
if (!HAS_SETPRIV) console.error("setpriv is not installed, so the test of a killed daemon is ignored");

Deno.test("a command does not outlive a daemon that was killed", { ignore: !HAS_SETPRIV }, async () => {
  await using directory = await temporaryDirectory();
  const module = new URL("../../src/hooks/command.ts", import.meta.url).href;
  const limits = new URL("../../src/hooks/ending.ts", import.meta.url).href;
  const script = await directory.write(
    "daemon.ts",
    `import { runCommand } from "${module}"; import { openLimit } from "${limits}";
    const limit = openLimit(600_000, new AbortController().signal);
    await runCommand(["sh", "-c", "echo $$ >${directory.path}/pid; mv ${directory.path}/pid ${directory.path}/up; while :; do sleep 1; done"],
      { PATH: "/usr/bin:/bin" }, limit, { environment: () => undefined, mask: (text) => text });`,
  );
  const config = new URL("../../deno.json", import.meta.url).pathname;
  const daemon = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--no-lock", "--config", config, script],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  const pid = Number(await eventually("the command runs", () => Deno.readTextFile(directory.file("up")), 60_000));
  assertEquals(await isRunning(pid), true);
  daemon.kill("SIGKILL");
  await daemon.status;
  await eventually("the command is gone", async () => !(await isRunning(pid)));
});
