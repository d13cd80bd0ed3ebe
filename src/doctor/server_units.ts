// The units of local servers: each reads the file that is written for it, and only a restart makes it read the file
// again. Only a unit's environment is read, not an appsettings.json.
import { isAbsolute, join } from "node:path";
import type { HookOptions } from "../options/options.ts";
import { type Check, check, facts, type Host, type Subject } from "./examination.ts";
import { type Judgement, note, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import {
  environmentFilesIn,
  environmentIn,
  propertiesIn,
  readUnitEnvironment,
  workingDirectoryIn,
} from "./unit_facts.ts";

const PROPERTIES = ["Id", "Names", "LoadState", "CanReload", "Environment", "EnvironmentFiles", "WorkingDirectory"];

/** A server's two settings. Case does not matter (ASP.NET's configuration); the first variable that is set counts. */
const SETTINGS = [
  { about: "its metadata", variables: ["Honua__ConfigurationV2__Path"] },
  { about: "which services are on", variables: ["HONUA_CONFIG_PATH", "Honua__ConfigPath"] },
] as const;

type Examined = Host & Pick<Subject, "options" | "source">;

/** Null: systemd does not answer. Paths are without symbolic links. */
export const serverUnits = facts("servers/unit", "The servers' units", async (examined: Examined, { signal }) => {
  const { machine, unit, options: { snapshot, hooks }, source } = examined;
  const real = async (path: string | null) => path === null ? null : await machine.realPath(path);
  const files: OwnFiles = {
    server: await real(snapshot.serverPath),
    snapshot: await real(snapshot.path),
    source: await real("path" in source ? source.path : null),
  };
  if (unit.state === "no-systemd") return { units: [], files };
  const asking = hooks.list.flatMap(({ on, ready, systemdUnit }) => [
    ready?.systemdUnit,
    on === "health" ? systemdUnit : null,
  ]);
  const acting = hooks.list.filter(({ on }) => on !== "health");
  // An action beats a question about the same unit.
  const hooked = new Map([
    ...asking.map((unit) => [unit, "asked"] as const),
    ...acting.map(({ systemdUnit, action }) => [systemdUnit, action] as const),
  ].flatMap(([unit, action]) => unit == null ? [] : [[unit, action]]));
  const args = ["show", "--no-pager", `--property=${PROPERTIES.join(",")}`, "--", "*.service", ...hooked.keys()];
  const ran = await machine.run("systemctl", args, signal);
  if (ran?.code !== 0) return null;
  const shown = ran.out.split("\n\n").map((block) => propertiesIn(block, PROPERTIES));
  // systemctl shows a unit again if a hook uses another of its names.
  const units = new Map(shown.map((properties) => [properties["Id"] ?? "", properties]));
  const read = await Promise.all([...units].map(async ([name, properties]) => {
    const hook = (properties["Names"] ?? "").split(" ").map((one) => hooked.get(one)).find(Boolean) ?? null;
    return await readServer(name, properties, hook, machine);
  }));
  return { units: read.filter((one) => one !== null), files };
});

type OwnFiles = Readonly<Record<"server" | "snapshot" | "source", string | null>>;
/** The action of the hook that names a unit; `asked`: a hook only asks whether it is active; null: no hook names it. */
type Hook = HookOptions["action"] | "asked" | null;
type Variables = ReadonlyMap<string, string>;
type ServerUnit = NonNullable<Awaited<ReturnType<typeof readServer>>>;

/** Null: it does not seem to be a server's unit. The names of variables are in lower case. */
async function readServer(name: string, properties: Readonly<Record<string, string>>, hook: Hook, machine: Machine) {
  if (properties["LoadState"] !== "loaded" || /^honua-configd(@.*)?\.service$/.test(name)) return null;
  const own = Object.entries(environmentIn(properties["Environment"] ?? ""));
  const lowered = (entries: Iterable<readonly [string, string]>) =>
    [...entries].map(([variable, value]) => [variable.toLowerCase(), value] as const);
  const seemsOne = hook !== null || /^honua-server.*\.service$/.test(name) || named(new Map(lowered(own))).length > 0;
  if (!seemsOne) return null;
  const files = await readUnitEnvironment(machine, environmentFilesIn(properties["EnvironmentFiles"] ?? ""));
  const variables = new Map([...lowered(own), ...lowered(files.variables)]);
  const directory = workingDirectoryIn(properties["WorkingDirectory"] ?? "");
  const paths = await Promise.all(
    named(variables).map(async ({ variable, path }) => {
      return { variable, path, real: await machine.realPath(isAbsolute(path) ? path : join(directory, path)) };
    }),
  );
  return { name, hook, canReload: properties["CanReload"] === "yes", variables, unread: files.unread, paths };
}

/** The paths that variables give to a server. */
function named(variables: Variables): { readonly variable: string; readonly path: string }[] {
  return SETTINGS.flatMap(({ variables: names }) => {
    const variable = names.find((one) => variables.get(one.toLowerCase())?.trim());
    return variable === undefined ? [] : [{ variable, path: variables.get(variable.toLowerCase())! }];
  });
}

export const SERVER_CHECKS: readonly Check<Examined>[] = [
  check("servers/unit", serverUnits, (found) => {
    return found === null
      ? note("systemd does not tell about the units of servers", "Ask as root")
      : found.units.flatMap((unit) => judgeServer(unit, found.files));
  }),
];

function judgeServer(unit: ServerUnit, files: OwnFiles): Judgement[] {
  const { name, hook, unread, paths } = unit;
  const hidden = unread.map((file) => note(`The environment of ${name} is not known: ${file}`, "Ask as root"));
  if (paths.length === 0) {
    const isServer = /^honua-server/.test(name) && unread.length === 0;
    const what = `${name} names no configuration in its environment: the file that its server reads was not checked`;
    return isServer ? [note(what)] : hidden;
  }
  const judged = paths.map((path) => judgePath(path, unit, files));
  const isOurs = hook !== null || paths.some(({ real }) => Object.values(files).includes(real));
  return [...judged, ...(isOurs ? [...judgeMissing(unit, files), ...judgeTakingUp(unit)] : []), ...hidden];
}

function judgePath(
  { variable, path, real }: ServerUnit["paths"][number],
  { name, hook }: ServerUnit,
  files: OwnFiles,
): Judgement {
  const todo = files.server === null ? "Set Snapshot:ServerPath, and name that file" : `Set it to ${files.server}`;
  switch (real) {
    case files.server:
      return ok(`${name} reads the file that is written for servers (${variable})`);
    case files.source:
      return warning(`${name} reads the source itself (${variable}), also when it is rejected here`, todo);
    case files.snapshot: {
      const loss = "by which a server loses the settings of its services";
      return warning(`${name} reads the snapshot in JSON (${variable}), ${loss}`, todo);
    }
  }
  const what = `${name} reads another file than honua-configd writes (${variable}): ${path}`;
  // It may be another instance's.
  return hook === null ? note(what) : warning(what, todo);
}

/** A server reads its configuration twice, each time by a setting of its own. */
function judgeMissing({ name, paths, unread }: ServerUnit, files: OwnFiles): Judgement[] {
  if (unread.length > 0) return [];
  const lacking = SETTINGS.filter(({ variables }) =>
    !paths.some(({ variable }) => (variables as readonly string[]).includes(variable))
  );
  return lacking.map(({ about, variables: [variable] }) => {
    const what = `${name} does not set ${variable}, by which a server learns ${about}`;
    return warning(what, `Set it to ${files.server ?? paths[0]!.path}, unless its appsettings.json does`);
  });
}

/** Only a restart makes a server read its configuration again; its own watching and High Availability do not help. */
function judgeTakingUp({ name, hook, canReload, variables, unread }: ServerUnit): Judgement[] {
  const valueOf = (variable: string) => variables.get(variable.toLowerCase())?.trim().toLowerCase();
  const judgements: Judgement[] = [];
  if (hook === "reload-or-restart" && canReload) {
    const what = `Its hook reloads ${name}, and a server takes a change up by a restart`;
    judgements.push(warning(what, 'Set "Action": "restart"'));
  }
  const watching = valueOf("ConfigurationWatcher__EnableFileWatching");
  const off = "Set ConfigurationWatcher__EnableFileWatching=false";
  if (watching === "true") {
    judgements.push(warning(`${name} watches its file by itself, which takes up the first change only`, off));
  } else if (watching !== "false" && (watching !== undefined || unread.length === 0)) {
    judgements.push(note(`${name} watches its file by itself, unless its appsettings.json says otherwise`, off));
  }
  if (valueOf("HighAvailability__Enabled") === "true") {
    const what = `${name} has High Availability of its own, which does not make it take a change up`;
    judgements.push(warning(what, "Set HighAvailability__Enabled=false"));
  }
  return judgements;
}
