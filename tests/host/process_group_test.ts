import { assert, assertEquals } from "@std/assert";
import { killGroups, killSessions, type ProcessGroup, startGroup, wasNeverRun } from "../../src/host/process_group.ts";
import { runningGroups } from "../../src/host/session.ts";
import { eventually } from "../support/eventually.ts";
import { fakeClock, turn } from "../support/fake_clock.ts";
import { type TemporaryDirectory, temporaryDirectory } from "../support/temporary.ts";
import { runningInGroup } from "../hooks/sample_hook.ts";

/** Longer than any test waits for. */
const LONG_MILLISECONDS = 600_000;

/** Starts a command of sh(1), in which DIR means the directory, and waits until it has made `up` there. */
async function start(script: string, directory: TemporaryDirectory): Promise<ProcessGroup> {
  const args = ["-c", script.replaceAll("DIR", directory.path)];
  const started = startGroup({ path: "/bin/sh", args, env: { PATH: "/usr/bin:/bin" } }, () => {});
  assert(started.ok);
  await eventually("the group is up", () => Deno.stat(directory.file("up")));
  return started.group;
}

Deno.test("a hurry leaves a group time to clean up, whether it began before the grace or in it", async () => {
  for (const isHurriedBefore of [true, false]) {
    await using directory = await temporaryDirectory();
    const group = await start(
      "trap ': >DIR/warned' TERM; : >DIR/up; until test -e DIR/go; do sleep 0.02; done; : >DIR/cleaned",
      directory,
    );
    const stopping = new AbortController();
    if (isHurriedBefore) stopping.abort();
    const ended = group.end(LONG_MILLISECONDS, { signal: stopping.signal, graceMilliseconds: 60_000 });
    await eventually("the group is warned", () => Deno.stat(directory.file("warned")));
    stopping.abort();
    await directory.write("go", "");
    await ended;
    assertEquals((await Deno.stat(directory.file("cleaned"))).isFile, true);
  }
});

Deno.test("a hurry shortens the grace of a group that does not end", async () => {
  await using directory = await temporaryDirectory();
  const group = await start("trap ': >DIR/warned' TERM; : >DIR/up; while :; do sleep 0.02; done", directory);
  const stopping = new AbortController();
  const ended = group.end(LONG_MILLISECONDS, { signal: stopping.signal, graceMilliseconds: 50 });
  try {
    await eventually("the group is warned", () => Deno.stat(directory.file("warned")));
    assertEquals((await runningInGroup(group.id)).includes(group.id), true);
    stopping.abort();
    await eventually("the group is gone", async () => (await runningInGroup(group.id)).length === 0);
  } finally {
    killGroups([group.id]);
    await ended;
  }
});

Deno.test("a hurry does not lengthen the grace of a group", async () => {
  await using directory = await temporaryDirectory();
  const group = await start("trap '' TERM; : >DIR/up; while :; do sleep 0.02; done", directory);
  const ended = group.end(50, { signal: AbortSignal.abort(), graceMilliseconds: LONG_MILLISECONDS });
  try {
    await eventually("the group is gone", async () => (await runningInGroup(group.id)).length === 0);
  } finally {
    killGroups([group.id]);
    await ended;
  }
});

Deno.test("the end of a group closes its pipes to processes that left it, and nothing more comes from them", async () => {
  await using directory = await temporaryDirectory();
  const script = await directory.write(
    "left",
    "trap '' PIPE; : >DIR/up; until test -e DIR/go; do sleep 0.02; done; echo late || : >DIR/refused; : >DIR/done"
      .replaceAll("DIR", directory.path),
  );
  const group = await start(`setsid sh ${script} & until test -e DIR/up; do sleep 0.02; done`, directory);
  assertEquals((await group.status).success, true);
  assertEquals(await group.end(0), 0);
  // On a busy machine `end` may give up its short wait for this.
  await group.outputEnded;
  await directory.write("go", "");
  await eventually("the process that left wrote", () => Deno.stat(directory.file("done")));
  assertEquals((await Deno.stat(directory.file("refused"))).isFile, true);
});

Deno.test("if /proc does not tell, a group that may not be signalled is waited for, and one that is gone is not", async () => {
  const { kill, readDir } = Deno;
  const started = startGroup({ path: "/bin/sh", args: ["-c", "exit 0"], env: {} }, () => {});
  assert(started.ok);
  const { group } = started;
  await group.status;
  const sent: (Deno.Signal | number | undefined)[] = [];
  let asked = 0;
  Deno.readDir = () => {
    throw new Deno.errors.NotFound("/proc");
  };
  Deno.kill = (_, signal) => {
    sent.push(signal);
    if (signal as unknown !== 0 || ++asked < 3) throw new Deno.errors.PermissionDenied("EPERM");
    throw new Deno.errors.NotFound("ESRCH");
  };
  try {
    // The number of processes beside the leader is not known.
    assertEquals(await group.end(LONG_MILLISECONDS), 0);
  } finally {
    Object.assign(Deno, { kill, readDir });
  }
  assertEquals(sent as unknown, [0, "SIGTERM", 0, 0, "SIGKILL"]);
});

