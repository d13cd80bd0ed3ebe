import { assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import {
  edit,
  hashAfter,
  install,
  isActive,
  property,
  snapshotHash,
  spoil,
  UNIT,
  writeOptions,
} from "./installation.ts";
import type { Machine } from "./machine.ts";
import { scenario } from "./scenario.ts";

const unit = (name: string) => `honua-configd@${name}.service`;
const source = (name: string) => `/etc/honua/${name}.hcl`;
const snapshot = (name: string) => `/var/lib/honua-configd/${name}/config.snapshot.json`;

/** Gives an instance the starter's source and no options of its own, and starts it. */
async function startInstance(machine: Machine, name: string): Promise<void> {
  await machine.run("cp", "--preserve=all", "/etc/honua/config.hcl", source(name));
  await writeOptions(machine, {}, `/etc/honua-configd/${name}.json`);
  await machine.run("systemctl", "enable", "--now", unit(name));
}

scenario("instances run side by side, each with a source, a snapshot and a socket of its own", async (machine) => {
  await install(machine);
  for (const name of ["a", "b"]) await startInstance(machine, name);
  const before = await snapshotHash(machine, snapshot("b"));
  await edit(machine, source("a"));
  await hashAfter(machine, before, snapshot("a"));
  assertEquals(await snapshotHash(machine, snapshot("b")), before);
  await spoil(machine, source("a"));
  assertNotEquals((await machine.attempt("systemctl", "reload", unit("a"))).code, 0);
  await machine.run("systemctl", "reload", unit("b"));
  await machine.run("systemctl", "reload", UNIT);
  for (const one of [unit("a"), unit("b"), UNIT]) await isActive(machine, one);
});

scenario("stopping one of them takes nothing from the others, and all start with the machine", async (machine) => {
  await install(machine);
  for (const name of ["a", "b"]) await startInstance(machine, name);
  await machine.run("systemctl", "stop", UNIT, unit("a"));
  await machine.run("systemctl", "reload", unit("b"));
  await machine.reboot();
  for (const one of [unit("a"), unit("b"), UNIT]) await isActive(machine, one);
});

scenario("an instance without an options file does not start, and its unit says so", async (machine) => {
  await install(machine);
  const { code, stderr } = await machine.attempt("systemctl", "start", unit("lost"));
  assertNotEquals(code, 0);
  assertStringIncludes(stderr, "Assertion failed");
  assertEquals(await property(machine, unit("lost"), "ActiveState"), "inactive");
});
