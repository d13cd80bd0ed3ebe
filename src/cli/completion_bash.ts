// The completion script for bash. It works with and without the bash-completion package.
import type { Candidates, Outline, OutlinedCommand, SettingName } from "./command_outline.ts";
import { posixQuoted } from "./shell_quote.ts";

export function bashCompletion({ program, commands }: Outline, settings: readonly SettingName[]): string {
  return `# bash completion for ${program.name}: made by "${program.name} completion bash".

${SETTINGS_HEAD}${settingsOf(settings)}${SETTINGS_TAIL}
${FUNCTION_HEAD}
  case $command in
${[{ ...program, name: "" }, ...commands].map((one) => commandCase(one, commands)).join("\n")}
  esac

${FUNCTION_TAIL}
complete -F _honua_configd ${program.name}
`;
}

function settingsOf(settings: readonly SettingName[]): string {
  const worded = settings.filter(({ words }) => words.length > 0).map(({ name, words }) =>
    `    ${posixQuoted(name)}) words=${posixQuoted(words.join(" "))} ;;`
  );
  const names = settings.map(({ name }) => `${name}=`);
  return `    '') words=${posixQuoted(names.join(" "))} ;;\n${worded.join("\n")}\n`;
}

/** The options of a command, the values that each takes, and the candidates for a word that is no option. */
function commandCase(command: OutlinedCommand, commands: readonly OutlinedCommand[]): string {
  const flags = command.options.flatMap(({ short, long }) => short === null ? [long] : [short, long]);
  const valued = command.options.filter(({ value }) => value !== null).map(({ short, long, candidates }) =>
    `        ${short === null ? long : `${short} | ${long}`}) ${offer(candidates)} ;;`
  );
  const names = commands.map(({ name }) => name);
  const rest: Candidates = command.name === ""
    ? { kind: "words", words: names }
    : command.arguments[0]?.candidates ?? { kind: "anything" };
  return [
    `    ${posixQuoted(command.name)})`,
    `      flags=${posixQuoted(flags.join(" "))}`,
    "      case $previous in",
    ...valued,
    `        *) ${offer(rest)}; rest=yes ;;`,
    "      esac",
    "      ;;",
  ].join("\n");
}

function offer(candidates: Candidates): string {
  if (candidates.kind === "words") return `words=${posixQuoted(candidates.words.join(" "))}`;
  return `kind=${candidates.kind}`;
}

const SETTINGS_HEAD = `# The values of a setting; of none, the names of all.
_honua_configd_setting_words() {
  case $1 in
`;

const SETTINGS_TAIL = `    *) words= ;;
  esac
}
`;

/**
 * Readline cuts words at the characters of COMP_WORDBREAKS, colon and equals sign among them. The script joins such
 * words again, and removes from the answers the part that readline keeps.
 */
const FUNCTION_HEAD = `_honua_configd() {
  local -a line=()
  local index piece joined=
  for ((index = 0; index <= COMP_CWORD; index++)); do
    piece=\${COMP_WORDS[index]}
    if [[ $index -gt 0 && $piece && -z \${piece//[:=]/} ]]; then
      line[-1]+=$piece
      joined=yes
    elif [[ $joined ]]; then
      line[-1]+=$piece
      joined=
    else
      line+=("$piece")
    fi
  done

  # The word to complete, without the flag in --flag=value, and the word before it.
  local word=\${line[-1]} previous='' command='' given='' flags='' words='' kind=words rest=''
  if ((\${#line[@]} > 2)); then previous=\${line[-2]}; fi
  if [[ $word == --*=* ]]; then
    previous=\${word%%=*}
    given=$previous=
    word=\${word#*=}
  fi
  for ((index = 1; index < \${#line[@]} - 1; index++)); do
    if [[ \${line[index]} != -* ]]; then
      command=\${line[index]}
      break
    fi
  done
`;

const FUNCTION_TAIL = `  COMPREPLY=()
  if [[ $rest && $given ]]; then return; fi
  if [[ $rest && $word == -* ]]; then
    kind=words
    words=$flags
  elif [[ $kind == settings && $word == *=* ]]; then
    _honua_configd_setting_words "\${word%%=*}"
    given+=\${word%%=*}=
    word=\${word#*=}
  elif [[ $kind == settings ]]; then
    _honua_configd_setting_words ''
    compopt -o nospace 2> /dev/null
  fi
  if [[ $kind == files ]]; then
    mapfile -t COMPREPLY < <(compgen -f -- "$word")
    compopt -o filenames 2> /dev/null
  else
    mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
  fi

  # Readline replaces only what follows the last break, so the answers hold only that.
  local whole=$given$word breaks=\${COMP_WORDBREAKS//[^:=]/} kept=
  if [[ $breaks && $whole == *["$breaks"]* ]]; then kept=\${whole%"\${whole##*["$breaks"]}"}; fi
  for index in "\${!COMPREPLY[@]}"; do
    piece=$given\${COMPREPLY[index]}
    COMPREPLY[index]=\${piece#"$kept"}
  done
}
`;