Deno.test("a group that does not die is looked at ever more rarely, and given up half a second after SIGKILL", async () => {
  const { kill, readDir } = Deno;
  const { clock, timers } = fakeClock();
  const started = startGroup({ path: "/bin/sh", args: ["-c", "exit 0"], env: {} }, () => {}, clock);
  assert(started.ok);
  const { group } = started;
  await group.status;
  for (const isRefused of [false, true]) {
    const sent: (Deno.Signal | number)[] = [];
    const begun = timers.now;
    Deno.readDir = () => {
      throw new Deno.errors.NotFound("/proc");
    };
    Deno.kill = (_, signal) => {
      sent.push(signal as unknown === 0 ? timers.now - begun : signal as Deno.Signal);
      if (isRefused) throw new Deno.errors.PermissionDenied("EPERM");
    };
    let isOver = false;
    try {
      const ended = group.end(35).finally(() => isOver = true);
      while (!isOver) {
        await turn();
        timers.next();
      }
      assertEquals(await ended, 0);
    } finally {
      Object.assign(Deno, { kill, readDir });
    }
    const killed = [0, 10, 30, 70, 150, 250, 350, 450, 500].map((milliseconds) => 35 + milliseconds);
    assertEquals(sent, [0, "SIGTERM", 0, 10, 30, 35, "SIGKILL", ...killed]);
  }
});

Deno.test("each group of a session is asked to end once, and no listener remains for a hurry that is over", async () => {
  await using directory = await temporaryDirectory();
  const other = "timeout 600 sh -c 'trap : TERM; : >DIR/other; while :; do sleep 0.02; done' &";
  const group = await start(
    `trap '' TERM; ${other} until test -e DIR/other; do sleep 0.02; done; : >DIR/up; sleep 600`,
    directory,
  );
  const { kill } = Deno;
  const reported: number[] = [];
  Deno.kill = (pid, signal) => {
    if (signal === "SIGTERM") reported.push(pid);
    kill(pid, signal);
  };
  const signal = new AbortController().signal;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  signal.removeEventListener = (...args: Parameters<typeof remove>) => (listeners--, remove(...args));
  try {
    await group.end(300, { signal, graceMilliseconds: 1 });
  } finally {
    Deno.kill = kill;
  }
  assertEquals([reported.length, new Set(reported).size, reported[0], listeners], [2, 2, -group.id, 0]);
});

Deno.test("if /proc does not tell, a group that ignores SIGTERM is killed anyway", async () => {
  await using directory = await temporaryDirectory();
  const group = await start("trap '' TERM; : >DIR/up; while :; do sleep 0.02; done", directory);
  const { readDir } = Deno;
  Deno.readDir = () => {
    throw new Deno.errors.NotFound("/proc");
  };
  try {
    assertEquals(await group.end(50), 0);
  } finally {
    Object.assign(Deno, { readDir });
  }
  assertEquals((await group.status).signal, "SIGKILL");
  assertEquals(await runningInGroup(group.id), []);
});

Deno.test("only setpriv's own message about a program means that it was never run", () => {
  const complaint = "setpriv: failed to execute /x: No such file or directory";
  const cases: readonly (readonly [number, string, boolean])[] = [
    [126, complaint, true],
    [127, complaint, true],
    [125, complaint, false],
    [128, complaint, false],
    [1, complaint, false],
    [127, `sh: ${complaint}`, false],
    [127, "setpriv: failed", false],
    [127, "", false],
  ];
  for (const [code, output, isTrue] of cases) assertEquals(wasNeverRun(code, output), isTrue, `${code} ${output}`);
});

Deno.test("a session is killed with all groups in it", async () => {
  await using directory = await temporaryDirectory();
  const other = "timeout 600 sh -c ': >DIR/other; exec sleep 600' & until test -e DIR/other; do sleep 0.02; done";
  const group = await start(`trap '' TERM HUP; ${other}; : >DIR/up; sleep 600`, directory);
  assertEquals((await runningGroups(group.id))?.size, 2);
  await killSessions([0x7fff_ffff, group.id]);
  await eventually("the session is gone", async () => (await runningGroups(group.id))?.size === 0);
  assertEquals(await group.end(0), 0);
});

Deno.test("if /proc does not tell, the groups that lead the sessions are killed anyway", async () => {
  await using directory = await temporaryDirectory();
  const group = await start("trap '' TERM HUP; : >DIR/up; sleep 600 & sleep 600", directory);
  const { readDir } = Deno;
  Deno.readDir = () => {
    throw new Deno.errors.NotFound("/proc");
  };
  try {
    await killSessions([group.id]);
  } finally {
    Deno.readDir = readDir;
  }
  await eventually("the group is gone", async () => (await runningInGroup(group.id)).length === 0);
  await group.end(0);
});

Deno.test("groups are killed with all that runs in them, and those that are gone are passed over", async () => {
  await using directory = await temporaryDirectory();
  const group = await start("trap '' TERM HUP; sleep 600 & sleep 600 & : >DIR/up; sleep 600", directory);
  killGroups([0x7fff_ffff, group.id]);
  assertEquals((await group.status).signal, "SIGKILL");
  await eventually("the group is gone", async () => (await runningInGroup(group.id)).length === 0);
  killGroups([group.id]);
  await group.end(0);
});

Deno.test("nothing but a group is killed, for any numbers, and no refusal keeps the next from it", () => {
  const sent: [number, string][] = [];
  killGroups([0, 1, -1, -5, NaN, 1.5, Infinity, 2, 4711], (pid, signal) => {
    sent.push([pid, signal]);
    throw new Deno.errors.PermissionDenied("EPERM: Operation not permitted");
  });
  assertEquals(sent, [[-2, "SIGKILL"], [-4711, "SIGKILL"]]);
});

Deno.test("a program starts even if the directory of the daemon was removed", async () => {
  const before = Deno.cwd();
  const directory = await Deno.makeTempDir();
  Deno.chdir(directory);
  try {
    await Deno.remove(directory);
    const started = startGroup({ path: "/bin/sh", args: ["-c", "test $PWD = /"], env: {} }, () => {});
    assert(started.ok);
    assertEquals((await started.group.status).code, 0);
    await started.group.end(0);
  } finally {
    Deno.chdir(before);
  }
});
