// The completion script for fish.
import type { Candidates, Outline, OutlinedCommand, SettingName } from "./command_outline.ts";
import { fishQuoted } from "./shell_quote.ts";

export function fishCompletion({ program, commands }: Outline, settings: readonly SettingName[]): string {
  const values = settings.flatMap(({ name, words }) =>
    words.length === 0 ? [`${name}=`] : words.map((word) => `${name}=${word}`)
  );
  const lines = [
    `complete -c ${program.name} -f`,
    ...optionLines(program, program, "__fish_use_subcommand"),
    ...commands.map(({ name, description }) =>
      `complete -c ${program.name} -n __fish_use_subcommand -a ${name} -d ${fishQuoted(description)}`
    ),
    ...commands.flatMap((command) => commandLines(program, command)),
  ];
  return `# fish completion for ${program.name}: made by "${program.name} completion fish".

function __honua_configd_settings
    printf '%s\\n' \\
${values.map((value) => `        ${fishQuoted(value)}`).join(" \\\n")}
end

${lines.join("\n")}
`;
}

function commandLines(program: OutlinedCommand, command: OutlinedCommand): string[] {
  const condition = `__fish_seen_subcommand_from ${command.name}`;
  const offered = command.arguments.map(({ candidates }) => offer(candidates)).filter((flags) => flags !== "-x");
  return [
    ...offered.map((flags) => `complete -c ${program.name} -n ${fishQuoted(condition)} ${flags.replace("-r ", "")}`),
    ...optionLines(program, command, condition),
  ];
}

function optionLines(program: OutlinedCommand, { options }: OutlinedCommand, condition: string): string[] {
  return options.map(({ short, long, value, description, candidates }) =>
    [
      `complete -c ${program.name} -n ${fishQuoted(condition)}`,
      ...short === null ? [] : [`-s ${short.slice(1)}`],
      `-l ${long.slice(2)}`,
      ...value === null ? [] : [offer(candidates)],
      `-d ${fishQuoted(description)}`,
    ].join(" ")
  );
}

/**
 * `-r`: a value must follow; `-F`: files are offered for it, though the program takes none elsewhere; `-x`: none are.
 */
function offer(candidates: Candidates): string {
  if (candidates.kind === "files") return "-r -F";
  if (candidates.kind === "words") return `-x -a ${fishQuoted(candidates.words.join(" "))}`;
  return candidates.kind === "settings" ? "-x -a '(__honua_configd_settings)'" : "-x";
}
