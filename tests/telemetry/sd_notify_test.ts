import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc, { anyCharacter } from "fast-check";
import { messageOf, openServiceManager, type ServiceState, withState } from "../../src/telemetry/sd_notify.ts";
import { eventually } from "../support/eventually.ts";
import { turn, withFakeTimeouts } from "../support/fake_clock.ts";
import { temporaryDirectory } from "../support/temporary.ts";

/** A service manager's end of the conversation, in its own socket. */
function listenAt(path: string) {
  const socket = Deno.listenDatagram({ transport: "unixpacket", path });
  const read = async () => new TextDecoder().decode((await socket.receive())[0]);
  return { read, [Symbol.dispose]: () => socket.close() };
}

function open(environment: Record<string, string>, notifyProgram: string | null = null) {
  const troubles: string[] = [];
  const manager = openServiceManager(environment, { onTrouble: (line) => troubles.push(line), notifyProgram });
  return { manager, troubles };
}

const step = fc.constantFrom<ServiceState>({ ready: true }, { reloading: true }, { stopping: true });
const remark = fc.oneof(
  fc.constant<ServiceState>({ watchdog: true }),
  fc.string({ unit: anyCharacter, maxLength: 400 }).map((status): ServiceState => ({ status })),
);
const isStep = (state: ServiceState) => !!(state.ready ?? state.reloading ?? state.stopping);

Deno.test("a service without a manager has nobody to tell, and no trouble", () => {
  for (const environment of [{}, { NOTIFY_SOCKET: "" }]) {
    const { manager, troubles } = open(environment);
    assertEquals(manager, null);
    assertEquals(troubles, []);
  }
});

Deno.test("messages arrive in order, and leave nothing in the runtime directory", async () => {
  await using directory = await temporaryDirectory();
  using listener = listenAt(directory.file("notify"));
  const environment = { NOTIFY_SOCKET: directory.file("notify"), RUNTIME_DIRECTORY: `${directory.path}:/nowhere` };
  const { manager, troubles } = open(environment);
  assert(manager);
  manager.notify({ ready: true, status: "In force" });
  manager.notify({ reloading: true });
  manager.notify({ ready: true });
  manager.notify({ stopping: true, status: "Stopping" });
  const read = [await listener.read(), await listener.read(), await listener.read(), await listener.read()];
  assertEquals(read, ["READY=1\nSTATUS=In force", "RELOADING=1", "READY=1", "STOPPING=1\nSTATUS=Stopping"]);
  await manager[Symbol.asyncDispose]();
  assertEquals([...Deno.readDirSync(directory.path)].map(({ name }) => name), ["notify"]);
  assertEquals(troubles, []);
});

const narrow = { read: true, write: true };
Deno.test(
  { name: "it takes no more permissions than those to read and write files", permissions: narrow },
  async () => {
    await using directory = await temporaryDirectory();
    using listener = listenAt(directory.file("notify"));
    const { manager, troubles } = open({ NOTIFY_SOCKET: directory.file("notify"), RUNTIME_DIRECTORY: directory.path });
    manager?.notify({ ready: true });
    await manager?.[Symbol.asyncDispose]();
    assertEquals(troubles, []);
    assertEquals(await listener.read(), "READY=1");
  },
);

Deno.test("a runtime directory that is not there leaves another place for the socket", async () => {
  await using directory = await temporaryDirectory();
  using listener = listenAt(directory.file("notify"));
  const environment = { NOTIFY_SOCKET: directory.file("notify"), RUNTIME_DIRECTORY: directory.file("gone") };
  const { manager, troubles } = open({ ...environment, TMPDIR: "" });
  manager?.notify({ ready: true });
  await manager?.[Symbol.asyncDispose]();
  assertEquals(troubles, []);
  assertEquals(await listener.read(), "READY=1");
});

Deno.test("disposing sends the waiting messages, and nothing is sent after it", async () => {
  await using directory = await temporaryDirectory();
  using listener = listenAt(directory.file("notify"));
  const { manager } = open({ NOTIFY_SOCKET: directory.file("notify") });
  manager?.notify({ ready: true });
  manager?.notify({ stopping: true });
  await manager?.[Symbol.asyncDispose]();
  manager?.notify({ ready: true, status: "too late" });
  assertEquals([await listener.read(), await listener.read()], ["READY=1", "STOPPING=1"]);
});

