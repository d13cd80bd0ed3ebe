// The units of local servers: each reads the file that is written for it, and only a restart makes it read the file
// again. Only a unit's environment is read, not an appsettings.json.
import { isAbsolute, join } from "node:path";
import { type Host, section, type Subject, type Within } from "./examination.ts";
import { type Judgement, note, ok, warning } from "./finding.ts";
import { environmentIn, filesIn, propertiesIn, readEnvironment, workingDirectoryIn } from "./unit.ts";

const PROPERTIES = ["Id", "Names", "LoadState", "CanReload", "Environment", "EnvironmentFiles", "WorkingDirectory"];

/** A server's two settings. Case does not matter (ASP.NET's configuration); the first variable that is set counts. */
const SETTINGS = [
  { about: "its metadata", variables: ["Honua__ConfigurationV2__Path"] },
  { about: "which services are on", variables: ["HONUA_CONFIG_PATH", "Honua__ConfigPath"] },
];

/** Only a restart makes a server read its configuration again. */
const USELESS = [
  {
    variable: "ConfigurationWatcher__EnableFileWatching",
    isDefault: true,
    what: "watches its file by itself, which takes up the first change only",
  },
  {
    variable: "HighAvailability__Enabled",
    isDefault: false,
    what: "has High Availability of its own, which does not make it take a change up",
  },
];

type Examined = Host & Pick<Subject, "options" | "source">;

/** Null: systemd does not answer. Paths are without symbolic links. */
async function readServers({ machine, unit, options, source }: Examined, { signal }: Within) {
  const { snapshot, hooks: { list } } = options;
  const real = async (path: string | null) => path === null ? null : await machine.realPath(path);
  const files = {
    server: await real(snapshot.serverPath),
    snapshot: await real(snapshot.path),
    source: await real("path" in source ? source.path : null),
  };
  if (unit.state === "no-systemd") return { units: [], files };
  const named = list.flatMap(({ ready, systemdUnit }) => [ready?.systemdUnit, systemdUnit]).filter((one) =>
    one != null
  );
  const args = ["show", "--no-pager", `--property=${PROPERTIES.join(",")}`, "--", "*.service", ...named];
  const ran = await machine.run("systemctl", args, signal);
  if (ran?.code !== 0) return null;
  const shown = ran.out.split("\n\n").map((block) => propertiesIn(block, PROPERTIES));
  // systemctl shows a unit again if a hook uses another of its names.
  const units = [...new Map(shown.map((properties) => [properties["Id"], properties])).values()];
  return { units: (await Promise.all(units.map(readServer))).filter((one) => one !== null), files };

  /** Null: it does not seem to be a server's unit. The names of variables are in lower case. */
  async function readServer({ Id: name = "", ...properties }: Readonly<Record<string, string>>) {
    if (properties["LoadState"] !== "loaded" || /^honua-configd(@.*)?\.service$/.test(name)) return null;
    const names = (properties["Names"] ?? "").split(" ");
    const isNamed = named.some((one) => names.includes(one));
    const isReloaded = properties["CanReload"] === "yes" && list.some(({ on, systemdUnit, action }) => {
      return on !== "health" && action === "reload-or-restart" && names.includes(systemdUnit ?? "");
    });
    const own = Object.entries(environmentIn(properties["Environment"] ?? ""));
    if (!isNamed && !/^honua-server.*\.service$/.test(name) && pathsIn(lowered(own)).length === 0) return null;
    const { variables: more, unread } = await readEnvironment(machine, filesIn(properties["EnvironmentFiles"] ?? ""));
    const variables = lowered([...own, ...more]);
    const directory = workingDirectoryIn(properties["WorkingDirectory"] ?? "");
    const paths = await Promise.all(
      pathsIn(variables).map(async (one) => {
        return { ...one, real: await machine.realPath(isAbsolute(one.path) ? one.path : join(directory, one.path)) };
      }),
    );
    return { name, isNamed, isReloaded, variables, unread, paths };
  }
}

type Found = NonNullable<Awaited<ReturnType<typeof readServers>>>;
type Server = Found["units"][number];

function lowered(variables: readonly (readonly [string, string])[]): ReadonlyMap<string, string> {
  return new Map(variables.map(([name, value]) => [name.toLowerCase(), value]));
}

/** The paths that variables give to a server. */
function pathsIn(variables: ReadonlyMap<string, string>): { readonly variable: string; readonly path: string }[] {
  return SETTINGS.flatMap(({ variables: names }) => {
    const variable = names.find((one) => variables.get(one.toLowerCase())?.trim());
    return variable === undefined ? [] : [{ variable, path: variables.get(variable.toLowerCase())! }];
  });
}

export const servers = section("The servers' units", readServers, {
  "servers/unit": (found) => {
    if (found === null) return note("systemd does not tell about the units of servers", "Ask as root");
    return found.units.flatMap((server) => {
      const { name, isNamed, unread, paths } = server;
      const isOurs = isNamed || paths.some(({ real }) => Object.values(found.files).includes(real));
      return [
        ...paths.map((path) => judgePath(path, server, found.files)),
        ...isOurs && paths.length > 0 ? [...judgeMissing(server, found.files), ...judgeTakingUp(server)] : [],
        ...unread.map((file) => note(`The environment of ${name} is not known: ${file}`, "Ask as root")),
      ];
    });
  },
});

function judgePath(
  { variable, path, real }: Server["paths"][number],
  { name, isNamed }: Server,
  files: Found["files"],
) {
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
  return isNamed ? warning(what, todo) : note(what);
}

/** A server reads its configuration twice, each time by a setting of its own. */
function judgeMissing({ name, paths, unread }: Server, files: Found["files"]): Judgement[] {
  if (unread.length > 0) return [];
  const lacking = SETTINGS.filter(({ variables }) => !paths.some(({ variable }) => variables.includes(variable)));
  return lacking.map(({ about, variables: [variable] }) => {
    const what = `${name} does not set ${variable}, by which a server learns ${about}`;
    return warning(what, `Set it to ${files.server ?? paths[0]!.path}, unless its appsettings.json does`);
  });
}

function judgeTakingUp({ name, isReloaded, variables, unread }: Server): Judgement[] {
  const reload = `Its hook reloads ${name}, and a server takes a change up by a restart`;
  const useless = USELESS.flatMap(({ variable, isDefault, what }) => {
    const value = variables.get(variable.toLowerCase())?.trim().toLowerCase();
    const todo = `Set ${variable}=false`;
    if (value === "true") return [warning(`${name} ${what}`, todo)];
    const isOn = isDefault && value === undefined && unread.length === 0;
    return isOn ? [note(`${name} ${what}, unless its appsettings.json says otherwise`, todo)] : [];
  });
  return [...isReloaded ? [warning(reload, 'Set "Action": "restart"')] : [], ...useless];
}
