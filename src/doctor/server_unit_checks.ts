// The units of the local servers: whether each reads the file that is written for it, and nothing but a restart makes it
// read that file. Only the environment of a unit is looked at: what an appsettings.json says is not seen.
import { isAbsolute, join } from "node:path";
import { parseEnvironmentFile } from "../config/environment.ts";
import { sourceText } from "../diagnostic/range.ts";
import type { Options } from "../options/options.ts";
import type { Check, Subject } from "./examination.ts";
import { type Finding, note, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import { environmentFilesIn, environmentIn, propertiesIn, workingDirectoryIn } from "./unit_facts.ts";

const CHECK = "servers/unit";

/** The units that are asked about, and what. */
const PROPERTIES = [
  "Id",
  "Names",
  "LoadState",
  "CanReload",
  "Environment",
  "EnvironmentFiles",
  "WorkingDirectory",
] as const;

/** What names a server's configuration, as variables: in any case (ASP.NET's configuration), the first of a list counts. */
const PLACES = [
  { about: "its metadata", variables: ["Honua__ConfigurationV2__Path"] },
  { about: "which services are on", variables: ["HONUA_CONFIG_PATH", "Honua__ConfigPath"] },
] as const;

/** Each unit of a server. */
export const serverUnitsCheck: Check<Pick<Subject, "machine" | "unit" | "options" | "source">> = {
  id: CHECK,
  about: "The servers' units",
  async examine({ machine, unit, options, source }, { signal }) {
    if (unit.state === "no-systemd") return [];
    const hooked = hookedUnits(options);
    const args = ["show", "--no-pager", `--property=${PROPERTIES.join(",")}`, "--", "*.service", ...hooked.keys()];
    const ran = await machine.run("systemctl", args, signal);
    if (ran?.code !== 0) return [note(CHECK, "systemd does not tell about the units of servers", "Ask as root")];
    const shown = ran.out.split("\n\n").map((block) => propertiesIn(block, PROPERTIES));
    const units = new Map(shown.map((properties) => [properties["Id"] ?? "", properties]));
    const files = await resolved(machine, {
      server: options.snapshot.serverPath,
      snapshot: options.snapshot.path,
      source: "path" in source ? source.path : null,
    });
    const found = await Promise.all([...units.values()].map(async (properties) => {
      const action = (properties["Names"] ?? "").split(" ").map((name) => hooked.get(name)).find(Boolean) ?? null;
      const server = await readServer(properties, action, machine);
      return server === null ? [] : judgeServer(server, files);
    }));
    return found.flat();
  },
};

/** The units that hooks name, with what is done to them; `asked`: only whether it is active. */
function hookedUnits({ hooks }: Options): ReadonlyMap<string, ServerUnit["hook"]> {
  const named = hooks.list.flatMap((
    { systemdUnit, action, ready },
  ): [string | null | undefined, ServerUnit["hook"]][] => [
    [ready?.systemdUnit, "asked"],
    [systemdUnit, action],
  ]);
  return new Map(named.flatMap(([unit, action]) => unit == null ? [] : [[unit, action]]));
}

/** The files of an instance, their paths without symbolic links; null: there is none. */
export interface OwnFiles {
  /** Written for servers. */
  readonly server: string | null;
  /** The snapshot in JSON. */
  readonly snapshot: string;
  /** The configuration that people write. */
  readonly source: string | null;
}

async function resolved(machine: Machine, { server, snapshot, source }: OwnFiles): Promise<OwnFiles> {
  const real = async (path: string | null) => path === null ? null : await machine.realPath(path);
  return { server: await real(server), snapshot: await machine.realPath(snapshot), source: await real(source) };
}

/** A unit that seems to be a server's. */
export interface ServerUnit {
  /** Its name. */
  readonly name: string;
  /** The action of the hook that names it; null: no hook does. */
  readonly hook: "reload-or-restart" | "restart" | "asked" | null;
  /** Whether systemd can reload it. */
  readonly canReload: boolean;
  /** Its variables, by their names in lower case. */
  readonly variables: ReadonlyMap<string, string>;
  /** Files with more of them, which could not be read. */
  readonly unread: readonly string[];
  /** What its paths lead to, by the path as it is written. */
  readonly realPaths: ReadonlyMap<string, string>;
}

/** Finds out about a unit; null where it is no server's, as far as can be seen. */
async function readServer(
  properties: Readonly<Record<string, string>>,
  hook: ServerUnit["hook"],
  machine: Machine,
): Promise<ServerUnit | null> {
  const name = properties["Id"] ?? "";
  if (properties["LoadState"] !== "loaded" || /^honua-configd(@.*)?\.service$/.test(name)) return null;
  const own = Object.entries(environmentIn(properties["Environment"] ?? ""));
  const variables = new Map(own.map(([variable, value]) => [variable.toLowerCase(), value]));
  const seemsOne = hook !== null || /^honua-server.*\.service$/.test(name) || pathsIn(variables).length > 0;
  if (!seemsOne) return null;
  const unread: string[] = [];
  for (const file of environmentFilesIn(properties["EnvironmentFiles"] ?? "")) {
    const read = await machine.readText(file);
    if (!read.ok && read.code !== "ENOENT") unread.push(`${file}: ${read.code}`);
    if (!read.ok) continue;
    for (const [variable, value] of parseEnvironmentFile(sourceText(file, read.text)).variables) {
      variables.set(variable.toLowerCase(), value);
    }
  }
  const directory = workingDirectoryIn(properties["WorkingDirectory"] ?? "");
  const realPaths = new Map<string, string>();
  for (const { path } of pathsIn(variables)) {
    realPaths.set(path, await machine.realPath(isAbsolute(path) ? path : join(directory, path)));
  }
  return { name, hook, canReload: properties["CanReload"] === "yes", variables, unread, realPaths };
}

interface NamedPath {
  readonly variable: string;
  readonly path: string;
}

/** The paths that variables give to a server. */
function pathsIn(variables: ServerUnit["variables"]): NamedPath[] {
  return PLACES.flatMap(({ variables: names }) => {
    const variable = names.find((one) => variables.get(one.toLowerCase())?.trim());
    return variable === undefined ? [] : [{ variable, path: variables.get(variable.toLowerCase())! }];
  });
}

/** Judges what a unit gives its server to read, and when the server reads it. */
export function judgeServer(unit: ServerUnit, files: OwnFiles): Finding[] {
  const { name, hook, unread } = unit;
  const paths = pathsIn(unit.variables);
  const hidden = unread.map((file) => note(CHECK, `The environment of ${name} is not known: ${file}`, "Ask as root"));
  if (paths.length === 0) {
    const isServer = /^honua-server/.test(name) && unread.length === 0;
    const what = `${name} names no configuration in its environment: what its server reads was not looked at`;
    return isServer ? [note(CHECK, what)] : hidden;
  }
  const judged = paths.map((named) => judgePath(named, unit, files));
  const isOurs = hook !== null || paths.some(({ path }) => Object.values(files).includes(unit.realPaths.get(path)!));
  if (!isOurs) return [...judged, ...hidden];
  return [...judged, ...judgeMissing(unit, paths, files), ...judgeTakingUp(unit), ...hidden];
}

function judgePath({ variable, path }: NamedPath, { name, hook, realPaths }: ServerUnit, files: OwnFiles): Finding {
  const real = realPaths.get(path);
  const todo = files.server === null ? "Set Snapshot:ServerPath, and name that file" : `Set it to ${files.server}`;
  if (real === files.server) return ok(CHECK, `${name} reads the file that is written for servers (${variable})`);
  if (real === files.source) {
    return warning(CHECK, `${name} reads the source itself (${variable}), also what is rejected here`, todo);
  }
  if (real === files.snapshot) {
    const what =
      `${name} reads the snapshot in JSON (${variable}), by which a server loses the settings of its services`;
    return warning(CHECK, what, todo);
  }
  const what = `${name} reads another file than honua-configd writes (${variable}): ${path}`;
  // It may be another instance's.
  return hook === null ? note(CHECK, what) : warning(CHECK, what, todo);
}

/** A server reads its configuration twice, each time by a setting of its own. */
function judgeMissing(unit: ServerUnit, paths: readonly NamedPath[], files: OwnFiles): Finding[] {
  const isThere = (names: readonly string[]) => paths.some(({ variable }) => names.includes(variable));
  const lacking = PLACES.filter(({ variables }) => !isThere(variables));
  if (unit.unread.length > 0) return [];
  return lacking.map(({ about, variables: [variable] }) => {
    const what = `${unit.name} does not set ${variable}, by which a server learns ${about}`;
    return warning(CHECK, what, `Set it to ${files.server ?? paths[0]!.path}, unless its appsettings.json does`);
  });
}

/** Only a restart makes a server read its configuration anew; what it does by itself beside that gets in the way. */
function judgeTakingUp({ name, hook, canReload, variables, unread }: ServerUnit): Finding[] {
  const valueOf = (variable: string) => variables.get(variable.toLowerCase())?.trim().toLowerCase();
  const isReloaded = hook === "reload-or-restart" && canReload;
  const watching = valueOf("ConfigurationWatcher__EnableFileWatching");
  const off = "Set ConfigurationWatcher__EnableFileWatching=false";
  return [
    ...isReloaded
      ? [
        warning(
          CHECK,
          `Its hook reloads ${name}, and a server takes a change up by a restart`,
          'Set "Action": "restart"',
        ),
      ]
      : [],
    ...watching === "false" || (watching === undefined && unread.length > 0)
      ? []
      : watching === "true"
      ? [warning(CHECK, `${name} watches its file by itself, which takes up the first change only`, off)]
      : [note(CHECK, `${name} watches its file by itself, unless its appsettings.json says otherwise`, off)],
    ...valueOf("HighAvailability__Enabled") === "true"
      ? [warning(
        CHECK,
        `${name} has High Availability of its own, which does not make it take a change up`,
        "Set HighAvailability__Enabled=false",
      )]
      : [],
  ];
}