Deno.test("a manager that reads nothing holds up nobody, and hears the end of the story when it reads again", async () => {
  await using directory = await temporaryDirectory();
  using listener = listenAt(directory.file("notify"));
  const { manager, troubles } = open({ NOTIFY_SOCKET: directory.file("notify") });
  assert(manager);
  for (let round = 0; round < 200; round++) {
    manager.notify({ reloading: true });
    manager.notify({ ready: true, status: `${round}` });
    await Promise.resolve();
  }
  await eventually("the queue of the socket is full", () => troubles.length > 0);
  assertStringIncludes(troubles[0]!, "it reads no messages");
  let last = "";
  while (!last.includes("STATUS=199")) last = await listener.read();
  assertEquals(last, "READY=1\nSTATUS=199");
  await manager[Symbol.asyncDispose]();
});

Deno.test("a manager that is not there is reported once, and again if it was there in between", async () => {
  await using directory = await temporaryDirectory();
  const path = directory.file("notify");
  const { manager, troubles } = open({ NOTIFY_SOCKET: path });
  assert(manager);
  for (const status of ["a", "b"]) {
    manager.notify({ status });
    await manager.flush(5_000);
  }
  assertEquals(troubles, ["The service manager does not get the messages: No such file or directory"]);
  {
    using listener = listenAt(path);
    manager.notify({ status: "c" });
    assertEquals(await listener.read(), "STATUS=c");
    await manager.flush(5_000);
  }
  manager.notify({ status: "d" });
  await manager.flush(5_000);
  assertEquals(troubles, [
    "The service manager does not get the messages: No such file or directory",
    "The service manager does not get the messages: Connection refused",
  ]);
  await manager[Symbol.asyncDispose]();
});

