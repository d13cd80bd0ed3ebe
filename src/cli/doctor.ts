// `honua-configd doctor`: examines all that a daemon with the same arguments needs, and changes nothing. It ends with 0
// if there is no error, with 1 if there is one, with 2 if the options are wrong, with 3 if they cannot be read.
import { resolve } from "node:path";
import { withinLimit } from "../time/limit.ts";
import { errorDiagnostic } from "../diagnostic/diagnostic.ts";
import { type Identity, identityOf } from "../doctor/access.ts";
import { CHECKS, HOST_CHECKS } from "../doctor/checks.ts";
import { coded, examine, type StatusAnswer, type Subject } from "../doctor/examination.ts";
import { diagnosed, type Finding, isWell } from "../doctor/finding.ts";
import { hostMachine, type Machine } from "../doctor/machine.ts";
import { reportJson, reportText } from "../doctor/report_text.ts";
import {
  credentialDirectoriesOf,
  INSTALLATION,
  type Installation,
  readUnit,
  readUnitSettings,
  type UnitFacts,
} from "../doctor/unit.ts";
import { secretValues } from "../options/option_schema.ts";
import type { Options } from "../options/options.ts";
import type { SourcePath } from "../options/source_path.ts";
import { openAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type OptionRequest, pathClash, requestedOptions, type RequestedSource, requestedSource } from "./prepared.ts";
import { posixQuoted } from "./shell_quote.ts";
import { statusSchema, verdictOf } from "./status.ts";
import type { Terminal } from "./terminal.ts";

export interface DoctorRequest extends OptionRequest {
  /** The unit that the daemon runs as. */
  readonly unit: string;
  readonly timeoutSeconds: number;
  readonly format: "text" | "json";
}

/** Examines and reports. */
export async function doctor(
  request: DoctorRequest,
  terminal: Terminal,
  machine: Machine = hostMachine,
  installation: Installation = INSTALLATION,
): Promise<ExitCode> {
  const report = (findings: readonly Finding[]) =>
    terminal.out(request.format === "json" ? reportJson(findings) : reportText(findings, terminal.colourOut));
  const limitMilliseconds = request.timeoutSeconds * 1000;
  const limit = () => AbortSignal.timeout(limitMilliseconds);
  const unit = await readUnit(machine, request.unit, limit());
  // Without options and source on the command line, those of the unit are meant.
  const ofUnit = request.optionsFile === null && request.config === null
    ? await readUnitSettings(unit, terminal.environment, machine, installation)
    : null;
  const environment = ofUnit?.environment ?? terminal.environment;
  const notes = coded("options/file", ofUnit?.notes ?? []);
  const optionsPath = ofUnit?.optionsFile ?? request.optionsFile;
  const read = await requestedOptions({ ...request, optionsFile: optionsPath }, environment);
  if (!read.ok) {
    const host = await examine(HOST_CHECKS, { machine, unit }, { limitMilliseconds, secrets: [] });
    report([...coded("options/valid", read.diagnostics.map(diagnosed)), ...notes, ...host]);
    return read.code;
  }
  const { options, warnings } = read;
  const directories = ofUnit === null ? undefined : [ofUnit.workingDirectory, installation.sourceDirectory];
  const searching = requestedSource(request.config, options, environment, directories);
  const found = await withinLimit(searching, limitMilliseconds);
  const source = sourceOf(found.ok ? found.value : UNFOUND, ofUnit?.workingDirectory ?? null);
  const named = "path" in source ? source : null;
  const clash = "trouble" in source ? null : await pathClash(named, optionsPath, options);
  const files = [...ofUnit?.environmentFiles ?? [], ...options.configurationWatcher.environmentFiles];
  let asked: Promise<StatusAnswer> | null = null;
  const subject: Subject = {
    options,
    warnings,
    optionsPath,
    source,
    environment,
    credentialDirectories: credentialDirectoriesOf(request.unit, environment, installation),
    validateCommand: validateCommand(named?.path ?? "", files, ofUnit !== null),
    ...await judgedUser(unit, machine, limit()),
    unit,
    machine,
    askStatus: (limit) => asked ??= askStatus(options, limit),
  };
  const findings = [
    ...notes,
    ...coded("options/valid", clash === null ? [] : [diagnosed(clash)]),
    ...await examine(CHECKS, subject, { limitMilliseconds, secrets: hiddenOf(options) }),
  ];
  report(findings);
  if (clash !== null) return EXIT.usage;
  return isWell(findings) ? EXIT.done : EXIT.invalid;
}

