import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import {
  dropIn,
  files,
  install,
  inventory,
  isActive,
  mainProcess,
  OPTIONS,
  processes,
  property,
  snapshotHash,
  SOURCE,
  UNIT,
  writeOptions,
} from "./installation.ts";
import { scenario } from "./scenario.ts";

scenario("the Debian package is installed, upgraded, removed and purged as Debian's own are", async (machine) => {
  const before = await files(machine);
  await machine.run("dpkg", "--install", "/delivery/package.deb");
  await isActive(machine);
  assertEquals(await property(machine, UNIT, "UnitFileState"), "enabled");
  const hash = await snapshotHash(machine);
  await writeOptions(machine, { Logging: { Level: "Debug" } });
  const [pid, options] = [await mainProcess(machine), await machine.run("cat", OPTIONS)];

  await machine.run("dpkg", "--install", "/delivery/package-next.deb");
  assertNotEquals(await mainProcess(machine), pid);
  await isActive(machine);
  assertEquals(await machine.run("cat", OPTIONS), options);
  await machine.run("cmp", "/usr/bin/honua-configd", "/delivery/honua-configd-other");

  await machine.run("dpkg", "--remove", "honua-configd");
  assertEquals(await processes(machine), "");
  assertEquals(await machine.run("cat", OPTIONS), options);
  assertEquals(await snapshotHash(machine), hash);
  assertNotEquals((await machine.attempt("systemctl", "cat", UNIT)).code, 0);

  for (const unit of [UNIT, "honua-configd@.service", "honua-configd@a.service"]) {
    await dropIn(machine, unit, "own", ["Nice=5"]);
  }
  await machine.run("dpkg", "--purge", "honua-configd");
  const isKept = (path: string) => /^\/etc\/(passwd|group|g?shadow)-?$|^\/var\/lib\/dpkg\//.test(path);
  assertEquals([...(await files(machine)).difference(before)].filter((path) => !isKept(path)), []);
});

scenario("the package keeps a source that is there, and starts with the machine", async (machine) => {
  await machine.write(SOURCE, 'honua {\n  version = "1.0"\n}\n');
  await machine.run("dpkg", "--install", "/delivery/package.deb");
  assertEquals(await machine.run("cat", SOURCE), 'honua {\n  version = "1.0"\n}\n');
  await machine.reboot();
  await isActive(machine);
  assert((await machine.run("honua-configd", "status")).length > 0);
});

scenario("the package and the script do not get in each other's way", async (machine) => {
  await machine.run("dpkg", "--install", "/delivery/package.deb");
  const outcome = await machine.attempt("/delivery/install.sh");
  assertEquals(outcome.code, 3);
  assertStringIncludes(outcome.stderr, "The Debian package honua-configd is installed");
  await machine.run("dpkg", "--purge", "honua-configd");

  await install(machine);
  const [before, pid] = [await inventory(machine), await mainProcess(machine)];
  const refusal = await machine.attempt("dpkg", "--install", "/delivery/package.deb");
  assertNotEquals(refusal.code, 0);
  assertStringIncludes(refusal.stderr, "run `install.sh uninstall` first; configuration and state stay");
  assertEquals(await mainProcess(machine), pid);
  const withoutDpkg = (text: string) => text.split("\n").filter((line) => !line.startsWith("/var/lib/dpkg"));
  assertEquals(withoutDpkg(await inventory(machine)), withoutDpkg(before));
});
