import { assert, assertEquals } from "@std/assert";
import { signalPidFile } from "../../src/hooks/hook.ts";
import { readSmallFile } from "../../src/host/small_file.ts";
import { eventually } from "../support/eventually.ts";
import { temporaryDirectory } from "../support/temporary.ts";
import { run } from "./sample_hook.ts";

function never(): never {
  throw new Error("signalled");
}

Deno.test("the process whose number is the file's first line gets the signal", async () => {
  await using directory = await temporaryDirectory();
  const script =
    `trap 'touch ${directory.path}/heard; exit' HUP; touch ${directory.path}/up; while :; do sleep 0.02; done`;
  const child = new Deno.Command("sh", { args: ["-c", script] }).spawn();
  await eventually("the server is up", () => Deno.stat(directory.file("up")));
  const pidFile = await directory.write("server.pid", ` ${child.pid}\r\n/var/lib/server\n5432\n`);
  assertEquals(await run({ kind: "signal", signal: "SIGHUP", pidFile }), { ok: true, output: "" });
  await eventually("the signal is heard", () => Deno.stat(directory.file("heard")));
  await child.status;
});

Deno.test("a file that names no process of a server signals nothing", async () => {
  await using directory = await temporaryDirectory();
  for (const text of ["", "\n12", "abc", "-1", "0x10", "1e3", "12 13", "99999999999", "\ufeff12", "x".repeat(8_000)]) {
    const pidFile = await directory.write("server.pid", text);
    assertEquals(await signalPidFile(pidFile, "SIGHUP", never), {
      ok: false,
      reason: `has no process to signal: ${pidFile} does not begin with a process's number`,
      output: "",
    });
  }
  for (const pid of [0, 1, Deno.pid, 2 ** 31]) {
    const pidFile = await directory.write("server.pid", `${pid}\n`);
    assertEquals(await signalPidFile(pidFile, "SIGHUP", never), {
      ok: false,
      reason: `signals no process ${pid}, which ${pidFile} names: it is not a server's`,
      output: "",
    });
  }
});

Deno.test("a pid file that cannot be read is named with the reason", async () => {
  await using directory = await temporaryDirectory();
  const big = await directory.write("big", "1".repeat(10_000));
  const pipe = directory.file("pipe");
  await new Deno.Command("mkfifo", { args: [pipe] }).output();
  for (
    const [path, why] of [
      [directory.file("none"), "is not there"],
      [directory.path, "is not a file"],
      [pipe, "is not a file"],
      [big, "is larger than 8192 bytes"],
    ] as const
  ) {
    const reason = `has no process to signal: ${path} ${why}`;
    assertEquals(await signalPidFile(path, "SIGHUP", never), { ok: false, reason, output: "" });
  }
});

Deno.test("a file that outlived its server is reported to be out of date", async () => {
  await using directory = await temporaryDirectory();
  const child = new Deno.Command("true").spawn();
  await child.status;
  const pidFile = await directory.write("server.pid", `${child.pid}\n`);
  assertEquals(await signalPidFile(pidFile, "SIGHUP"), {
    ok: false,
    reason:
      `found no process ${child.pid}, which ${pidFile} names: the file is out of date, or the server does not run`,
    output: "",
  });
});

Deno.test("a process of another user is reported with advice", async () => {
  await using directory = await temporaryDirectory();
  const pidFile = await directory.write("server.pid", "4711\n");
  const ending = await signalPidFile(pidFile, "SIGHUP", () => {
    throw new Deno.errors.PermissionDenied("EPERM: Operation not permitted");
  });
  assert(!ending.ok);
  assertEquals(
    ending.reason,
    "may not signal process 4711 of another user: give the daemon's unit CAP_KILL in a drop-in, or use SystemdUnit",
  );
});

Deno.test("any number of a process from 2 on is signalled, with any blanks around it", async () => {
  await using directory = await temporaryDirectory();
  const sent: unknown[] = [];
  const texts = ["2", "2\n", "\t 2 \t\r\n", "2\nx", "0000000002", `${2 ** 31 - 1}`];
  for (const text of texts) {
    const pidFile = await directory.write("server.pid", text);
    const ending = await signalPidFile(pidFile, "SIGUSR1", (...args) => void sent.push(args));
    assertEquals(ending, { ok: true, output: "" }, text);
  }
  assertEquals(sent, [...Array(5).fill([2, "SIGUSR1"]), [2 ** 31 - 1, "SIGUSR1"]]);
  for (const text of ["2x", "2\v", "x2", "00000000002", "2\r3"]) {
    const pidFile = await directory.write("server.pid", text);
    assertEquals((await signalPidFile(pidFile, "SIGHUP", never)).ok, false, text);
  }
});

Deno.test("an unexpected refusal is reported by its name only", async () => {
  await using directory = await temporaryDirectory();
  const pidFile = await directory.write("server.pid", "4711\n");
  for (const [thrown, name] of [[new TypeError("s3cret"), "TypeError"], ["s3cret", "an unknown error"]] as const) {
    const ending = await signalPidFile(pidFile, "SIGHUP", () => {
      throw thrown;
    });
    assertEquals(ending, { ok: false, reason: `could not signal process 4711: ${name}`, output: "" });
  }
});

Deno.test("a small file is read up to 8192 bytes, and an unexpected kind of it is reported by its code", async () => {
  await using directory = await temporaryDirectory();
  const most = await directory.write("most", "x".repeat(8_192));
  assertEquals(await readSmallFile(most), { ok: true, text: "x".repeat(8_192) });
  const beyond = await directory.write("beyond", "x".repeat(8_193));
  assertEquals(await readSmallFile(beyond), { ok: false, reason: `${beyond} is larger than 8192 bytes` });
  const loop = directory.file("loop");
  await Deno.symlink(loop, loop);
  assertEquals(await readSmallFile(loop), { ok: false, reason: `${loop} cannot be read: ELOOP` });
  assertEquals(await readSmallFile(`${most}/x`), { ok: false, reason: `${most}/x is not there` });
});
