import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import {
  dropIn,
  files,
  install,
  inventory,
  isActive,
  mainProcess,
  processes,
  property,
  snapshotHash,
  SOURCE,
  spoil,
  UNIT,
  writeOptions,
} from "./installation.ts";
import { scenario } from "./scenario.ts";

const INSTALLED = "/usr/local/bin/honua-configd";

/** The operator's files, and the user databases, in which the daemon's user stays. */
const MAY_STAY = [
  "/etc/honua",
  "/etc/honua-configd",
  "/etc/polkit-1/rules.d/50-honua-configd-units.rules",
  "/var/lib/honua-configd",
];
const USER_DATABASES = /^\/etc\/(passwd|group|g?shadow)-?$/;
const mayStay = (path: string) =>
  USER_DATABASES.test(path) || MAY_STAY.some((one) => path === one || path.startsWith(`${one}/`));

scenario("a dry run says all that it would do and does nothing", async (machine) => {
  const before = await inventory(machine);
  const reported = await install(machine, "--dry-run");
  assertStringIncludes(reported, `Would install ${INSTALLED}`);
  assertStringIncludes(reported, "Would start honua-configd.service");
  assertEquals(await inventory(machine), before);
});

scenario("installing again changes nothing, and an operator's files stay", async (machine) => {
  await install(machine);
  await writeOptions(machine, { Logging: { Level: "Warning" } });
  await machine.run("sh", "-c", `echo '# mine' >>${SOURCE}`);
  const [before, pid] = [await inventory(machine), await mainProcess(machine)];
  assertStringIncludes(await install(machine), "Nothing to change");
  assertEquals(await inventory(machine), before);
  assertEquals(await mainProcess(machine), pid);
});

scenario("an upgrade restarts the service only if the binary is another", async (machine) => {
  await install(machine);
  const [pid, hash] = [await mainProcess(machine), await snapshotHash(machine)];
  await install(machine, "upgrade");
  assertEquals(await mainProcess(machine), pid);
  await install(machine, "upgrade", "--binary", "/delivery/honua-configd-other");
  assertNotEquals(await mainProcess(machine), pid);
  await isActive(machine);
  await machine.run("cmp", INSTALLED, "/delivery/honua-configd-other");
  assertEquals(await snapshotHash(machine), hash);
});

scenario("an upgrade that does not become ready is taken back, and the old version serves on", async (machine) => {
  await install(machine);
  const before = await inventory(machine);
  const outcome = await machine.attempt(
    "/delivery/install.sh",
    "upgrade",
    "--binary",
    "/delivery/honua-configd-broken",
  );
  assertEquals(outcome.code, 3);
  assertStringIncludes(outcome.stderr, "did not become ready with the new version");
  await machine.run("cmp", INSTALLED, "/delivery/honua-configd");
  await isActive(machine);
  const paths = (text: string) => text.split("\n").map((line) => line.split(" ")[0]);
  assertEquals(paths(await inventory(machine)), paths(before));
});

scenario("an upgrade goes through though the source is spoilt", async (machine) => {
  await install(machine);
  await spoil(machine);
  await install(machine, "upgrade", "--binary", "/delivery/honua-configd-other");
  await isActive(machine);
});

scenario("an uninstallation leaves configuration and state, and a purge leaves nothing", async (machine) => {
  const before = await files(machine);
  await install(machine);
  await machine.run(INSTALLED, "version");
  const added = async () => [...(await files(machine)).difference(before)];
  assertNotEquals((await added()).filter((path) => !mayStay(path)), []);
  await install(machine, "uninstall");
  assertEquals((await added()).filter((path) => !mayStay(path)), []);
  assertStringIncludes((await added()).join("\n"), "/var/lib/honua-configd/config.snapshot.json");
  assertEquals(await processes(machine), "");
  assertEquals((await machine.attempt("ls", "/run/honua-configd")).stdout, "");
  assertEquals(await machine.run("systemctl", "list-units", "--all", "--no-legend", "honua-configd*"), "");
  await install(machine);
  await install(machine, "uninstall", "--purge");
  assertEquals((await added()).filter((path) => !USER_DATABASES.test(path)), []);
  assertNotEquals((await machine.attempt("id", "honua-configd")).code, 0);
});

scenario(
  "an uninstallation of removed files changes nothing, though another unit wants the service",
  async (machine) => {
    const before = await files(machine);
    await install(machine);
    await dropIn(machine, UNIT, "own", ["Nice=5"]);
    await dropIn(machine, "honua-configd@a.service", "own", ["Nice=5"]);
    await install(machine, "uninstall");
    await machine.write(
      "/run/systemd/system/honua-server.service",
      `[Unit]\nWants=${UNIT}\n[Service]\nExecStart=sleep 999\n`,
    );
    await machine.run("systemctl", "daemon-reload");
    await machine.run("systemctl", "start", "honua-server.service");
    const listed = await machine.run("systemctl", "list-units", "--all", "--plain", "--no-legend", UNIT);
    assertStringIncludes(listed, "not-found inactive");
    assertStringIncludes(await install(machine, "uninstall"), "Nothing to change");
    await install(machine, "uninstall", "--purge");
    assertStringIncludes(await install(machine, "uninstall", "--purge"), "Nothing to change");
    assertEquals([...(await files(machine)).difference(before)].filter((path) => !USER_DATABASES.test(path)), []);
  },
);

scenario("a service that an operator disabled stays so when the script is run again", async (machine) => {
  await install(machine);
  await machine.run("systemctl", "disable", "--now", UNIT);
  const reported = await install(machine, "--binary", "/delivery/honua-configd-other");
  assertStringIncludes(reported, `Left as it is: ${UNIT} is disabled`);
  assertEquals(await property(machine, UNIT, "UnitFileState"), "disabled");
  assertEquals(await property(machine, UNIT, "ActiveState"), "inactive");
  await machine.run("systemctl", "mask", UNIT);
  assertStringIncludes(await install(machine), `Left as it is: ${UNIT} is masked`);
  await install(machine, "uninstall");
  await machine.run("systemctl", "unmask", UNIT);
  await install(machine);
  await isActive(machine);
});
