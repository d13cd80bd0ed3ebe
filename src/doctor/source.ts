// The source: found, valid, safe from other users, and on a file system whose changes are seen.
import { type Compiled, compileSource, formatOf } from "../compile.ts";
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import { type Diagnostic, hasErrors } from "../diagnostic/diagnostic.ts";
import { sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import { openBlockParser } from "../document/hcl/block_parser.ts";
import { type Eventfulness, eventfulness, mountOf } from "../host/mounts.ts";
import { singleMounts } from "../host/single_mount.ts";
import { environmentFilePath, readEnvironmentFiles } from "../source/inputs.ts";
import { readSource } from "../source/source_file.ts";
import { accessSection, type Place } from "./access.ts";
import { section, type Subject, type Within } from "./examination.ts";
import { diagnosed, error, type Judgement, note, ok, warning } from "./finding.ts";
import { mountsOf } from "./machine.ts";

interface SourceFacts {
  /** The reason why the source cannot be read. */
  readonly unreadable: Diagnostic | null;
  /** About the environment files. */
  readonly environment: readonly Diagnostic[];
  /** The result of a reload now; null: not all files can be read. */
  readonly compiled: Compiled | null;
}

async function compileNow(subject: Subject, within: Within): Promise<SourceFacts> {
  const path = sourcePathOf(subject);
  const nothing = { unreadable: null, environment: [], compiled: null };
  if (path === null) return nothing;
  const { environmentFiles, validateOnReload } = subject.options.configurationWatcher;
  const [read, files] = await Promise.all([readSource(path), readEnvironmentFiles(environmentFiles)]);
  if (!read.ok) return { ...nothing, unreadable: read.diagnostic };
  if (!files.ok) return { ...nothing, environment: [files.diagnostic] };
  const parsed = files.texts.map(parseEnvironmentFile);
  await using parser = openBlockParser();
  const compiled = await compileSource({
    source: sourceText(path, read.text),
    format: formatOf(path),
    environment: environmentOf(processEnvironment(subject.environment), parsed.map(({ variables }) => variables)),
    validate: validateOnReload,
    parser,
    signal: within.signal,
  });
  within.hide(compiled.secrets);
  return { ...nothing, environment: parsed.flatMap(({ diagnostics }) => diagnostics), compiled };
}

/** Null: it was not found, or it is in the store. */
function sourcePathOf({ source }: Subject): string | null {
  return "path" in source ? source.path : null;
}

export const source = section("The source", compileNow, {
  // Several settings and variables may name the source.
  "source/name": (_, { source }) => "path" in source && ok(`The source is ${source.path}, by ${source.decidedBy}`),
  "source/found": ({ unreadable }, { source }) => {
    if ("isStored" in source) return note("No file is read: the store has the source (Source:From)");
    const trouble = "trouble" in source ? source.trouble : unreadable;
    return trouble && diagnosed(trouble);
  },
  "source/environment": ({ environment }) => environment.map(diagnosed),
  "source/valid": ({ compiled }, { source, validateCommand }) => {
    if (compiled === null || !("path" in source)) return null;
    if (!compiled.ok) return judgeRejected(source.path, compiled.diagnostics, validateCommand);
    const { snapshot, warnings } = compiled;
    const hash = `hash ${snapshot.hash.slice(0, 8)}`;
    if (warnings.length === 0) return ok(`${source.path} is valid, ${hash}`);
    const count = warnings.length === 1 ? "a warning" : `${warnings.length} warnings`;
    return note(`${source.path} is valid with ${count}, ${hash}`, validateCommand);
  },
});

/** The doctor's environment may lack a variable that the unit's environment has. */
export function judgeRejected(path: string, diagnostics: readonly Diagnostic[], command: string): Judgement {
  const errors = diagnostics.filter((one) => hasErrors([one]));
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const what = `${path} is not valid: ${errors.slice(0, 1).map(renderLine)}${more}`;
  return errors.every(({ code }) => code === "config/missing-environment-variable")
    ? error(what, "Name the daemon's environment file with --env-file; if it is, add the variable to it")
    : error(what, `${command} shows the lines; mend them`);
}

/** source/found and source/environment report a file that is missing. */
export const permissions = accessSection("source/permissions", "Owners and modes of the source", (subject) => {
  const common = { deed: "read", whenMissing: null } as const;
  const path = sourcePathOf(subject);
  const files = subject.options.configurationWatcher.environmentFiles.map(environmentFilePath);
  const environment = files.map((path): Place => ({ path, holds: "variables", ...common }));
  return path === null ? environment : [{ path, stake: "source", ...common }, ...environment];
});

const UNSEEN: Readonly<Record<Eventfulness, { readonly judge: typeof error; readonly what: string }>> = {
  own: { judge: error, what: "changes made on other hosts come without an event" },
  layered: { judge: warning, what: "changes made beneath it, in a layer, come without an event" },
  all: { judge: note, what: "a change whose event is lost is not found" },
};

export const fileSystem = section("The file system of the source", async (subject) => {
  const path = sourcePathOf(subject);
  return path === null ? null : mountOf(await mountsOf(subject.machine), await subject.machine.realPath(path));
}, {
  "source/file-system": (mount, { options: { configurationWatcher: { enableFileWatching, pollSeconds } } }) => {
    if (mount === null || !enableFileWatching) return null;
    const where = `The source is on ${mount.type} (mounted at ${mount.point})`;
    if (pollSeconds > 0) return ok(`${where}; polling every ${pollSeconds} s finds changes without an event`);
    const { judge, what } = UNSEEN[eventfulness(mount)];
    return judge(`${where}: ${what}, and nothing polls`, "Set ConfigurationWatcher:PollSeconds to 5");
  },
});

/** An editor or tool cannot replace a file that is a mount point. */
export const mountedFiles = section("Files that are mounted by themselves", async (subject) => {
  const { machine, options: { admin, highAvailability: { tls }, approvals, configurationWatcher } } = subject;
  const certificates = [admin.tls.certificateFile, admin.tls.keyFile, tls.caFile, tls.certificateFile, tls.keyFile];
  const named = [sourcePathOf(subject), subject.optionsPath, approvals.allowedSigners, approvals.revokedKeys];
  const files = [...named, ...certificates, ...configurationWatcher.environmentFiles.map(environmentFilePath)];
  return await singleMounts(files.filter((one) => one !== null), () => mountsOf(machine));
}, {
  "files/single-mount": (files) =>
    files.map(({ isReplaced, what, todo }) => (isReplaced ? error : warning)(what, todo)),
});
