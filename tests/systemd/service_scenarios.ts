import { assert, assertEquals, assertMatch, assertNotEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import {
  dropIn,
  edit,
  hashAfter,
  install,
  isActive,
  journal,
  mainProcess,
  mend,
  processes,
  property,
  propertyBecomes,
  signalMain,
  snapshotHash,
  SOURCE,
  spoil,
  UNIT,
  writeOptions,
} from "./installation.ts";
import { scenario } from "./scenario.ts";

scenario(
  "one command installs a service that is ready, says which hash is in force, and starts with the machine",
  async (machine) => {
    await install(machine);
    await isActive(machine);
    const hash = await snapshotHash(machine);
    assertStringIncludes(await property(machine, UNIT, "StatusText"), `${hash.slice(0, 12)} in force`);
    assertEquals(
      (await machine.run("stat", "-c", "%a %U %G", "/var/lib/honua-configd/config.snapshot.json")).trim(),
      "640 honua-configd honua-configd",
    );
    await machine.reboot();
    await isActive(machine);
    assertEquals(await snapshotHash(machine), hash);
    assertStringIncludes(await journal(machine), "The snapshot is whole and stays in force");
  },
);

scenario("an edit becomes a new snapshot, and the status names it", async (machine) => {
  await install(machine);
  const before = await snapshotHash(machine);
  await edit(machine);
  const hash = await hashAfter(machine, before);
  await propertyBecomes(machine, UNIT, "StatusText", new RegExp(`^${hash.slice(0, 12)} in force`));
});

scenario(
  "a reload of a spoilt source fails and says why, the service stays, and the next good edit heals it",
  async (machine) => {
    await install(machine);
    const hash = await snapshotHash(machine);
    const pid = await mainProcess(machine);
    await spoil(machine);
    const outcome = await machine.attempt("systemctl", "reload", UNIT);
    assertNotEquals(outcome.code, 0);
    assertStringIncludes(await journal(machine), "config.hcl");
    await propertyBecomes(machine, UNIT, "StatusText", /the source is rejected/);
    await isActive(machine);
    assertEquals(await snapshotHash(machine), hash);
    await mend(machine);
    await edit(machine);
    await machine.run("systemctl", "reload", UNIT);
    assertNotEquals(await snapshotHash(machine), hash);
    assertEquals(await mainProcess(machine), pid);
  },
);

scenario(
  "a killed daemon is back with the last good snapshot, though the source is spoilt by then",
  async (machine) => {
    await install(machine);
    const hash = await snapshotHash(machine);
    const pid = await mainProcess(machine);
    await spoil(machine);
    await propertyBecomes(machine, UNIT, "StatusText", /the source is rejected/);
    await signalMain(machine, "KILL");
    await propertyBecomes(machine, UNIT, "NRestarts", /^1$/);
    await propertyBecomes(
      machine,
      UNIT,
      "StatusText",
      new RegExp(`^${hash.slice(0, 12)} in force.*the source is rejected`),
    );
    await isActive(machine);
    assertNotEquals(await mainProcess(machine), pid);
    assertEquals(await snapshotHash(machine), hash);
  },
);

scenario("a daemon that is killed again and again is never given up", async (machine) => {
  await install(machine);
  for (const restarts of ["1", "2", "3", "4"]) {
    await signalMain(machine, "KILL");
    await propertyBecomes(machine, UNIT, "NRestarts", new RegExp(`^${restarts}$`));
    await isActive(machine);
  }
});

scenario("the watchdog restarts a daemon whose loop hangs", async (machine) => {
  await install(machine);
  await dropIn(machine, UNIT, "watchdog", ["WatchdogSec=3"]);
  await machine.run("systemctl", "restart", UNIT);
  const pid = await mainProcess(machine);
  await signalMain(machine, "STOP");
  await propertyBecomes(machine, UNIT, "NRestarts", /^1$/);
  await isActive(machine);
  assertNotEquals(await mainProcess(machine), pid);
  assertStringIncludes(await journal(machine), "Watchdog timeout (limit 3s)!");
});

scenario("a daemon that lives is not restarted by the watchdog", async (machine) => {
  await install(machine);
  await dropIn(machine, UNIT, "watchdog", ["WatchdogSec=1"]);
  await machine.run("systemctl", "restart", UNIT);
  const begun = Number(await property(machine, UNIT, "WatchdogTimestampMonotonic"));
  // Five times as long as the watchdog waits, in microseconds.
  await eventually("the heart has been beating", async () => {
    return Number(await property(machine, UNIT, "WatchdogTimestampMonotonic")) > begun + 5_000_000;
  }, 60_000);
  assertEquals(await property(machine, UNIT, "NRestarts"), "0");
  await isActive(machine);
});

scenario(
  "the service stops by itself within two seconds, also while it loads, and leaves no process",
  async (machine) => {
    await install(machine);
    await dropIn(machine, UNIT, "stop", ["TimeoutStopSec=2"]);
    for (const isBusy of [false, true]) {
      await machine.run("systemctl", "start", UNIT);
      const group = await property(machine, UNIT, "ControlGroup");
      if (isBusy) {
        await edit(machine);
        await signalMain(machine, "HUP");
      }
      await machine.run("systemctl", "stop", UNIT);
      // One that had to be killed would have `timeout`.
      assertEquals(await property(machine, UNIT, "Result"), "success");
      assertEquals(await property(machine, UNIT, "ExecMainStatus"), "0");
      assertEquals((await machine.attempt("cat", `/sys/fs/cgroup${group}/cgroup.procs`)).stdout, "");
      assertEquals(await processes(machine), "");
    }
  },
);

scenario("without a valid source from the first start on the service is up, watches, and says so", async (machine) => {
  await machine.write(SOURCE, "honua {\n");
  await install(machine);
  await isActive(machine);
  assertMatch(await property(machine, UNIT, "StatusText"), /^No snapshot is in force; .*watching the source$/);
  await machine.run("sh", "-c", `/usr/local/bin/honua-configd init - >${SOURCE}`);
  await propertyBecomes(machine, UNIT, "StatusText", /^[0-9a-f]{12} in force$/);
});

scenario("wrong options make a failed unit that names the problem, and no endless restarts", async (machine) => {
  await install(machine);
  await writeOptions(machine, { Snapshot: { Pth: "/tmp/x" } });
  const outcome = await machine.attempt("systemctl", "restart", UNIT);
  assertNotEquals(outcome.code, 0);
  await propertyBecomes(machine, UNIT, "ActiveState", /^failed$/);
  assertEquals(await property(machine, UNIT, "ExecMainStatus"), "2");
  assertStringIncludes(await journal(machine), "Pth");
});

scenario("credentials reach the daemon, and one that is missing does not keep it from starting", async (machine) => {
  const token = "a-token-of-the-admin-interface";
  await machine.write("/etc/honua-configd/credentials/admin-token", `${token}\n`, { mode: "0600" });
  await install(machine);
  await writeOptions(machine, {
    Admin: { Listen: "127.0.0.1:8080", TokenFile: "/run/credentials/honua-configd.service/admin-token" },
  });
  await machine.run("systemctl", "restart", UNIT);
  const status = (file: string) =>
    machine.attempt("/usr/local/bin/honua-configd", "status", "--url", "http://127.0.0.1:8080", "--token-file", file);
  assertEquals((await status("/etc/honua-configd/credentials/admin-token")).code, 0);
  await machine.write("/root/other-token", "another-token-altogether\n", { mode: "0600" });
  const refused = await status("/root/other-token");
  assertNotEquals(refused.code, 0);
  assert(!(await journal(machine)).includes(token));
  await machine.run("rm", "/etc/honua-configd/credentials/admin-token");
  await machine.run("systemctl", "restart", UNIT);
  await isActive(machine);
});
