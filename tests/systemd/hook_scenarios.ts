import { assert, assertEquals, assertNotEquals, assertStringIncludes } from "@std/assert";
import { eventually } from "../support/eventually.ts";
import {
  dropIn,
  edit,
  install,
  isActive,
  journal,
  property,
  propertyBecomes,
  UNIT,
  writeOptions,
} from "./installation.ts";
import type { Machine } from "./machine.ts";
import { scenario } from "./scenario.ts";

const SERVER = "local-server.service";
const ALLOWED_UNITS = "/etc/polkit-1/rules.d/50-honua-configd-units.rules";
const IN_FORCE = /^[0-9a-f]{12} in force$/;

/** A server of another user that notes every SIGHUP, and is reloaded by one. */
const SERVER_UNIT = `
[Service]
User=www-data
RuntimeDirectory=local-server
ExecStart=/bin/sh -c 'trap "echo hangup >>/run/local-server/told" HUP; echo $$$$ >/run/local-server/pid; while :; do sleep 1 & wait; done'
ExecReload=/bin/sh -c 'kill -HUP $MAINPID'
`;

async function startServer(machine: Machine): Promise<void> {
  await machine.write(`/etc/systemd/system/${SERVER}`, SERVER_UNIT);
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "start", SERVER);
  await eventually("the server runs", async () => (await machine.attempt("cat", "/run/local-server/pid")).code === 0);
}

/** How often the server was signalled to read its configuration again. */
async function timesTold(machine: Machine): Promise<number> {
  return (await machine.attempt("cat", "/run/local-server/told")).stdout.split("\n").length - 1;
}

function allowUnits(machine: Machine, ...units: string[]): Promise<void> {
  return machine.write(ALLOWED_UNITS, `var honuaConfigdUnits = ${JSON.stringify(units)};\n`);
}

async function startWith(machine: Machine, hook: Record<string, unknown>): Promise<void> {
  await writeOptions(machine, { Hooks: [{ Name: "server", ...hook }] });
  await machine.run("systemctl", "restart", UNIT);
}

scenario("a unit of another user is reloaded once it is listed, and refused before", async (machine) => {
  await install(machine);
  await startServer(machine);
  await startWith(machine, { SystemdUnit: SERVER });
  await propertyBecomes(machine, UNIT, "StatusText", /failed hooks: server/);
  assertEquals(await timesTold(machine), 0);
  await allowUnits(machine, SERVER);
  await propertyBecomes(machine, UNIT, "StatusText", IN_FORCE);
  await eventually("the server was signalled", async () => await timesTold(machine) > 0);
  const reported = await timesTold(machine);
  await edit(machine);
  await eventually("the server was signalled after the edit", async () => await timesTold(machine) > reported);
});

scenario("a listed unit is restarted and waited for, and doctor says which file its server reads", async (machine) => {
  await install(machine);
  await startServer(machine);
  await allowUnits(machine, SERVER);
  await startWith(machine, { SystemdUnit: SERVER, Action: "restart", Ready: { SystemdUnit: SERVER } });
  await propertyBecomes(machine, UNIT, "StatusText", IN_FORCE);
  const before = await property(machine, SERVER, "MainPID");
  await edit(machine);
  await eventually("another process", async () => await property(machine, SERVER, "MainPID") !== before, 30_000);
  await propertyBecomes(machine, UNIT, "StatusText", IN_FORCE);
  const path = "/var/lib/honua-configd/config.snapshot.json";
  await dropIn(machine, SERVER, "path", [`Environment=HONUA_CONFIG_PATH=${path}`]);
  const { stdout } = await machine.attempt("honua-configd", "doctor", "--format", "json");
  assertStringIncludes(stdout, `${SERVER} reads the snapshot in JSON (HONUA_CONFIG_PATH)`);
  assertStringIncludes(stdout, `${SERVER} does not set Honua__ConfigurationV2__Path`);
});

