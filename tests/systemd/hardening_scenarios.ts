import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import {
  dropIn,
  install,
  isActive,
  journal,
  mainProcess,
  propertyBecomes,
  SNAPSHOT,
  UNIT,
  writeOptions,
} from "./installation.ts";
import { scenario } from "./scenario.ts";

/** The highest score of `systemd-analyze security` that is allowed, from 0 (safe) to 10. */
const MOST_EXPOSED = 1.5;

scenario("the service runs as confined as its unit promises", async (machine) => {
  await install(machine);
  const analysis = await machine.run("systemd-analyze", "--no-pager", "security", UNIT);
  const level = Number(/Overall exposure level for .*: ([0-9.]+)/.exec(analysis)?.[1]);
  assert(level <= MOST_EXPOSED, analysis);
  const status = await machine.run("cat", `/proc/${await mainProcess(machine)}/status`);
  const user = (await machine.run("id", "--user", "honua-configd")).trim();
  for (
    const line of [
      `Uid:\t${user}\t${user}\t${user}\t${user}`,
      "CapEff:\t0000000000000000",
      "NoNewPrivs:\t1",
      "Seccomp:\t2",
    ]
  ) {
    assertStringIncludes(status, line);
  }
  assertEquals((await machine.attempt("systemd-analyze", "verify", "--man=no", UNIT)).stderr, "");
});

scenario("the service does its work on a root that cannot be written", async (machine) => {
  await install(machine);
  await machine.reboot({ readOnly: true });
  assertNotEquals((await machine.attempt("touch", "/etc/written")).code, 0);
  await isActive(machine);
  await propertyBecomes(machine, UNIT, "StatusText", /^[0-9a-f]{12} in force$/);
  await machine.run("systemctl", "reload", UNIT);
});

scenario("the snapshot is read by the daemon's group and by nobody else", async (machine) => {
  await install(machine);
  const read = () => machine.attempt("runuser", "-u", "www-data", "--", "cat", SNAPSHOT);
  assertNotEquals((await read()).code, 0);
  await machine.run("usermod", "--append", "--groups", "honua-configd", "www-data");
  assertStringIncludes((await read()).stdout, '"$snapshot"');
  assertEquals(
    (await machine.run("stat", "-c", "%a %U:%G", "/run/honua-configd/admin.sock")).trim(),
    "660 honua-configd:honua-configd",
  );
});

scenario("a hook has the rights of the service, and a drop-in gives it a place to write to", async (machine) => {
  await install(machine);
  await machine.run("install", "-d", "-o", "honua-configd", "/srv/honua/www");
  const command = ["/bin/sh", "-c", "echo $HONUA_CONFIGD_EVENT >/srv/honua/www/told"];
  await writeOptions(machine, { Hooks: [{ Name: "writer", Command: command }] });
  await machine.run("systemctl", "restart", UNIT);
  await propertyBecomes(machine, UNIT, "StatusText", /failed hooks: writer/);
  assertStringIncludes(await journal(machine), "Read-only file system");
  await dropIn(machine, UNIT, "writing-hooks", ["ReadWritePaths=/srv/honua/www"]);
  await machine.run("systemctl", "restart", UNIT);
  await eventually("the hook wrote", async () => {
    return (await machine.attempt("cat", "/srv/honua/www/told")).stdout === "activated\n";
  }, 30_000);
});
