// `honua-configd man`: the manual page, made from the program's own help and from texts that docs/ shares, so that the
// three agree. The same program makes the same page, byte for byte.
import {
  EXIT_CODE_LIST,
  FILE_LIST,
  HOOK_VARIABLE_LIST,
  type ListEntry,
  SIGNAL_LIST,
  VARIABLE_LIST,
} from "./manual_lists.ts";
import type { HelpSection, Outline, OutlinedCommand, OutlinedOption } from "./command_outline.ts";
import { HOOK_TEXTS, SETTING_TEXTS, type SettingText } from "./settings_reference.ts";
import { VERSION } from "./version.ts";

/** The day of the newest version in CHANGELOG.md. */
export const VERSION_DATE = "2026-12-01";

/** The page of a program, in the language of man(7). */
export function manualPage({ program, commands }: Outline): string {
  const [first, ...examples] = program.sections.find(({ title }) => title === "Examples")?.lines ?? [];
  const lines = [
    `.TH ${program.name.toUpperCase()} 1 ${VERSION_DATE} "${program.name} ${VERSION}" "User Commands"`,
    // Without hyphenation and justified lines, which would break names of settings.
    ".nh",
    ".ad l",
    ".SH NAME",
    `${roffLiteral(program.name)} \\- ${roffProse(asPhrase(program.description))}`,
    ".SH SYNOPSIS",
    ...commands.flatMap((one, index) => index === 0 ? synopsis(one) : [".br", ...synopsis(one)]),
    ".SH DESCRIPTION",
    ...paragraphs(DESCRIPTION),
    ".SH COMMANDS",
    ...commands.flatMap(commandPart),
    ".SH OPTIONS FILE",
    ...paragraphs(OPTIONS),
    ...SETTING_TEXTS.flatMap(settingPart),
    ".SH HOOKS",
    ...paragraphs(HOOKS),
    ...HOOK_TEXTS.flatMap(settingPart),
    ".PP",
    "A command finds in its environment, beside PATH, HOME, USER, SHELL, TMPDIR, TZ and the locale:",
    ...HOOK_VARIABLE_LIST.flatMap(entryPart),
    ".SH ENVIRONMENT",
    ...VARIABLE_LIST.flatMap(entryPart),
    ".SH SIGNALS",
    ...SIGNAL_LIST.flatMap(entryPart),
    ".SH EXIT STATUS",
    ...EXIT_CODE_LIST.flatMap(entryPart),
    ".SH FILES",
    ...FILE_LIST.flatMap(entryPart),
    ".SH EXAMPLES",
    ...literalLines([first ?? "", ...examples].concat(EXAMPLES)),
    ".SH SEE ALSO",
    ...SEE_ALSO.map((page, index) => `.BR ${page.name} (${page.section})${index < SEE_ALSO.length - 1 ? " ," : ""}`),
  ];
  return `${lines.join("\n")}\n`;
}

const DESCRIPTION = [
  "The daemon watches the configuration file of a Honua Server (Configuration V2) on one host, the source. It turns every " +
  "valid edit into a snapshot, a JSON file that the local servers read and that is replaced whole or not at all. An edit " +
  "that is not valid changes nothing: the old snapshot stays, and the log names each mistake and its place.",
  "On several hosts that share a configuration, instances agree over Redis on the current one. An edit reaches all of " +
  "them, an instance reloads only if its own differs, and an operator sees at any time which configuration each " +
  "instance runs. If Redis is away, only agreement waits.",
];

const OPTIONS = [
  "Options come from flags, the environment and an options file (`--options`), which is JSON with comments: " +
  '`{ "ConfigurationWatcher": { "PollSeconds": 1 } }`. Flags beat the environment, the environment beats the file. ' +
  "`--set` gives any of them: `--set ConfigurationWatcher:PollSeconds=1`. They are read once, at the start.",
];

const HOOKS = [
  "Hooks are actions that the daemon runs on a change, so that local servers pick it up. A hook has a `Name` and exactly one of `Command`, " +
  "`Http`, `Signal` and `SystemdUnit`.",
  "`check` hooks run before the snapshot is replaced, with the candidate's path; if one fails, the candidate is " +
  "rejected. `activated` hooks run after every change of the snapshot's content, and at the start if they have not " +
  "succeeded for the snapshot in force; a failing one is tried again until it succeeds or a newer snapshot supersedes " +
  "it. With `Ready`, a hook succeeds only once the servers that it restarted are ready; with `StopOnFailure`, the hooks behind one " +
  "that failed do not run until it succeeds. `rejected` and `diverged` hooks run when that happens again. Delivery is at " +
  "least once: a hook must bear being run twice.",
  "`health` hooks say whether the servers work, and change nothing: a `Command` that exits with 0, an `Http` request with " +
  "an answer of 2xx, a `SystemdUnit` that is active. They are asked before a change, and after it as `Health` says.",
];

