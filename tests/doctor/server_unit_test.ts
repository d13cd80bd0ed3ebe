// The findings about the servers' units, as systemctl shows them.
import { assertEquals, assertStringIncludes } from "@std/assert";
import type { Finding } from "../../src/doctor/finding.ts";
import { servers } from "../../src/doctor/server_units.ts";
import { findingsOf, levels, machineWith, NO_SYSTEMD, optionsWith } from "./subject.ts";

const UNIT = { ...NO_SYSTEMD, state: "not-installed" } as const;
const SNAPSHOT = "/var/lib/honua-configd/config.snapshot.json";
const SERVER = "/var/lib/honua-configd/config.snapshot.honua";
const SOURCE = "/etc/honua/config.hcl";
const QUIET = ["ConfigurationWatcher__EnableFileWatching=false", "HighAvailability__Enabled=false"];
const BOTH = [`HONUA_CONFIG_PATH=${SERVER}`, `Honua__ConfigurationV2__Path=${SERVER}`];

interface Given {
  readonly id?: string;
  readonly names?: string;
  readonly environment: readonly string[];
  /** The text of its EnvironmentFile; an error's name in brackets: it cannot be read. */
  readonly file?: string;
  readonly canReload?: string;
  readonly directory?: string;
  readonly load?: string;
}

/** A unit as systemctl shows it, with the properties in systemd's own order. */
function shown({ id = "honua-server.service", names = id, environment, file, ...given }: Given): string {
  const lines = [
    `WorkingDirectory=${given.directory ?? ""}`,
    `Environment=${environment.join(" ")}`,
    ...file === undefined ? [] : ["EnvironmentFiles=/etc/honua/server.env (ignore_errors=no)"],
    `Id=${id}`,
    `Names=${names}`,
    `LoadState=${given.load ?? "loaded"}`,
    `CanReload=${given.canReload ?? "no"}`,
  ];
  return lines.join("\n");
}

/** The findings if these units are there, and the hooks have these settings. */
async function judged(
  units: readonly Given[],
  ...list: readonly Readonly<Record<string, string>>[]
): Promise<readonly Finding[]> {
  const hooks = list.flatMap((hook, index) =>
    Object.entries(hook).map(([name, value]) => [`Hooks:List:${index}:${name}`, value])
  );
  const file = units.find((unit) => unit.file !== undefined)?.file ?? "";
  const asked: string[][] = [];
  const machine = machineWith({
    run(_program, args) {
      asked.push([...args]);
      return Promise.resolve({ code: 0, out: `${units.map(shown).join("\n\n")}\n`, error: "" });
    },
    readText(path) {
      assertEquals(path, "/etc/honua/server.env");
      const code = /^\[(\w+)\]$/.exec(file)?.[1];
      return Promise.resolve(code === undefined ? { ok: true, text: file } : { ok: false, code });
    },
    realPath: (path) => Promise.resolve(path.replace("/run/link/", "/var/lib/honua-configd/")),
  });
  const found = await findingsOf(servers, {
    machine,
    unit: UNIT,
    options: optionsWith(Object.fromEntries(hooks)),
    source: { path: SOURCE, decidedBy: "--config" },
  });
  assertEquals(asked[0]?.slice(0, 2), ["show", "--no-pager"]);
  return found;
}

const HOOK = { Name: "server", SystemdUnit: "honua-server.service", Action: "restart" };

/** The findings that are not ok, level first. */
function troubles(findings: readonly Finding[]): string[] {
  return findings.filter(({ level }) => level !== "ok").map(({ level, what }) => `${level} ${what}`);
}

Deno.test("a server that reads the file that is written for it, and does nothing by itself, is well", async () => {
  const found = await judged([{ environment: [...BOTH, ...QUIET] }], HOOK);
  assertEquals(levels(found), ["ok servers/unit", "ok servers/unit"]);
  const linked = BOTH.map((one) => one.replace("/var/lib/honua-configd/", "/run/link/"));
  assertEquals(troubles(await judged([{ environment: [...linked, ...QUIET] }], HOOK)), []);
  const other = ["Honua__ConfigPath=config.snapshot.honua", "HONUA__CONFIGURATIONV2__PATH=config.snapshot.honua"];
  const relative = { environment: [...other, ...QUIET], directory: "!/var/lib/honua-configd" };
  assertEquals(troubles(await judged([relative], HOOK)), []);
});

Deno.test("a server that reads another file is a warning that names the loss and the setting", async () => {
  const reading = async (path: string, hook: Readonly<Record<string, string>> = HOOK) => {
    const names = ["HONUA_CONFIG_PATH", "Honua__ConfigurationV2__Path"];
    return await judged([{ environment: [...names.map((name) => `${name}=${path}`), ...QUIET] }], hook);
  };
  const snapshot = await reading(SNAPSHOT);
  assertEquals(
    troubles(snapshot)[0],
    "warning honua-server.service reads the snapshot in JSON (Honua__ConfigurationV2__Path), by which a server loses " +
      "the settings of its services",
  );
  assertEquals(snapshot[0]?.todo, `Set it to ${SERVER}`);
  assertStringIncludes(
    troubles(await reading(SOURCE))[0] ?? "",
    "warning honua-server.service reads the source itself",
  );
  const stranger = troubles(await reading("/srv/other.hcl"));
  assertEquals(
    stranger[1],
    "warning honua-server.service reads another file than honua-configd writes (HONUA_CONFIG_PATH): /srv/other.hcl",
  );
  assertEquals((await reading("/srv/other.hcl", {})).map(({ level }) => level), ["note", "note"]);
});

