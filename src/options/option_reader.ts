// Reads the options once: flags override the environment, which overrides the options file. The result is a whole set
// of valid options, or diagnostics with place and bounds. No diagnostic quotes a value of the environment or a secret.
import {
  type Diagnostic,
  errorDiagnostic,
  hasErrors,
  type Place,
  warningDiagnostic,
} from "../diagnostic/diagnostic.ts";
import type { SourceText } from "../diagnostic/range.ts";
import { nearest } from "../diagnostic/suggest.ts";
import {
  emptyTree,
  givenValue,
  mergeTrees,
  type OptionNode,
  type Origin,
  originOf,
  putSetting,
  shownText,
} from "./option_tree.ts";
import { checkOptions, type OptionMember, type OptionShape, optionShape } from "./option_schema.ts";
import { isForeignOrShared } from "./foreign_setting.ts";
import { optionWarnings } from "./option_warnings.ts";
import type { Options } from "./options.ts";
import { parseOptionsFile } from "./options_file.ts";

/** A setting from a flag: `{ flag: "--set", key: "ConfigurationWatcher:PollSeconds", value: "1" }`. */
export interface FlagSetting {
  /** As the person wrote it, for diagnostics. */
  readonly flag: string;
  /** The setting's path, names in any case. */
  readonly key: string;
  /** Text; it may spell a number or a boolean for a setting of that type. */
  readonly value: string;
}

/** The sources of options, the strongest first; later flags in the list override earlier ones. */
export interface OptionSources {
  /** In the order of the command line. */
  readonly flags: readonly FlagSetting[];
  /** The process's; variables that name no option are ignored. */
  readonly environment: Readonly<Record<string, string>>;
  /** Null: there is no options file. */
  readonly file: SourceText | null;
}

/** Valid options with warnings about their sources, or all mistakes. */
export type OptionsResult =
  | {
    readonly ok: true;
    readonly options: Options;
    readonly warnings: readonly Diagnostic[];
    /** The options file's settings that are not the daemon's, each by its first unknown name: `Honua:odata`. */
    readonly foreign: readonly string[];
  }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Nobody reads more than this, and a file of mistakes must not fill a log. */
const MAX_DIAGNOSTICS = 100;

/**
 * Reads the options from their sources. Names may be in any case; an environment variable is `Section__Name` (or with
 * colons), the items of a list `Section__Name__0`. Lists are merged item by item, as .NET's configuration does.
 *
 * @example
 * ```ts
 * readOptions({ flags: [], environment: { HighAvailability__Enabled: "true" }, file: null });
 * ```
 */
export function readOptions(sources: OptionSources): OptionsResult {
  const file = sources.file === null ? { tree: emptyTree(), diagnostics: [] } : parseOptionsFile(sources.file);
  const environment = environmentTree(sources.environment);
  const diagnostics = [...file.diagnostics, ...environment.diagnostics];
  const flags = emptyTree();
  for (const { flag, key, value } of sources.flags) {
    const origin: Origin = { kind: "flag", flag };
    putSetting(flags, { path: key.split(":"), nameOrigin: origin, what: { value }, valueOrigin: origin });
  }
  const foreign: string[] = [];
  checkNames(file.tree, optionShape, [], { diagnostics, foreign });
  for (const tree of [environment.tree, flags]) checkNames(tree, optionShape, [], { diagnostics, foreign: [] });
  const merged = mergeTrees(mergeTrees(file.tree, environment.tree), flags);
  const nodes = new Map<string, BuiltFrom>();
  const result = checkOptions(build(merged, optionShape, { path: [], written: [], secret: false }, nodes));
  if (!result.ok) diagnostics.push(...result.issues.map(({ path, message }) => issueDiagnostic(path, message, nodes)));
  if (!result.ok || hasErrors(diagnostics)) return { ok: false, diagnostics: diagnostics.slice(0, MAX_DIAGNOSTICS) };
  const warnings = [...diagnostics, ...optionWarnings(result.options)];
  return { ok: true, options: result.options, warnings: warnings.slice(0, MAX_DIAGNOSTICS), foreign };
}

/** Splits the argument of `--set KEY=VALUE`; a value may hold further equals signs. */
export function parseFlagSetting(
  argument: string,
): { ok: true; setting: FlagSetting } | { ok: false; diagnostic: Diagnostic } {
  const at = argument.indexOf("=");
  if (at > 0) {
    return { ok: true, setting: { flag: "--set", key: argument.slice(0, at).trim(), value: argument.slice(at + 1) } };
  }
  const suggestion = "Write --set ConfigurationWatcher:PollSeconds=1";
  return { ok: false, diagnostic: errorDiagnostic("options/flag", "--set takes KEY=VALUE", { suggestion }) };
}

