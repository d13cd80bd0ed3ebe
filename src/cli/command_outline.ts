// The command line as data: commands, arguments, options and the sections of their help. It is read from the program
// itself, so that completions and manual page know every command and flag that the program knows.
import { type OptionShape, optionShape } from "../options/option_schema.ts";

/** An argument as commander has it. */
export interface KnownArgument {
  name(): string;
  readonly description: string;
  /** Whether several may follow one another. */
  readonly variadic: boolean;
  /** The words that it can be. */
  readonly argChoices?: string[];
  readonly defaultValue?: unknown;
}

/** An option as commander has it. */
export interface KnownOption {
  /** `-c, --config <file>`. */
  readonly flags: string;
  /** `-c`. */
  readonly short?: string | undefined;
  /** `--config`. */
  readonly long?: string | undefined;
  readonly description: string;
  /** Whether it takes several values. */
  readonly variadic: boolean;
  /** The words that its value can be. */
  readonly argChoices?: string[];
  readonly defaultValue?: unknown;
}

/** The part of commander's command that this file reads. */
export interface KnownCommand {
  name(): string;
  description(): string;
  /** The text after its name. */
  usage(): string;
  /** In their order. */
  readonly registeredArguments: readonly KnownArgument[];
  /** Selects the parts that the help shows. */
  createHelp(): {
    visibleCommands(command: KnownCommand): KnownCommand[];
    visibleOptions(command: KnownCommand): KnownOption[];
  };
  /** The standard part of its help. */
  helpInformation(): string;
  /** Writes all of its help. */
  outputHelp(): void;
  configureOutput(): HelpOutput;
  /** Redirects the help. */
  configureOutput(output: HelpOutput): unknown;
}

export interface HelpOutput {
  writeOut?(text: string): void;
  /** Whether colours may be in it. */
  getOutHasColors?(): boolean;
}

/** The values that a word of the command line may have. */
export type Candidates =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  /** A setting with its value: `Section:Key=value`. */
  | { readonly kind: "settings" }
  /** Nothing that a completion could offer. */
  | { readonly kind: "anything" };

/** An argument without a flag. */
export interface OutlinedArgument {
  /** Without brackets: `files`. */
  readonly name: string;
  /** With its default. */
  readonly description: string;
  /** Whether several may follow one another; only the last argument may be. */
  readonly variadic: boolean;
  readonly candidates: Candidates;
}

/** A flag, with its value if it takes one. */
export interface OutlinedOption {
  /** `-c`, or null. */
  readonly short: string | null;
  /** `--config`. */
  readonly long: string;
  /** The name of its value, as in `--config <file>`: `file`; null: it takes none. */
  readonly value: string | null;
  readonly description: string;
  /** The description with choices and default. */
  readonly details: string;
  /** Whether it may be given several times. */
  readonly repeatable: boolean;
  readonly candidates: Candidates;
}

/** A section of the help after the options: `Examples`, `Ends with`. */
export interface HelpSection {
  /** Without the colon; null: it has none, and its lines are prose. */
  readonly title: string | null;
  /** Without the indentation below the title. */
  readonly lines: readonly string[];
}

/** A command, or the program itself. */
export interface OutlinedCommand {
  readonly name: string;
  /** In one line. */
  readonly description: string;
  /** The text after its name: `[options] <files...>`. */
  readonly usage: string;
  /** In their order. */
  readonly arguments: readonly OutlinedArgument[];
  /** In the order of the help, with `--help`. */
  readonly options: readonly OutlinedOption[];
  /** In the order of the help. */
  readonly sections: readonly HelpSection[];
}

/** The program and its commands, without hidden ones. */
export interface Outline {
  /** The options before a command. */
  readonly program: OutlinedCommand;
  /** In the order of the help. */
  readonly commands: readonly OutlinedCommand[];
}

export function outline(program: KnownCommand): Outline {
  const visible = program.createHelp().visibleCommands(program);
  const names = visible.map((command) => command.name());
  return { program: outlineCommand(program, []), commands: visible.map((command) => outlineCommand(command, names)) };
}