Deno.test("one setting of the two is not enough, and the variable beats the section", async () => {
  const [path, metadata] = BOTH;
  const lacking = async (...environment: string[]) =>
    troubles(await judged([{ environment: [...environment, ...QUIET] }], HOOK));
  assertEquals(await lacking(path!), [
    "warning honua-server.service does not set Honua__ConfigurationV2__Path, by which a server learns its metadata",
  ]);
  assertEquals(await lacking(metadata!, "HONUA_CONFIG_PATH="), [
    "warning honua-server.service does not set HONUA_CONFIG_PATH, by which a server learns which services are on",
  ]);
  assertEquals(await lacking(...BOTH, "Honua__ConfigPath=/srv/other.hcl"), []);
});

Deno.test("a server that watches, has High Availability or is only reloaded is reported", async () => {
  assertEquals(troubles(await judged([{ environment: BOTH }], HOOK)), [
    "note honua-server.service watches its file by itself, which takes up the first change only, unless its " +
    "appsettings.json says otherwise",
  ]);
  const busy = ["ConfigurationWatcher__EnableFileWatching=True", "HighAvailability__Enabled=true"];
  const { Action: _, ...reloading } = HOOK;
  assertEquals(troubles(await judged([{ environment: [...BOTH, ...busy], canReload: "yes" }], reloading)), [
    "warning Its hook reloads honua-server.service, and a server takes a change up by a restart",
    "warning honua-server.service watches its file by itself, which takes up the first change only",
    "warning honua-server.service has High Availability of its own, which does not make it take a change up",
  ]);
  assertEquals(troubles(await judged([{ environment: [...BOTH, ...QUIET] }], reloading)), []);
});

Deno.test("a hook that only asks whether a server is well does not reload it", async () => {
  const asking = { Name: "well", SystemdUnit: "honua-server.service", On: "health" };
  const server = [{ environment: [...BOTH, ...QUIET], canReload: "yes" }];
  assertEquals(troubles(await judged(server, asking)), []);
  assertEquals(troubles(await judged(server, HOOK, asking)), []);
  const { Action: _, ...reloading } = HOOK;
  assertEquals(troubles(await judged(server, reloading, asking)).length, 1);
});

Deno.test("variables are found in environment files, and a file that cannot be read is said", async () => {
  const environment = ["HONUA_CONFIG_PATH=/srv/other.hcl"];
  const text = [...BOTH, ...QUIET].join("\n");
  assertEquals(troubles(await judged([{ environment, file: text }], HOOK)), []);
  const hidden = "The environment of honua-server.service is not known: /etc/honua/server.env: EACCES";
  assertEquals(troubles(await judged([{ environment: BOTH.slice(0, 1), file: "[EACCES]" }], HOOK)), [`note ${hidden}`]);
  assertEquals(troubles(await judged([{ environment: [], file: "[EACCES]" }])), [`note ${hidden}`]);
  assertEquals(await judged([{ environment: [], file: "[ENOENT]" }]), []);
});

Deno.test("units are found by hooks, names and variables, and all others are left in peace", async () => {
  const wrong = [`HONUA_CONFIG_PATH=${SNAPSHOT}`];
  const found = await judged([
    { id: "nginx.service", environment: ["A=b"] },
    { id: "tiles.service", names: "maps.service tiles.service", environment: [...BOTH, ...QUIET] },
    { id: "other.service", environment: [`HONUA_CONFIG_PATH=/srv/other.hcl`] },
    { id: "gone.service", environment: wrong, load: "not-found" },
    { id: "honua-configd.service", environment: wrong },
    { id: "honua-configd@a.service", environment: wrong },
  ], { Name: "server", "Command:0": "true", "Ready:SystemdUnit": "maps.service" });
  assertEquals(found.map(({ what }) => what.split(" ")[0]), ["tiles.service", "tiles.service", "other.service"]);
  assertEquals(troubles(found), [
    "note other.service reads another file than honua-configd writes (HONUA_CONFIG_PATH): /srv/other.hcl",
  ]);
});

Deno.test("a host without systemd has no units, and a systemd that does not answer is a note", async () => {
  const refused = machineWith({ run: () => Promise.resolve({ code: 1, out: "", error: "no" }) });
  const subject = { machine: refused, options: optionsWith({}), source: { path: SOURCE, decidedBy: "--config" } };
  assertEquals(levels(await findingsOf(servers, { ...subject, unit: UNIT })), ["note servers/unit"]);
  assertEquals(await findingsOf(servers, { ...subject, unit: NO_SYSTEMD }), []);
});