Deno.test("the watchdog is this process's only if the manager says so", () => {
  const interval = (environment: Record<string, string>) =>
    open({ NOTIFY_SOCKET: "/nowhere", ...environment }).manager?.watchdogMilliseconds;
  assertEquals(interval({ WATCHDOG_USEC: "30000000" }), 30_000);
  assertEquals(interval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${Deno.pid}` }), 30_000);
  assertEquals(interval({ WATCHDOG_USEC: "1" }), 1);
  assertEquals(interval({ WATCHDOG_USEC: "30000000", WATCHDOG_PID: `${Deno.pid + 1}` }), null);
  for (const wrong of ["", "0", "-1", "1e9", "3 s", "9".repeat(17)]) {
    assertEquals(interval({ WATCHDOG_USEC: wrong }), null, wrong);
  }
  assertEquals(interval({}), null);
  assertEquals([interval({ WATCHDOG_USEC: "1999" }), interval({ WATCHDOG_USEC: "2000" })], [1, 2]);
  assertEquals(interval({ WATCHDOG_USEC: "1".repeat(16) }), 1_111_111_111_111);
  for (const wrong of ["01", " 1", "1 ", "1\n", "x1"]) assertEquals(interval({ WATCHDOG_USEC: wrong }), null, wrong);
  assertEquals(interval({ WATCHDOG_USEC: "1", WATCHDOG_PID: "" }), null);
});

Deno.test("a status is one line of at most 200 characters, for any texts", () => {
  assertEquals(messageOf({ status: "a\nREADY=1\r\u0000\ud800" }), "STATUS=a␊READY=1␍␀\ufffd");
  assertEquals(messageOf({ status: "" }), "STATUS=");
  const [most, beyond] = ["\u{1f600}".repeat(200), "\u{1f600}".repeat(201)];
  assertEquals(messageOf({ status: most }), `STATUS=${most}`);
  assertEquals(messageOf({ status: beyond }), `STATUS=${"\u{1f600}".repeat(199)}…`);
  // Half a picture of a control character is not shown as one.
  assertEquals([...messageOf({ status: "\u009b".repeat(200) })].length, "STATUS=".length + 200);
  fc.assert(fc.property(fc.string({ unit: anyCharacter, maxLength: 600 }), (status) => {
    const message = messageOf({ status });
    assert(!/\p{Cc}/u.test(message), message);
    assert([...message].length <= "STATUS=".length + 200, message);
    assert(message.isWellFormed());
  }));
});

Deno.test("the waiting messages are bounded and ordered, and end with the newest step and the newest status", () => {
  fc.assert(fc.property(fc.array(fc.oneof(step, remark), { maxLength: 60 }), (told) => {
    const waiting = told.reduce(withState, []);
    assert(waiting.length <= 16);
    const steps = told.filter(isStep);
    const kept = waiting.filter(isStep).map(({ status: _, watchdog: __, ...one }) => one);
    assertEquals(kept, steps.slice(steps.length - kept.length));
    assert(steps.length === 0 || kept.length > 0);
    const newest = (states: readonly ServiceState[]) => states.findLast(({ status }) => status !== undefined)?.status;
    assertEquals(newest(waiting), newest(told));
    assertEquals(waiting.some(({ watchdog }) => watchdog), told.some(({ watchdog }) => watchdog));
  }));
});

Deno.test("a message has each of its statements on its own line", () => {
  assertEquals(messageOf({}), "");
  const all = { ready: true, reloading: true, stopping: true, watchdog: true, status: "s" } as const;
  assertEquals(messageOf(all), "READY=1\nRELOADING=1\nSTOPPING=1\nWATCHDOG=1\nSTATUS=s");
});

Deno.test("sixteen messages wait; one more displaces the oldest step, and its status if no later one has another", () => {
  const steps: readonly ServiceState[] = [{ ready: true }, { reloading: true }, { stopping: true }];
  const full = (first: ServiceState): readonly ServiceState[] => [first, ...Array(15).fill({ reloading: true })];
  for (const first of steps) {
    const waiting = full({ ...first, status: "old", watchdog: true });
    const [second, ...rest] = waiting.slice(1).reduce(withState, [waiting[0]!]);
    assertEquals([second, rest.length], [waiting[0], 15]);
    const displaced = withState(waiting, { ready: true, status: "new" });
    assertEquals(displaced, [
      { status: "old", watchdog: true, reloading: true },
      ...Array(14).fill({ reloading: true }),
      { ready: true, status: "new" },
    ]);
  }
  const newer = full({ ready: true, status: "old" }).with(1, { reloading: true, status: "newer" });
  assertEquals(withState(newer, { stopping: true })[0], { reloading: true, status: "newer" });
});

Deno.test("a statement that is no step goes with the message before it", () => {
  assertEquals(withState([], { status: "a" }), [{ status: "a" }]);
  assertEquals(withState([{ stopping: true, status: "a" }], { watchdog: true, status: "b" }), [
    { stopping: true, watchdog: true, status: "b" },
  ]);
  for (const step of [{ ready: true }, { reloading: true }, { stopping: true }] as const) {
    assertEquals(withState([{ status: "a" }], step), [{ status: "a" }, step]);
  }
});

Deno.test("disposing waits for 300 ms and no longer, and gives up the waiting messages silently", async () => {
  await using directory = await temporaryDirectory();
  const hanging = await directory.write("hanging", `#!/bin/sh\necho x >>${directory.file("runs")}\nexec sleep 600\n`);
  await Deno.chmod(hanging, 0o755);
  const { manager, troubles } = open({ NOTIFY_SOCKET: "@nobody" }, hanging);
  assert(manager);
  manager.notify({ ready: true });
  manager.notify({ stopping: true });
  await eventually("the program runs", () => Deno.stat(directory.file("runs")));
  await withFakeTimeouts(async (timers) => {
    let isDisposed = false;
    const disposing = manager[Symbol.asyncDispose]().then(() => isDisposed = true);
    await timers.tickAsync(299);
    await turn();
    assertEquals(isDisposed, false);
    await timers.tickAsync(1);
    await disposing;
  });
  assertEquals([troubles, await Deno.readTextFile(directory.file("runs"))], [[], "x\n"]);
});

Deno.test("a socket is made in the first runtime directory, else in that for temporary files, else in the system's", async () => {
  const { listenDatagram } = Deno;
  Deno.listenDatagram = () => {
    throw new Deno.errors.PermissionDenied("Permission denied (os error 13)");
  };
  const triedWith = async (environment: Record<string, string>) => {
    const { manager, troubles } = open({ NOTIFY_SOCKET: "/nowhere", ...environment });
    await using _ = manager;
    manager?.notify({ ready: true });
    await manager?.flush(60_000);
    return troubles;
  };
  const trouble = (directories: string) => [
    `The service manager does not get the messages: no socket can be bound in ${directories}: Permission denied`,
  ];
  try {
    const both = { RUNTIME_DIRECTORY: "/run/a:/run/b", TMPDIR: "/var/tmp" };
    assertEquals(await triedWith(both), trouble("/run/a, /var/tmp, /tmp, /dev/shm"));
    assertEquals(await triedWith({ RUNTIME_DIRECTORY: "", TMPDIR: "" }), trouble("/tmp, /dev/shm"));
  } finally {
    Deno.listenDatagram = listenDatagram;
  }
});

Deno.test("a message is tried three times", async () => {
  await using directory = await temporaryDirectory();
  const failing = await directory.write(
    "failing",
    `#!/bin/sh\necho "$@" >>${directory.file("runs")}\necho no >&2\nexit 1\n`,
  );
  await Deno.chmod(failing, 0o755);
  const { manager, troubles } = open({ NOTIFY_SOCKET: "@nobody" }, failing);
  await using _ = manager;
  manager?.notify({ ready: true });
  await manager?.flush(60_000);
  assertEquals(troubles, ["The service manager does not get the messages: systemd-notify failed: no"]);
  assertEquals(await Deno.readTextFile(directory.file("runs")), "--no-block -- READY=1\n".repeat(3));
});

const ACTIVATE = "/usr/bin/systemd-socket-activate";
const hasActivate = await Deno.stat(ACTIVATE).then(() => true, () => false);
if (!hasActivate) console.error(`${ACTIVATE} is not there: no test tells an abstract socket`);

Deno.test({ name: "an abstract socket is reached through systemd-notify", ignore: !hasActivate }, async () => {
  const name = `@honua-configd-${crypto.randomUUID()}`;
  // The helper that opens the socket hands it to a program with the first datagram, as descriptor 3.
  const manager = new Deno.Command(ACTIVATE, {
    args: ["--datagram", `--listen=${name}`, "/bin/sh", "-c", "exec cat <&3"],
    stdout: "piped",
    stderr: "null",
  }).spawn();
  const reader = manager.stdout.pipeThrough(new TextDecoderStream()).getReader();
  try {
    await eventually("the socket is there", async () => (await Deno.readTextFile("/proc/net/unix")).includes(name));
    const { manager: told, troubles } = open({ NOTIFY_SOCKET: name }, "/usr/bin/systemd-notify");
    told?.notify({ ready: true, status: "-- In force" });
    assertEquals((await reader.read()).value, "READY=1\nSTATUS=-- In force");
    await told?.[Symbol.asyncDispose]();
    assertEquals(troubles, []);
  } finally {
    manager.kill("SIGKILL");
    await reader.cancel();
    await manager.status;
  }
});

Deno.test("an address that cannot be spoken to is reported in one line", () => {
  const unknown = "NOTIFY_SOCKET is neither a path nor an abstract socket";
  for (
    const [address, program, reason] of [
      ["@abstract", null, "NOTIFY_SOCKET is an abstract socket, and systemd-notify is not installed"],
      ["vsock:2:1234", null, unknown],
      ["vsock:2:1234", "/usr/bin/systemd-notify", unknown],
      ["relative/path", "/usr/bin/systemd-notify", unknown],
    ] as const
  ) {
    const { manager, troubles } = open({ NOTIFY_SOCKET: address }, program);
    assertEquals(manager, null);
    assertEquals(troubles, [`The service manager gets no messages: ${reason}`]);
  }
});

Deno.test("a systemd-notify that fails or hangs is reported, and delays nothing", async () => {
  await using directory = await temporaryDirectory();
  const failing = await directory.write("failing", "#!/bin/sh\necho refused >&2\nexit 1\n");
  const hanging = await directory.write("hanging", "#!/bin/sh\nexec sleep 600\n");
  for (const program of [failing, hanging]) await Deno.chmod(program, 0o755);
  const { manager, troubles } = open({ NOTIFY_SOCKET: "@nobody" }, failing);
  manager?.notify({ ready: true });
  await manager?.flush(5_000);
  assertEquals(troubles, ["The service manager does not get the messages: systemd-notify failed: refused"]);
  await manager?.[Symbol.asyncDispose]();
  const { manager: stuck } = open({ NOTIFY_SOCKET: "@nobody" }, hanging);
  stuck?.notify({ ready: true });
  await stuck?.[Symbol.asyncDispose]();
});
