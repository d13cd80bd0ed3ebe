// The source and the environment files: there, readable, valid, written by the right ones only, and on a file system
// whose changes are noticed.
import { environmentOf, parseEnvironmentFile, processEnvironment } from "../config/environment.ts";
import { type Diagnostic, hasErrors } from "../diagnostic/diagnostic.ts";
import { sourceText } from "../diagnostic/range.ts";
import { renderLine } from "../diagnostic/render.ts";
import { openBlockParser } from "../document/blocks.ts";
import type { WatcherOptions } from "../options/options.ts";
import { type Compiled, compileSource, formatOf } from "../snapshot/compile.ts";
import { environmentFilePath, readEnvironmentFiles } from "../source/inputs.ts";
import { readSource } from "../source/source_file.ts";
import type { Check, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import { eventfulness, type Mount, mountOf, parseMounts } from "../host/mounts.ts";
import { singleMounts } from "../host/single_mount.ts";
import { judgeObstacle, judgeOwners, judgeReaders, judgeWriters, orOk, readPathFacts } from "./permissions.ts";

/** What keeps a source from being found is said once, by the first check. */
function pathOf({ source }: Subject): string | null {
  return "path" in source ? source.path : null;
}

/** Which file is the source, and why that one: several settings and variables may name it. */
export const sourceNameCheck: Check = {
  id: "source/name",
  about: "Which file is the source",
  examine({ source }) {
    // What keeps a source from being found is said by the next check.
    if ("trouble" in source) return Promise.resolve([]);
    return Promise.resolve([ok("source/name", `The source is ${source.path}, by ${source.decidedBy}`)]);
  },
};

/** What a reload would make of the source now. */
export const sourceCheck: Check = {
  id: "source/valid",
  about: "The source",
  async examine(subject, { signal, hide }) {
    const { source, options, environment } = subject;
    if ("trouble" in source) {
      return [error("source/found", renderLine(source.trouble), source.trouble.suggestion)];
    }
    const [read, files] = await Promise.all([
      readSource(source.path),
      readEnvironmentFiles(options.configurationWatcher.environmentFiles),
    ]);
    if (!read.ok) return [unreadable("source/found", read.diagnostic)];
    if (!files.ok) return [unreadable("source/environment", files.diagnostic)];
    const parsed = files.texts.map(parseEnvironmentFile);
    await using parser = openBlockParser();
    const compiled = await compileSource({
      source: sourceText(source.path, read.text),
      format: formatOf(source.path),
      environment: environmentOf(processEnvironment(environment), parsed.map(({ variables }) => variables)),
      validate: options.configurationWatcher.validateOnReload,
      parser,
      signal,
    });
    hide(compiled.secrets);
    const odd = judgeEnvironmentFiles(parsed.flatMap(({ diagnostics }) => diagnostics));
    return [...odd, judge(source.path, compiled, subject.validateCommand)];
  },
};

function unreadable(check: string, diagnostic: Diagnostic): Finding {
  const { summary, why } = diagnostic;
  return error(check, why === null ? summary : `${summary}: ${why}`, diagnostic.suggestion);
}

function judgeEnvironmentFiles(warnings: readonly Diagnostic[]): Finding[] {
  return warnings.map((one) => warning("source/environment", renderLine(one), one.suggestion));
}

/** Judges what came of the source; the command shows it at length. */
function judge(path: string, compiled: Compiled, command: string): Finding {
  const check = "source/valid";
  if (!compiled.ok) return judgeRejected(path, compiled.diagnostics, command);
  const { snapshot: { hash }, warnings } = compiled;
  if (warnings.length === 0) return ok(check, `${path} is valid, hash ${hash.slice(0, 8)}`);
  const count = warnings.length === 1 ? "a warning" : `${warnings.length} warnings`;
  return note(check, `${path} is valid with ${count}, hash ${hash.slice(0, 8)}`, command);
}

/** Judges why a source is not valid. What the unit's environment has, this command's need not have. */
export function judgeRejected(path: string, diagnostics: readonly Diagnostic[], command: string): Finding {
  const errors = diagnostics.filter((one) => hasErrors([one]));
  const [first] = errors;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : "";
  const what = `${path} is not valid: ${first === undefined ? "no reason" : renderLine(first)}${more}`;
  if (errors.length > 0 && errors.every(({ code }) => code === "config/missing-environment-variable")) {
    const todo = "Name the daemon's environment file with --env-file; if it is, add the variable to it";
    return error("source/valid", what, todo);
  }
  return error("source/valid", what, `${command} shows the lines; mend them`);
}

/** Who can read and write the source and the environment files. */
export const sourcePermissionsCheck: Check = {
  id: "source/permissions",
  about: "Owners and modes of the source",
  async examine(subject) {
    const { machine, user, options, daemonUid } = subject;
    const path = pathOf(subject);
    const findings: Finding[] = [];
    if (path !== null) {
      const facts = await readPathFacts(machine, path, user, ["read"]);
      // That it is missing is said already.
      if (facts.looked.ok || facts.looked.code !== "ENOENT") {
        const obstacle = judgeObstacle("source/permissions", facts, user, "read");
        findings.push(
          ...obstacle,
          ...judgeWriters("source/permissions", facts),
          ...judgeOwners("source/permissions", facts, daemonUid, "source"),
        );
      }
    }
    for (const written of options.configurationWatcher.environmentFiles) {
      const facts = await readPathFacts(machine, environmentFilePath(written), user, ["read"]);
      if (!facts.looked.ok && facts.looked.code === "ENOENT") continue;
      findings.push(
        ...judgeObstacle("source/permissions", facts, user, "read"),
        ...judgeWriters("source/permissions", facts),
        ...judgeReaders("source/permissions", facts, "variables"),
      );
    }
    if (path === null && findings.length === 0) return [];
    return orOk(
      findings,
      "source/permissions",
      "The source can be read by the daemon, and those who may write it are the right ones",
    );
  },
};

/** Whether changes of the source are noticed on the file system that it is on. */
export const sourceFileSystemCheck: Check = {
  id: "source/file-system",
  about: "The file system of the source",
  async examine(subject) {
    const { machine, options } = subject;
    const path = pathOf(subject);
    if (path === null) return [];
    const table = await machine.readText("/proc/self/mountinfo");
    const mounts = table.ok ? parseMounts(table.text) : [];
    const mount = mountOf(mounts, await machine.realPath(path));
    return [judgeSourceFileSystem(mount, options.configurationWatcher)];
  },
};

/** Whether a file that is read can be replaced by another one, as most editors and tools do. */
export const singleMountsCheck: Check = {
  id: "files/single-mount",
  about: "Files that are mounted by themselves",
  async examine(subject) {
    const { machine, options, optionsPath } = subject;
    const { configurationWatcher, admin, highAvailability } = options;
    const { caFile, certificateFile, keyFile } = highAvailability.tls;
    const named = [pathOf(subject), optionsPath, admin.tls.certificateFile, admin.tls.keyFile];
    const files = [...named, caFile, certificateFile, keyFile].filter((one) => one !== null);
    const paths = [...files, ...configurationWatcher.environmentFiles.map(environmentFilePath)];
    const found = await singleMounts(paths, async () => {
      const table = await machine.readText("/proc/self/mountinfo");
      return table.ok ? parseMounts(table.text) : [];
    });
    return found.map(({ isReplaced, what, todo }) =>
      isReplaced ? error("files/single-mount", what, todo) : warning("files/single-mount", what, todo)
    );
  },
};

/** Judges whether events tell of all changes there, and if not, whether polling finds them. */
export function judgeSourceFileSystem(mount: Mount | null, watcher: WatcherOptions): Finding {
  const check = "source/file-system";
  const { enableFileWatching, pollSeconds } = watcher;
  if (mount === null) return note(check, "It is not known on which file system the source is");
  const where = `The source is on ${mount.type} (mounted at ${mount.point})`;
  if (!enableFileWatching) {
    return note(check, `${where}; files are not watched: signals, requests and other instances make it reload`);
  }
  const events = eventfulness(mount);
  if (events === "all") {
    return pollSeconds > 0
      ? ok(check, `${where}: changes are told by events, and polling every ${pollSeconds} s finds what they miss`)
      : note(check, `${where}: changes are told by events; an event that is lost is found by nobody`, POLL);
  }
  const lacks = events === "own"
    ? "changes made on other hosts come without an event"
    : "changes made beneath it, in a layer, come without an event";
  if (pollSeconds > 0) return note(check, `${where}: ${lacks}; polling finds them within ${pollSeconds} s`);
  const what = `${where}: ${lacks}, and nothing polls: ConfigurationWatcher:PollSeconds is 0`;
  return events === "own" ? error(check, what, POLL) : warning(check, what, POLL);
}

const POLL = "Set ConfigurationWatcher:PollSeconds to 5";
