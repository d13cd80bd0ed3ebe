import { assert, assertEquals } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import {
  edit,
  hashAfter,
  install,
  isActive,
  journal,
  property,
  propertyBecomes,
  snapshotHash,
  SOURCE,
  UNIT,
  writeOptions,
} from "./installation.ts";
import type { Machine } from "./machine.ts";
import { scenario } from "./scenario.ts";
import { CLIENT, STAND_IN_SERVER, STAND_IN_UNIT } from "./stand_in_server.ts";

const EXAMPLES = "/usr/local/share/doc/honua-configd/examples";
const PORTS = ["5001", "5002"];
const RESTART_LIMIT_MILLISECONDS = 60_000;

/** Two stand-ins with the shipped drop-in, behind the shipped nginx configuration. */
async function startServers(machine: Machine): Promise<void> {
  await machine.write("/usr/local/bin/stand-in-server", STAND_IN_SERVER, { mode: "0755" });
  await machine.write("/etc/systemd/system/honua-server@.service", STAND_IN_UNIT);
  const dropIns = "/etc/systemd/system/honua-server@.service.d";
  await machine.run("install", "-D", "-t", dropIns, `${EXAMPLES}/honua-server@.service.d/snapshot.conf`);
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "restart", ...PORTS.map((port) => `honua-server@${port}.service`));
  await machine.run("install", "-m", "644", "-t", "/etc/nginx/conf.d", `${EXAMPLES}/nginx-honua.conf`);
  await machine.run("systemctl", "restart", "nginx.service");
}

/** The page size by which the server at a port runs; empty if it does not answer. */
async function pageSize(machine: Machine, port: string): Promise<string> {
  const request = `exec 3<>/dev/tcp/127.0.0.1/${port}; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3`;
  const { stdout } = await machine.attempt("bash", "-c", request);
  return /\r\n\r\n(\d+)\n$/.exec(stdout)?.[1] ?? "";
}

async function sourcePageSize(machine: Machine): Promise<string> {
  return /max_page_size = (\d+)/.exec(await machine.run("cat", SOURCE))![1]!;
}

function bothRun(machine: Machine, wanted: string): Promise<unknown> {
  return eventually(`both servers run with ${wanted}`, async () => {
    const sizes = await Promise.all(PORTS.map((port) => pageSize(machine, port)));
    return sizes.every((size) => size === wanted);
  }, RESTART_LIMIT_MILLISECONDS);
}

scenario("two servers behind a balancer take ten edits up, and no request fails", async (machine) => {
  await install(machine);
  await startServers(machine);
  const units = PORTS.map((port) => `honua-server@${port}.service`);
  await machine.write(
    "/etc/polkit-1/rules.d/50-honua-configd-units.rules",
    `var honuaConfigdUnits = ${JSON.stringify(units)};\n`,
  );
  const hooks = PORTS.map((port, at) => ({
    Name: `server-${port}`,
    SystemdUnit: units[at],
    Action: "restart",
    Ready: { Http: { Url: `http://127.0.0.1:${port}/healthz/ready` } },
  }));
  await bothRun(machine, await sourcePageSize(machine));
  await writeOptions(machine, { Hooks: hooks });
  await machine.run("systemctl", "restart", UNIT);
  await isActive(machine);
  await machine.write("/usr/local/bin/client", CLIENT, { mode: "0755" });
  await machine.run("systemd-run", "--unit=client", "/usr/local/bin/client");
  for (let edits = 0; edits < 10; edits++) {
    await edit(machine);
    await bothRun(machine, await sourcePageSize(machine));
  }
  await machine.run("systemctl", "stop", "client.service");
  const counts = /(\d+) good, (\d+) bad/.exec(await journal(machine, "client.service"));
  assert(counts !== null && Number(counts[1]) > 1_000, String(counts));
  assertEquals(counts[2], "0");
});

scenario("a server that is restarted often in a few seconds still runs, and runs the last edit", async (machine) => {
  await install(machine);
  await writeOptions(machine, { ConfigurationWatcher: { DebounceMilliseconds: 20 } });
  await machine.run("systemctl", "restart", UNIT);
  await isActive(machine);
  const server = "honua-server.service";
  await machine.write("/usr/local/bin/stand-in-server", STAND_IN_SERVER, { mode: "0755" });
  await machine.write(`/etc/systemd/system/${server}`, STAND_IN_UNIT.replace("%i", PORTS[0]!));
  const units = "/etc/systemd/system";
  await machine.run(
    "install",
    "-D",
    "-m",
    "644",
    "-t",
    `${units}/${server}.d`,
    `${EXAMPLES}/${server}.d/snapshot.conf`,
  );
  const pathUnits = ["path", "service"].map((type) => `${EXAMPLES}/honua-server-restart.${type}`);
  await machine.run("install", "-m", "644", "-t", units, ...pathUnits);
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "restart", server, "honua-server-restart.path");
  for (let edits = 0; edits < 8; edits++) {
    const before = await snapshotHash(machine);
    const process = await property(machine, server, "MainPID");
    await edit(machine);
    await hashAfter(machine, before);
    await propertyBecomes(machine, server, "MainPID", new RegExp(`^(?!${process}$)[1-9]`));
  }
  const wanted = await sourcePageSize(machine);
  await eventually("the server runs the last edit", async () => await pageSize(machine, PORTS[0]!) === wanted, 30_000);
});
