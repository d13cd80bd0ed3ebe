// honua-configd as it is installed in a machine: its paths, and requests of scenarios to it.
import { eventually } from "../support/eventually.ts";
import type { Machine } from "./machine.ts";

/** The service. */
export const UNIT = "honua-configd.service";
/** The starter's source. */
export const SOURCE = "/etc/honua/config.hcl";
/** The service's options. */
export const OPTIONS = "/etc/honua-configd/options.json";
/** The file that local servers read. */
export const SNAPSHOT = "/var/lib/honua-configd/config.snapshot.json";

/** Installs the delivery as an operator does, and returns the script's output. */
export function install(machine: Machine, ...words: string[]): Promise<string> {
  return machine.run("/delivery/install.sh", ...words);
}

/** A property of a unit, as `systemctl show` prints it. */
export async function property(machine: Machine, unit: string, name: string): Promise<string> {
  return (await machine.run("systemctl", "show", `--property=${name}`, "--value", unit)).trim();
}

/** Waits until a property has a value, and returns it. */
export async function propertyBecomes(machine: Machine, unit: string, name: string, value: RegExp): Promise<string> {
  let last = "";
  try {
    return await eventually(`${name} of ${unit} is ${value}`, async () => {
      last = await property(machine, unit, name);
      return value.test(last) ? last : null;
    }, 30_000);
  } catch (error) {
    throw new Error(`${name} of ${unit} stays ${JSON.stringify(last)}`, { cause: error });
  }
}

/** Waits until a unit is up: a look at the source makes it `reloading` for a moment. */
export async function isActive(machine: Machine, unit = UNIT): Promise<void> {
  await propertyBecomes(machine, unit, "ActiveState", /^active$/);
}

/** The hash in a snapshot's header. */
export async function snapshotHash(machine: Machine, path = SNAPSHOT): Promise<string> {
  return JSON.parse(await machine.run("cat", path)).$snapshot.hash;
}

/** Waits for a snapshot with another hash, and returns it. */
export function hashAfter(machine: Machine, before: string, path = SNAPSHOT): Promise<string> {
  return eventually(`${path} is another than ${before}`, async () => {
    const hash = await snapshotHash(machine, path);
    return hash !== before ? hash : null;
  }, 30_000);
}

let edits = 0;

/** Changes the starter's source to a configuration that it never had before. */
export async function edit(machine: Machine, path = SOURCE): Promise<void> {
  await machine.run("sed", "--in-place", `s/max_page_size = .*/max_page_size = ${1_000 + ++edits}/`, path);
}

/** A line that makes any source invalid. */
const MISTAKE = 'layer "broken" {';

/** Makes the source invalid. */
export async function spoil(machine: Machine, path = SOURCE): Promise<void> {
  await machine.run("sh", "-c", `echo '${MISTAKE}' >>${path}`);
}

/** Takes back the change of `spoil`. */
export async function mend(machine: Machine): Promise<void> {
  await machine.run("sed", "--in-place", `/${MISTAKE}/d`, SOURCE);
}

/** The unit's main process, by its number in the machine. */
export async function mainProcess(machine: Machine): Promise<string> {
  return await property(machine, UNIT, "MainPID");
}

/** Sends a signal to the unit's main process and to none of its children. */
export async function signalMain(machine: Machine, signal: string): Promise<void> {
  await machine.run("systemctl", "kill", "--kill-who=main", `--signal=${signal}`, UNIT);
}

/** The entries of proc(5) for processes of the program; empty if there are none. */
export async function processes(machine: Machine): Promise<string> {
  return (await machine.attempt("sh", "-c", "grep --files-with-matches '^honua-configd$' /proc/[0-9]*/comm")).stdout;
}

/** Adds lines to a unit's `[Service]` as an operator does. */
export async function dropIn(machine: Machine, unit: string, name: string, lines: readonly string[]): Promise<void> {
  await machine.write(`/etc/systemd/system/${unit}.d/${name}.conf`, ["[Service]", ...lines, ""].join("\n"));
  await machine.run("systemctl", "daemon-reload");
}

/** Writes the service's options. */
export async function writeOptions(machine: Machine, options: unknown, path = OPTIONS): Promise<void> {
  await machine.write(path, JSON.stringify(options), { mode: "0640", owner: "root:honua-configd" });
}

/** The journal of a unit. */
export async function journal(machine: Machine, unit = UNIT): Promise<string> {
  await machine.run("journalctl", "--sync");
  return await machine.run("journalctl", "--no-pager", "--output=cat", `--unit=${unit}`);
}

/** The paths of all files on the machine's disk, but for those that systemd and polkit write as they please. */
export async function files(machine: Machine): Promise<Set<string>> {
  const listed = await machine.run(
    "find",
    "/",
    "-xdev",
    "-not",
    "-path",
    "/var/log/*",
    "-not",
    "-path",
    "/var/lib/systemd/*",
  );
  return new Set(listed.trim().split("\n"));
}

/** All files and directories with content, modes, owners and times, so that any change shows. */
export async function inventory(machine: Machine): Promise<string> {
  const places = ["/etc", "/usr", "/var/lib", "/opt", "-path", "/var/lib/systemd", "-prune", "-o"];
  const listed = await machine.run("find", ...places, "-printf", "%p %y %m %u %g %s %T@ %i %l\n");
  return listed.split("\n").sort().join("\n");
}