scenario("the daemon's user may reload and restart the listed units, and nothing else", async (machine) => {
  await install(machine);
  await startServer(machine);
  await allowUnits(machine, SERVER);
  const ask = async (...words: string[]) => {
    const asked = ["runuser", "-u", "honua-configd", "--", "systemctl", "--no-ask-password", ...words];
    return (await machine.attempt(...asked)).code === 0;
  };
  assert(await ask("reload", SERVER));
  assert(await ask("reload-or-restart", SERVER));
  assert(await ask("restart", SERVER));
  for (
    const words of [["stop", SERVER], ["reload", "nginx.service"], ["stop", UNIT], ["daemon-reload"], ["poweroff"]]
  ) {
    assert(!await ask(...words), words.join(" "));
  }
  assert(!await ask("mask", SERVER), "mask");
  await isActive(machine, SERVER);
});

scenario("a real nginx serves the new configuration, after the hook", async (machine) => {
  await install(machine);
  await allowUnits(machine, "nginx.service");
  const site = (answer: string) => `server { listen 8081; location / { return 200 "${answer}\\n"; } }\n`;
  const answer = async () => {
    const request = 'exec 3<>/dev/tcp/127.0.0.1/8081; printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; cat <&3';
    return (await machine.attempt("bash", "-c", request)).stdout;
  };
  await machine.write("/etc/nginx/conf.d/site.conf", site("old"));
  await machine.run("systemctl", "restart", "nginx.service");
  assertStringIncludes(await answer(), "old");
  await startWith(machine, { SystemdUnit: "nginx.service" });
  await propertyBecomes(machine, UNIT, "StatusText", IN_FORCE);
  await machine.write("/etc/nginx/conf.d/site.conf", site("new"));
  await edit(machine);
  await eventually("nginx serves the new site", async () => (await answer()).includes("new"), 30_000);
});

scenario("a signal to another user's process takes the drop-in that is shipped for it", async (machine) => {
  await install(machine);
  await startServer(machine);
  await startWith(machine, { Signal: "SIGHUP", PidFile: "/run/local-server/pid" });
  await propertyBecomes(machine, UNIT, "StatusText", /failed hooks: server/);
  assertEquals(await timesTold(machine), 0);
  const examples = "/usr/local/share/doc/honua-configd/examples";
  await machine.run("install", "-D", "-t", `/etc/systemd/system/${UNIT}.d`, `${examples}/${UNIT}.d/signal-hooks.conf`);
  await machine.run("systemctl", "daemon-reload");
  await machine.run("systemctl", "restart", UNIT);
  await eventually("the server was signalled", async () => await timesTold(machine) > 0, 30_000);
  await propertyBecomes(machine, UNIT, "StatusText", IN_FORCE);
});

scenario("no child of a hook outlives a stop, a timeout or a kill of the daemon", async (machine) => {
  await install(machine);
  const command = ["/bin/sh", "-c", "trap '' TERM; sleep 4321 & sleep 4321"];
  const children = async () => {
    return (await machine.attempt("sh", "-c", "grep --files-with-matches '^sleep$' /proc/[0-9]*/comm")).stdout;
  };
  await dropIn(machine, UNIT, "stop", ["TimeoutStopSec=2"]);
  await startWith(machine, { Command: command, TimeoutSeconds: 600 });
  await eventually("the hook runs", async () => await children() !== "", 30_000);
  await machine.run("systemctl", "stop", UNIT);
  assertEquals(await property(machine, UNIT, "Result"), "success");
  assertEquals(await children(), "");
  await machine.run("systemctl", "start", UNIT);
  await eventually("the hook that is owed runs again", async () => await children() !== "", 30_000);
  await writeOptions(machine, {});
  await machine.run("systemctl", "kill", "--kill-who=main", "--signal=KILL", UNIT);
  await eventually("the hook is gone", async () => await children() === "", 30_000);
  await propertyBecomes(machine, UNIT, "NRestarts", /^1$/);
  await isActive(machine);
  await startWith(machine, { Command: command, TimeoutSeconds: 1, Retry: { Attempts: 1, BackoffSeconds: 3600 } });
  await edit(machine);
  await eventually("the hook took too long", async () => (await journal(machine)).includes("took longer than"), 30_000);
  await eventually("the hook is gone", async () => await children() === "", 30_000);
  assertNotEquals(await property(machine, UNIT, "ActiveState"), "failed");
});