function environmentTree(
  environment: Readonly<Record<string, string>>,
): { tree: OptionNode; diagnostics: Diagnostic[] } {
  const tree = emptyTree();
  const diagnostics: Diagnostic[] = [];
  // Sorted, so that the diagnostics do not depend on the order in which a host lists its environment.
  for (const variable of Object.keys(environment).sort()) {
    const path = variable.replaceAll("__", ":").split(":");
    if (path.length < 2 || !isSection(path[0]!)) continue;
    const origin: Origin = { kind: "environment", variable };
    const what = { value: environment[variable]! };
    const before = putSetting(tree, { path, nameOrigin: origin, what, valueOrigin: origin });
    if (before?.origin.kind === "environment") {
      diagnostics.push(errorDiagnostic(
        "options/duplicate",
        `The environment variables ${shownText(before.origin.variable)} and ${
          shownText(variable)
        } are the same setting`,
        { path: shownText(path.join(":")), why: "Names are the same in any case", suggestion: "Unset one of the two" },
      ));
    }
  }
  return { tree, diagnostics };
}

function isSection(name: string): boolean {
  return optionShape.kind === "group" && optionShape.members.has(name.toLowerCase());
}

interface NameFindings {
  readonly diagnostics: Diagnostic[];
  /** Settings of other programs. */
  readonly foreign: string[];
}

/** Removes every name that the schema does not know from a source's tree, and reports it. */
function checkNames(node: OptionNode, shape: OptionShape, path: readonly string[], into: NameFindings): void {
  for (const [key, child] of node.children) {
    const below = shapeBelow(shape, key);
    if (below === undefined) {
      node.children.delete(key);
      const unknown = unknownName(child, shape, path);
      if (unknown !== null) into.diagnostics.push(unknown);
      else into.foreign.push([...path, shownText(child.name)].join(":"));
    } else if (below !== null) {
      checkNames(child, below.shape, [...path, below.name ?? child.name], into);
    }
  }
}

/** The shape under a name; undefined: there is no such name; null: the check of the value will report it. */
function shapeBelow(shape: OptionShape, key: string): { shape: OptionShape; name: string | null } | undefined | null {
  if (shape.kind === "group") return shape.members.get(key);
  if (shape.kind === "list") return /^(0|[1-9]\d{0,5})$/.test(key) ? { shape: shape.item, name: null } : undefined;
  // An object cannot hold the name that means its prototype.
  return shape.kind === "map" && key === "__proto__" ? undefined : null;
}

/** A mistake, or null if the name may be another program's. */
function unknownName(node: OptionNode, shape: OptionShape, path: readonly string[]): Diagnostic | null {
  const origin = originOf(node)!;
  const members = shape.kind === "group" ? [...shape.members.values()] : [];
  const mayBeForeign = origin.kind !== "flag" && isForeignOrShared(path[0] ?? node.name);
  const near = mayBeForeign ? nearForeignName(node.name, members) : nearName(node.name, members);
  const inside = path.length === 0 ? "" : ` in ${path.join(":")}`;
  const whole = [...path, shownText(node.name)].join(":");
  const suggestion = near === null ? null : `Did you mean ${[...path, near].join(":")}?`;
  const why = shape.kind === "list" ? "The items of a list are numbered from 0" : knownNames(members);
  if (mayBeForeign && near === null) return null;
  if (origin.kind === "environment") {
    const summary = `The environment variable ${shownText(origin.variable)} sets nothing: unknown setting${inside}`;
    return warningDiagnostic("options/unknown", summary, { path: whole, suggestion, why });
  }
  const place = node.nameOrigin?.kind === "file" ? node.nameOrigin.place : null;
  if (mayBeForeign) {
    const summary = `${whole} is ignored: it is not a setting of honua-configd`;
    return warningDiagnostic("options/unknown", summary, { path: whole, place, suggestion, why });
  }
  const summary = `Unknown setting ${shownText(node.name)}${inside}${source(origin)}`;
  return errorDiagnostic("options/unknown", summary, { path: whole, place, suggestion, why });
}

/** The name that was probably meant by one that may be another program's; null for a comment as `"_Logging_Note"`. */
function nearForeignName(name: string, members: readonly OptionMember[]): string | null {
  return /^\p{L}/u.test(name) ? nearest(name, members.map((member) => member.name)) : null;
}

/**
 * The name that was probably meant: a similar one, else the only one that begins with the same letters (`Debounce`).
 */
function nearName(name: string, members: readonly OptionMember[]): string | null {
  const names = members.map((member) => member.name);
  const near = nearest(name, names);
  if (near !== null || name.length < 3) return near;
  const longer = names.filter((one) => one.toLowerCase().startsWith(name.toLowerCase()));
  return longer.length === 1 ? longer[0]! : null;
}

