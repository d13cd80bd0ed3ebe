// What the command line can be asked, as data: commands, arguments, options and the sections of their help. It is read
// off the program itself, so that completions and manual page know every command and flag that the program knows.
import { type OptionShape, optionShape } from "../options/option_schema.ts";

/** An argument as commander has it. */
export interface KnownArgument {
  /** Its name. */
  name(): string;
  /** What it is. */
  readonly description: string;
  /** Whether several may follow one another. */
  readonly variadic: boolean;
  /** The words that it can be. */
  readonly argChoices?: string[];
  /** What it is where it is not given. */
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
  /** What it does. */
  readonly description: string;
  /** Whether it takes several values. */
  readonly variadic: boolean;
  /** The words that its value can be. */
  readonly argChoices?: string[];
  /** What it is where it is not given. */
  readonly defaultValue?: unknown;
}

/** The part of commander's command that is read here. */
export interface KnownCommand {
  /** Its name. */
  name(): string;
  /** What it does. */
  description(): string;
  /** What follows its name. */
  usage(): string;
  /** In their order. */
  readonly registeredArguments: readonly KnownArgument[];
  /** Who knows what the help shows of it. */
  createHelp(): {
    visibleCommands(command: KnownCommand): KnownCommand[];
    visibleOptions(command: KnownCommand): KnownOption[];
  };
  /** The standard part of its help. */
  helpInformation(): string;
  /** Writes all of its help. */
  outputHelp(): void;
  /** Where it is written. */
  configureOutput(): HelpOutput;
  /** Has it written elsewhere. */
  configureOutput(output: HelpOutput): unknown;
}

/** Where help is written. */
export interface HelpOutput {
  /** Takes a part of it. */
  writeOut?(text: string): void;
  /** Whether colours may be in it. */
  getOutHasColors?(): boolean;
}

/** What may stand in a place of the command line. */
export type Candidates =
  | { readonly kind: "words"; readonly words: readonly string[] }
  | { readonly kind: "files" }
  /** A setting with its value: `Section:Key=value`. */
  | { readonly kind: "settings" }
  /** Something that only the person knows. */
  | { readonly kind: "anything" };

/** An argument without a flag. */
export interface OutlinedArgument {
  /** Without brackets: `files`. */
  readonly name: string;
  /** What it is, with its default. */
  readonly description: string;
  /** Whether several may follow one another; none does in front of another one. */
  readonly variadic: boolean;
  /** What may stand there. */
  readonly candidates: Candidates;
}

/** A flag, with its value where it has one. */
export interface OutlinedOption {
  /** `-c`, or null. */
  readonly short: string | null;
  /** `--config`. */
  readonly long: string;
  /** Its value's name, as in `--config <file>`: `file`; null where it takes none. */
  readonly value: string | null;
  /** What it does. */
  readonly description: string;
  /** The same with choices and default. */
  readonly details: string;
  /** Whether it may be given several times. */
  readonly repeatable: boolean;
  /** What its value may be. */
  readonly candidates: Candidates;
}

/** A section that the help has behind the options: `Examples`, `Ends with`. */
export interface HelpSection {
  /** Without the colon; null: it has none, and its lines are prose. */
  readonly title: string | null;
  /** Its lines, without the indentation below the title. */
  readonly lines: readonly string[];
}

/** A command, or the program itself. */
export interface OutlinedCommand {
  /** Its name. */
  readonly name: string;
  /** What it does, in a line. */
  readonly description: string;
  /** What follows its name: `[options] <files...>`. */
  readonly usage: string;
  /** In their order. */
  readonly arguments: readonly OutlinedArgument[];
  /** In the order of the help, `--help` among them. */
  readonly options: readonly OutlinedOption[];
  /** In the order of the help. */
  readonly sections: readonly HelpSection[];
}

/** The program and its commands; hidden ones are not among them. */
export interface Outline {
  /** What may stand in front of a command. */
  readonly program: OutlinedCommand;
  /** In the order of the help. */
  readonly commands: readonly OutlinedCommand[];
}

/** Outlines a program. */
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

/** What commander says of choices and defaults too, but not of lists that begin empty and flags that are not given. */
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

/** A flag that stands for a setting names it, in brackets, at the end of its description. */
function settingWords({ description }: KnownOption): readonly string[] {
  const named = /\(([A-Z]\w*(?::\w+)+)\)$/.exec(description)?.[1];
  return settingNames().find(({ name }) => name === named)?.words ?? [];
}

/** What was added to a command's help is known to the help alone: it is rendered, and the standard part left out. */
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

// Every setting that `--set` can name, read off the schema: a setting that the daemon takes is one that is offered.

/** A setting with a single value. */
export interface SettingName {
  /** As people write it, the items of a list by the first of them: `Hooks:List:0:Name`. */
  readonly name: string;
  /** All values that it can have; empty where these are no words. */
  readonly words: readonly string[];
}

/** All settings, in the schema's order; what stands under names of the operator's own choice is not among them. */
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
