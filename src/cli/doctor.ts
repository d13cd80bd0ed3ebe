// `honua-configd doctor`: examines all that a daemon with the same arguments needs, and changes nothing. It ends with 0
// if there is no error, with 1 if there is one, with 2 if the options are wrong, with 3 if they cannot be read.
import { resolve } from "node:path";
import { withinLimit } from "../time/limit.ts";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import { renderLine } from "../diagnostic/render.ts";
import { CHECKS, HOST_CHECKS } from "../doctor/checks.ts";
import { examine, type StatusAnswer, type Subject } from "../doctor/examination.ts";
import { error, type Finding, isWell, type Judgement } from "../doctor/finding.ts";
import { identityOf, ownIdentity } from "../doctor/identity.ts";
import { credentialDirectoriesOf, INSTALLATION, type Installation, readUnitSettings } from "../doctor/installation.ts";
import { hostMachine, type Machine } from "../doctor/machine.ts";
import { reportJson, reportText } from "../doctor/report_text.ts";
import { propertyOf, readUnit, type UnitFacts } from "../doctor/unit_facts.ts";
import { secretValues } from "../options/option_schema.ts";
import type { HookOptions, Options } from "../options/options.ts";
import type { SourcePath } from "../options/source_path.ts";
import { openAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type OptionRequest, pathClash, requestedOptions, type RequestedSource, requestedSource } from "./prepared.ts";
import { posixQuoted } from "./shell_quote.ts";
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
  const unit = await readUnit(machine, request.unit, AbortSignal.timeout(limitMilliseconds)).catch(
    unknownUnit(request),
  );
  // Without options and source on the command line, those of the unit are meant.
  const ofUnit = request.optionsFile === null && request.config === null
    ? await readUnitSettings(request.unit, unit, terminal.environment, machine, installation)
    : null;
  const environment = ofUnit?.environment ?? terminal.environment;
  const notes = coded("options/file", ofUnit?.notes ?? []);
  const asked = { ...request, optionsFile: ofUnit?.optionsFile ?? request.optionsFile };
  const read = await requestedOptions(asked, environment);
  if (!read.ok) {
    const host = await examine(HOST_CHECKS, { machine, unit }, { limitMilliseconds, secrets: [] });
    report([...wrongOptions(read.diagnostics), ...notes, ...host]);
    return read.code;
  }
  const { options, warnings } = read;
  const directories = ofUnit === null ? undefined : [ofUnit.workingDirectory, installation.sourceDirectory];
  const searching = requestedSource(request.config, options, environment, directories);
  const found = await withinLimit(searching, limitMilliseconds);
  const source = located(found.ok ? found.value : UNFOUND, ofUnit?.workingDirectory ?? ".");
  const named = source.ok && source.path !== null ? source : null;
  const clashing = source.ok ? pathClash(named, asked.optionsFile, options) : Promise.resolve(null);
  const compared = await withinLimit(clashing, limitMilliseconds);
  const clash = compared.ok ? compared.value : null;
  const subject: Subject = {
    options,
    warnings,
    optionsPath: asked.optionsFile,
    source: !source.ok
      ? { trouble: source.diagnostic }
      : named === null
      ? { isStored: true }
      : { path: named.path, decidedBy: named.decidedBy },
    environment,
    credentialDirectories: credentialDirectoriesOf(request.unit, environment, installation),
    validateCommand: validateCommand(
      named?.path ?? "",
      [...ofUnit?.environmentFiles ?? [], ...options.configurationWatcher.environmentFiles],
      ofUnit !== null,
    ),
    ...await judgedUser(unit, machine, AbortSignal.timeout(limitMilliseconds)),
    unit,
    machine,
    askStatus: (limit) => askStatus(options, limit),
  };
  const findings = [
    ...notes,
    ...(clash === null ? [] : wrongOptions([clash])),
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
function located(source: RequestedSource, workingDirectory: string): RequestedSource {
  if (!source.ok || source.path === null || workingDirectory === ".") return source;
  return { ...source, path: resolve(workingDirectory, source.path) };
}

const unknownUnit = ({ unit }: DoctorRequest) => (cause: unknown): UnitFacts => ({
  state: "unknown",
  name: unit,
  why: cause instanceof Error ? cause.message : String(cause),
});

function wrongOptions(diagnostics: readonly Diagnostic[]): Finding[] {
  return coded("options/valid", diagnostics.map((one) => error(renderLine(one), one.suggestion ?? one.why)));
}

function coded(check: string, judgements: readonly Judgement[]): Finding[] {
  return judgements.map((one) => ({ check, ...one }));
}

/** The address of Redis and the programs of hooks may be shown; the check of Redis hides its own secrets. */
function hiddenOf(options: Options): string[] {
  const { highAvailability, connectionStrings, hooks } = options;
  return secretValues({
    ...options,
    highAvailability: { ...highAvailability, redisConnectionString: null },
    connectionStrings: { ...connectionStrings, redis: null },
    hooks: { ...hooks, list: hooks.list.map(withoutPrograms) },
  });
}

function withoutPrograms(hook: HookOptions): HookOptions {
  const { command, ready } = hook;
  const shown = ready === null ? null : { ...ready, command: ready.command?.slice(1) ?? null };
  return { ...hook, command: command?.slice(1) ?? null, ready: shown };
}

/** The command that shows the compiled source. Mostly only root can read the files of a unit. */
function validateCommand(path: string, environmentFiles: readonly string[], isOfUnit: boolean): string {
  const files = environmentFiles.flatMap((file) => ["--env-file", posixQuoted(file)]);
  return [...(isOfUnit ? ["sudo"] : []), "honua-configd", "validate", ...files, posixQuoted(path)].join(" ");
}

/** Root examines for the unit's user; any other user for itself, with the uid of the unit's user. */
async function judgedUser(
  unit: UnitFacts,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<Subject, "user" | "userOfUnit" | "daemonUid">> {
  const own = await ownIdentity(machine);
  const name = propertyOf(unit, "User");
  if (name === "" || own === null) return { user: own, userOfUnit: false, daemonUid: own?.uid ?? null };
  if (own.name === name) return { user: own, userOfUnit: true, daemonUid: own.uid };
  const groups = propertyOf(unit, "SupplementaryGroups");
  const user = await identityOf(name, groups.split(" ").filter(Boolean), machine, signal).catch(() => null);
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
  return { ok: true, status: answer.body };
}