/** If a file system hangs, only the source is missing from the report. */
const UNFOUND: SourcePath = {
  ok: false,
  diagnostic: errorDiagnostic("options/no-source", "The search for the source took too long: a file system hangs", {
    suggestion: "Name the file with --config",
  }),
};

/** A unit's relative path begins in its working directory; that of the caller is kept as it is written. */
function sourceOf(source: RequestedSource, workingDirectory: string | null): Subject["source"] {
  if (!source.ok) return { trouble: source.diagnostic };
  if (source.path === null) return { isStored: true };
  const path = workingDirectory === null ? source.path : resolve(workingDirectory, source.path);
  return { path, decidedBy: source.decidedBy };
}

/** The address of Redis may be shown; its check hides its own secrets. */
function hiddenOf(options: Options): string[] {
  const { highAvailability, connectionStrings } = options;
  return secretValues({
    ...options,
    highAvailability: { ...highAvailability, redisConnectionString: null },
    connectionStrings: { ...connectionStrings, redis: null },
  });
}

/** The command that shows the compiled source. Mostly only root can read the files of a unit. */
function validateCommand(path: string, environmentFiles: readonly string[], isOfUnit: boolean): string {
  const files = environmentFiles.flatMap((file) => ["--env-file", posixQuoted(file)]);
  return [...(isOfUnit ? ["sudo"] : []), "honua-configd", "validate", ...files, posixQuoted(path)].join(" ");
}

/** Root examines for the unit's user; any other user for itself, with the uid of the unit's user. */
async function judgedUser(
  { properties }: UnitFacts,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<Subject, "user" | "userOfUnit" | "daemonUid">> {
  const identified = async (name: string | null, groups: readonly string[] = []): Promise<Identity | null> =>
    await identityOf(name, groups, machine, signal).catch(() => null);
  const own = await identified(null);
  const { User: name = "", SupplementaryGroups: groups = "" } = properties;
  if (name === "" || own === null) return { user: own, userOfUnit: false, daemonUid: own?.uid ?? null };
  if (own.name === name) return { user: own, userOfUnit: true, daemonUid: own.uid };
  const user = await identified(name, groups.split(" ").filter(Boolean));
  const daemonUid = user?.uid ?? null;
  return own.uid === 0 ? { user, userOfUnit: user !== null, daemonUid } : { user: own, userOfUnit: false, daemonUid };
}

async function askStatus({ admin: { socket } }: Options, limitMilliseconds: number): Promise<StatusAnswer> {
  const opened = openAdminClient({ kind: "socket", path: socket ?? "" });
  if (!opened.ok) return opened;
  using client = opened.client;
  const answer = await client.ask({ path: "admin/status", limitMilliseconds });
  if (!answer.ok) return answer;
  if (answer.status !== 200) return { ok: false, message: client.refusal(answer) };
  const { success, data } = statusSchema.safeParse(answer.body);
  if (!success) {
    return { ok: false, message: "The server on the admin socket is not a daemon of this version: restart it" };
  }
  const { version, restartNeeded, watch, listenerTroubles } = data;
  const pollsBecause = watch?.by === "polling" ? watch.reason : null;
  return { ok: true, version, restartNeeded, pollsBecause, listenerTroubles, ...verdictOf(data, Date.now()) };
}
