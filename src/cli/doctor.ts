// `honua-configd doctor`: examines all that a daemon with the same arguments would need, and changes nothing. It ends
// with 0 if there is no error, with 1 if there is one, with 2 where the options are wrong.
import { parseEnvironmentFile } from "../config/environment.ts";
import { withinLimit } from "../time/limit.ts";
import { type Diagnostic, errorDiagnostic } from "../diagnostic/diagnostic.ts";
import { sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import { CHECKS, HOST_CHECKS } from "../doctor/checks.ts";
import { examine, type StatusAnswer, type Subject } from "../doctor/examination.ts";
import { error, type Finding, isWell, note } from "../doctor/finding.ts";
import { identityOf, ownIdentity } from "../doctor/identity.ts";
import { hostMachine, type Machine } from "../doctor/machine.ts";
import { reportJson, reportText } from "../doctor/report.ts";
import { readUnit, type UnitFacts } from "../doctor/unit_facts.ts";
import { secretValues } from "../process/option_schema.ts";
import type { Options } from "../process/options.ts";
import type { SourcePath } from "../process/source_path.ts";
import { openAdminClient } from "./admin_client.ts";
import { EXIT, type ExitCode } from "./exit_codes.ts";
import { type OptionRequest, pathClash, requestedOptions, requestedSource } from "./prepared.ts";
import type { Terminal } from "./terminal.ts";

/** What was asked for. */
export interface DoctorRequest extends OptionRequest {
  /** The unit that the daemon runs as. */
  readonly unit: string;
  /** How long each check may take, in seconds. */
  readonly timeoutSeconds: number;
  /** How to answer. */
  readonly format: "text" | "json";
}

/** Where an installation has its things. */
export interface Installation {
  /** The directory with the options and the environment of the services. */
  readonly directory: string;
}

const INSTALLATION: Installation = { directory: "/etc/honua-configd" };

/** Examines and reports. */
export async function doctor(
  request: DoctorRequest,
  terminal: Terminal,
  machine: Machine = hostMachine,
  installation: Installation = INSTALLATION,
): Promise<ExitCode> {
  const tell = (findings: readonly Finding[]) =>
    terminal.out(request.format === "json" ? reportJson(findings) : reportText(findings, terminal.colourOut));
  const limitMilliseconds = request.timeoutSeconds * 1000;
  const unit = await readUnit(machine, request.unit, AbortSignal.timeout(limitMilliseconds)).catch(
    unknownUnit(request),
  );
  const surroundings = await installed(request, terminal, machine, installation);
  const { environment } = surroundings;
  const asked = { ...request, optionsFile: surroundings.optionsFile };
  const read = await requestedOptions(asked, environment);
  if (!read.ok) {
    const host = await examine(HOST_CHECKS, { machine, unit }, { limitMilliseconds, secrets: [] });
    tell([...wrongOptions(read.diagnostics), ...host]);
    return read.code === EXIT.usage ? EXIT.usage : EXIT.invalid;
  }
  const { options, warnings } = read;
  const found = await withinLimit(requestedSource(request.config, options, environment), limitMilliseconds);
  const source = found.ok ? found.value : UNFOUND;
  const clashing = source.ok ? pathClash(source.path, asked.optionsFile, options) : Promise.resolve(null);
  const compared = await withinLimit(clashing, limitMilliseconds);
  const clash = compared.ok ? compared.value : null;
  const subject: Subject = {
    options,
    warnings,
    optionsPath: asked.optionsFile,
    source: source.ok ? { path: source.path } : { trouble: source.diagnostic },
    environment,
    credentialDirectories: credentialDirectories(request.unit, environment, installation),
    ...await judgedUser(unit, machine, AbortSignal.timeout(limitMilliseconds)),
    unit,
    machine,
    askStatus: (limit) => askStatus(options, limit),
  };
  const findings = [
    ...surroundings.findings,
    ...(clash === null ? [] : wrongOptions([clash])),
    ...await examine(CHECKS, subject, { limitMilliseconds, secrets: hiddenOf(options) }),
  ];
  tell(findings);
  if (clash !== null) return EXIT.usage;
  return isWell(findings) ? EXIT.done : EXIT.invalid;
}

/** A file system that hangs keeps the source from being found and nothing from being told. */
const UNFOUND: SourcePath = {
  ok: false,
  diagnostic: errorDiagnostic("options/no-source", "The search for the source took too long: a file system hangs", {
    suggestion: "Name the file with --config",
  }),
};

const unknownUnit = ({ unit }: DoctorRequest) => (cause: unknown): UnitFacts => ({
  state: "unknown",
  name: unit,
  why: cause instanceof Error ? cause.message : String(cause),
});

function wrongOptions(diagnostics: readonly Diagnostic[]): Finding[] {
  return diagnostics.map((one) => error("options/valid", renderLine(one), one.suggestion ?? one.why));
}

/** Where Redis is may be shown, and a hook's program: what of a connection is secret its own check finds out. */
function hiddenOf(options: Options): string[] {
  const { highAvailability, connectionStrings, hooks } = options;
  return secretValues({
    ...options,
    highAvailability: { ...highAvailability, redisConnectionString: null },
    connectionStrings: { ...connectionStrings, redis: null },
    hooks: { ...hooks, list: hooks.list.map((hook) => ({ ...hook, command: hook.command?.slice(1) ?? null })) },
  });
}

interface Surroundings {
  readonly optionsFile: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

/** Who says nothing of options means those of the unit, with the environment that the unit gives it. */
async function installed(
  request: DoctorRequest,
  terminal: Terminal,
  machine: Machine,
  { directory }: Installation,
): Promise<Surroundings> {
  const { environment } = terminal;
  const plain: Surroundings = { optionsFile: request.optionsFile, environment, findings: [] };
  if (request.optionsFile !== null || request.config !== null) return plain;
  const instance = /^honua-configd@(.+)\.service$/.exec(request.unit)?.[1];
  const optionsFile = `${directory}/${instance ?? "options"}.json`;
  if (!(await machine.look(optionsFile)).ok) return plain;
  const file = `${directory}/environment`;
  const read = await machine.readText(file);
  const findings: Finding[] = [
    note("options/file", `No --options: those of ${request.unit} are examined, ${optionsFile}`),
  ];
  if (!read.ok && read.code !== "ENOENT") {
    findings.push(note("options/file", `The unit's environment is not known: ${file}: ${read.code}`, "Ask as root"));
  }
  const variables = read.ok ? parseEnvironmentFile(sourceText(file, read.text)).variables : new Map<string, string>();
  return { optionsFile, environment: { ...environment, ...Object.fromEntries(variables) }, findings };
}

/** Where systemd puts a unit's credentials while it runs, and where they come from. */
function credentialDirectories(
  unit: string,
  environment: Readonly<Record<string, string>>,
  { directory }: Installation,
): string[] {
  const own = environment["CREDENTIALS_DIRECTORY"];
  return [...(own ? [own] : []), `/run/credentials/${unit}`, `${directory}/credentials`];
}

/** Root asks for the unit's user; everyone else for themselves. */
async function judgedUser(
  unit: UnitFacts,
  machine: Machine,
  signal: AbortSignal,
): Promise<Pick<Subject, "user" | "userOfUnit">> {
  const own = await ownIdentity(machine);
  const name = unit.state === "known" ? unit.properties["User"] : undefined;
  if (!name || own === null || (own.uid !== 0 && own.name !== name)) return { user: own, userOfUnit: false };
  if (own.name === name) return { user: own, userOfUnit: true };
  const groups = unit.state === "known" ? unit.properties["SupplementaryGroups"] ?? "" : "";
  const user = await identityOf(name, groups.split(" ").filter(Boolean), machine, signal).catch(() => null);
  return { user, userOfUnit: user !== null };
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