function outlineCommand(command: KnownCommand, commandNames: readonly string[]): OutlinedCommand {
  const help = command.createHelp();
  return {
    name: command.name(),
    description: command.description(),
    usage: command.usage(),
    arguments: command.registeredArguments.map((one) => outlineArgument(one, commandNames)),
    options: help.visibleOptions(command).map(outlineOption),
    sections: helpSections(command),
  };
}

function outlineArgument(argument: KnownArgument, commandNames: readonly string[]): OutlinedArgument {
  const name = argument.name();
  // `help [command]` is commander's own.
  const words = name === "command" ? commandNames : argument.argChoices ?? [];
  const { variadic, argChoices = [], defaultValue } = argument;
  const description = detailed(argument.description, argChoices, defaultValue);
  return { name, description, variadic, candidates: candidatesOf(name, words) };
}

/** Adds choices and defaults as commander does, but not for lists that begin empty and flags without a value. */
function detailed(description: string, choices: readonly string[], initial: unknown): string {
  const details = [
    ...choices.length === 0 ? [] : [choices.join(", ")],
    ...typeof initial === "string" || typeof initial === "number" ? [`default: ${initial}`] : [],
  ];
  return details.length === 0 ? description : `${description} (${details.join("; ")})`;
}

function outlineOption(option: KnownOption): OutlinedOption {
  const value = /[<[](.+?)(?:\.\.\.)?[>\]]/.exec(option.flags)?.[1] ?? null;
  return {
    short: option.short ?? null,
    long: option.long!,
    value,
    description: option.description,
    details: detailed(option.description, option.argChoices ?? [], option.defaultValue),
    repeatable: option.variadic || Array.isArray(option.defaultValue),
    candidates: value === null ? { kind: "anything" } : candidatesOf(value, option.argChoices ?? settingWords(option)),
  };
}

function candidatesOf(name: string, words: readonly string[]): Candidates {
  if (words.length > 0) return { kind: "words", words };
  if (/^(files?|path|directory)$/.test(name)) return { kind: "files" };
  return name === "key=value" ? { kind: "settings" } : { kind: "anything" };
}

/** The description of a flag for a setting ends with the setting's name in brackets. */
function settingWords({ description }: KnownOption): readonly string[] {
  const named = /\(([A-Z]\w*(?::\w+)+)\)$/.exec(description)?.[1];
  return settingNames().find(({ name }) => name === named)?.words ?? [];
}

/**
 * Commander knows additions to a help text only while it writes: this renders all of it and drops the standard part.
 */
function helpSections(command: KnownCommand): HelpSection[] {
  const before = command.configureOutput();
  let text = "";
  try {
    command.configureOutput({ writeOut: (part) => text += part, getOutHasColors: () => false });
    command.outputHelp();
    text = text.slice(command.helpInformation().length);
  } finally {
    command.configureOutput(before);
  }
  return text.trim().split(/\n\s*\n/).filter((block) => block !== "").map((block) => {
    const [first = "", ...rest] = block.split("\n");
    if (!first.endsWith(":") || rest.length === 0) return { title: null, lines: [first, ...rest] };
    return { title: first.slice(0, -1), lines: rest.map((line) => line.replace(/^ {2}/, "")) };
  });
}

// Every setting that `--set` can name, read from the schema, so that completions offer every setting of the daemon.

/** A setting with a single value. */
export interface SettingName {
  /** As people write it, the items of a list by the first of them: `Hooks:List:0:Name`. */
  readonly name: string;
  /** All values that it can have; empty: its values are no fixed words. */
  readonly words: readonly string[];
}

/** All settings, in the schema's order, without those under names that the operator chooses. */
export function settingNames(): SettingName[] {
  return namesBelow(optionShape, []);
}

function namesBelow(shape: OptionShape, path: readonly string[]): SettingName[] {
  if (shape.kind === "group") {
    return [...shape.members.values()].flatMap((member) => namesBelow(member.shape, [...path, member.name]));
  }
  if (shape.kind === "list") return namesBelow(shape.item, [...path, "0"]);
  return shape.kind === "map" ? [] : [{ name: path.join(":"), words: shape.words ?? [] }];
}