const EXAMPLES = ["honua-configd reload", "honua-configd doctor"];

const SEE_ALSO = [
  { name: "redis\\-cli", section: 1 },
  { name: "systemctl", section: 1 },
  { name: "systemd.exec", section: 5 },
  { name: "systemd.service", section: 5 },
  { name: "inotify", section: 7 },
];

/** man-pages(7): a page's name is followed by a phrase without a full stop. */
function asPhrase(sentence: string): string {
  return sentence.charAt(0).toLowerCase() + sentence.slice(1).replace(/\.$/, "");
}

function synopsis({ name, usage }: OutlinedCommand): string[] {
  return [`.B honua\\-configd ${roffLiteral(name)}`, roffLine(roffLiteral(usage))];
}

function commandPart(command: OutlinedCommand): string[] {
  return [
    `.SS ${roffLiteral(command.name)} ${roffLiteral(command.usage)}`,
    roffLine(roffProse(asSentence(command.description))),
    ...command.arguments.filter(({ description }) => description !== "").flatMap(({ name, description }) =>
      entryPart({ term: name, meaning: description })
    ),
    ...command.options.filter(({ long }) => long !== "--help").flatMap(optionPart),
    ...command.sections.flatMap(sectionPart),
  ];
}

function asSentence(phrase: string): string {
  return `${phrase.charAt(0).toUpperCase()}${phrase.slice(1)}.`;
}

function optionPart({ short, long, value, details }: OutlinedOption): string[] {
  const flags = [short, long].filter((one) => one !== null).map((one) => `\\fB${roffLiteral(one)}\\fR`).join(", ");
  return [".TP", value === null ? flags : `${flags} \\fI${roffLiteral(value)}\\fR`, roffLine(roffProse(details))];
}

function sectionPart({ title, lines }: HelpSection): string[] {
  if (title === null) return [".PP", roffLine(roffProse(lines.join(" ")))];
  return [".PP", `${roffProse(title)}:`, ...literalLines(lines)];
}

function settingPart({ name, initial, bounds, meaning }: SettingText): string[] {
  return [
    ".TP",
    `\\fB${roffLiteral(name)}\\fR`,
    roffLine(roffProse(`${meaning} (${bounds}; default: ${initial})`)),
  ];
}

function entryPart({ term, meaning }: ListEntry): string[] {
  const head = roffProse(term);
  return [".TP", head === term ? `\\fB${head}\\fR` : head, roffLine(roffProse(meaning))];
}

function paragraphs(texts: readonly string[]): string[] {
  return texts.flatMap((text, index) => [...index === 0 ? [] : [".PP"], roffLine(roffProse(text))]);
}

/** Lines exactly unchanged, indented. */
function literalLines(lines: readonly string[]): string[] {
  return [".RS 4", ".nf", ...lines.map((line) => roffLine(roffLiteral(line))), ".fi", ".RE"];
}

// Text for man(7): shown exactly unchanged, and never read as a request.

/** Characters that roff reads as something else, or shows as another one (groff_char(7)). */
const ESCAPES: Readonly<Record<string, string>> = {
  "\\": "\\e",
  "-": "\\-",
  "'": "\\(aq",
  "`": "\\(ga",
  "^": "\\(ha",
  "~": "\\(ti",
  '"': "\\(dq",
};

/** Text that is typed or shown literally: a dash is the one of the keyboard. */
export function roffLiteral(text: string): string {
  return wide(text.replaceAll(/[\\\-'`^~"]/g, (one) => ESCAPES[one]!));
}

/** Prose: text in `backticks` becomes bold code, and flags and paths keep their characters. */
export function roffProse(text: string): string {
  return text.split("`").map((part, index) => {
    if (index % 2 === 1) return `\\fB${roffLiteral(part)}\\fR`;
    const words = part.replaceAll("\\", "\\e").replaceAll(/\S+/g, (word) =>
      // In a flag or path, dashes are those of the keyboard, and no line breaks there.
      /^\W*-|[/@=]/.test(word) ? word.replaceAll("-", "\\-") : word);
    return wide(words);
  }).join("");
}

/** A line of text; a zero-width mark precedes a first character that would begin a request. */
export function roffLine(escaped: string): string {
  return /^[.']/.test(escaped) ? `\\&${escaped}` : escaped;
}

/** Other characters than ASCII by their number; controls become spaces. */
function wide(text: string): string {
  return text.toWellFormed().replaceAll(/\p{Cc}/gu, " ").replaceAll(
    /[^\x20-\x7e]/gu,
    (one) => `\\[u${one.codePointAt(0)!.toString(16).toUpperCase().padStart(4, "0")}]`,
  );
}