function knownNames(members: readonly OptionMember[]): string | null {
  return members.length === 0 ? null : `Known here: ${members.map((member) => member.name).join(", ")}`;
}

/** Takes the place of a value of the wrong form: no schema accepts it. */
const wrong = Symbol("wrong form");

/** The origin of a part of the input, for messages about it. */
interface BuiltFrom {
  readonly node: OptionNode | null;
  /** The setting's path as people write it. */
  readonly written: readonly string[];
  readonly secret: boolean;
  readonly shape: OptionShape;
}

interface SettingPlace {
  readonly path: readonly string[];
  readonly written: readonly string[];
  readonly secret: boolean;
}

/** The schema's input: an object of its keys, in which a value of the wrong form stays for the schema to refuse. */
function build(node: OptionNode, shape: OptionShape, place: SettingPlace, nodes: Map<string, BuiltFrom>): unknown {
  nodes.set(pathKey(place.path), { node, written: place.written, secret: place.secret, shape });
  const what = node.written?.what;
  const value = givenValue(node);
  if (value !== undefined) return value;
  const wrongForm = what !== undefined && "form" in what && what.form !== (shape.kind === "list" ? "list" : "group");
  const isUnset = what !== undefined && "value" in what && node.children.size === 0;
  if (isUnset) return undefined;
  if (shape.kind === "value" || wrongForm) return wrong;
  if (shape.kind === "list") return buildList(node, shape.item, place, nodes);
  const members: [string, unknown][] = [];
  for (const [key, child] of node.children) {
    const member = shape.kind === "group" ? shape.members.get(key)! : null;
    const name = member?.key ?? child.name;
    const below = {
      path: [...place.path, name],
      written: [...place.written, member?.name ?? shownText(child.name)],
      secret: place.secret || member?.secret === true,
    };
    members.push([name, build(child, member?.shape ?? { kind: "value" }, below, nodes)]);
  }
  return Object.fromEntries(members);
}

/** Items in the order of their numbers; gaps close, as in .NET. */
function buildList(node: OptionNode, item: OptionShape, place: SettingPlace, nodes: Map<string, BuiltFrom>): unknown[] {
  const children = [...node.children].sort(([left], [right]) => Number(left) - Number(right));
  return children.map(([key, child], index) => {
    const below = { ...place, path: [...place.path, String(index)], written: [...place.written, key] };
    return build(child, item, below, nodes) ?? null;
  });
}

function pathKey(path: readonly string[]): string {
  return path.join("\0");
}

function issueDiagnostic(path: readonly string[], message: string, nodes: ReadonlyMap<string, BuiltFrom>): Diagnostic {
  const { node, written, secret, shape } = nodes.get(pathKey(path)) ?? missing(path, nodes);
  const origin = node === null ? null : originOf(node);
  const place: Place | null = origin?.kind === "file" ? origin.place : null;
  const value = node === null ? undefined : givenValue(node);
  const quotable = origin?.kind !== "environment" && !secret && value !== undefined;
  const quoted = quotable ? `, not ${shownText(JSON.stringify(value))}` : "";
  const name = written.join(":");
  // For a value in place of a group or a list, the schema's own words are about JavaScript.
  const says = shape.kind === "value" || message.startsWith("must ") ? message : containerMessage(shape);
  const suggestion = shape.kind === "list" && origin?.kind === "environment" ? `Set ${origin.variable}__0` : null;
  return errorDiagnostic("options/value", `${name} ${says}${quoted}${source(origin)}`, {
    path: name,
    place,
    suggestion,
  });
}

/** Names a source that has no place. */
function source(origin: Origin | null): string {
  if (origin?.kind === "environment") return ` (environment variable ${shownText(origin.variable)})`;
  return origin?.kind === "flag" ? ` (${origin.flag})` : "";
}

function containerMessage(shape: OptionShape): string {
  return shape.kind === "list" ? "must be a list" : "must be a group of settings";
}

/** A missing setting has no place, so its parent's is used. */
function missing(path: readonly string[], nodes: ReadonlyMap<string, BuiltFrom>): BuiltFrom {
  const parent = nodes.get(pathKey(path.slice(0, -1)));
  const key = path.at(-1) ?? "";
  const member = parent?.shape.kind === "group" ? parent.shape.members.get(key.toLowerCase()) : undefined;
  const written = [...(parent?.written ?? path.slice(0, -1)), member?.name ?? shownText(key)];
  return { node: parent?.node ?? null, written, secret: true, shape: { kind: "value" } };
}
