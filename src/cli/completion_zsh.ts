// The completion script for zsh. It works as a file in a directory of `fpath` and with `source <(…)`.
import type { Candidates, Outline, OutlinedCommand, OutlinedOption, SettingName } from "./command_outline.ts";
import { posixQuoted } from "./shell_quote.ts";

export function zshCompletion({ program, commands }: Outline, settings: readonly SettingName[]): string {
  return `#compdef ${program.name}
# zsh completion for ${program.name}: made by "${program.name} completion zsh".

${settingsFunction(settings)}
_honua_configd_commands() {
  local -a commands=(
${commands.map(({ name, description }) => `    ${posixQuoted(`${colonEscaped(name)}:${description}`)}`).join("\n")}
  )
  _describe -t commands command commands
}

_honua-configd() {
  local curcontext=$curcontext context state state_descr line
  typeset -A opt_args
  _arguments -C -S \\
${
    specs(program).concat([`'1: :_honua_configd_commands'`, `'*:: :->arguments'`]).map((one) => `    ${one}`).join(
      " \\\n",
    )
  }
  [[ $state == arguments ]] || return
  curcontext=\${curcontext%:*}-$line[1]:
  case $line[1] in
${commands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _honua-configd ]]; then
  _honua-configd "$@"
else
  compdef _honua-configd ${program.name}
fi
`;
}

/** Offers names with an equals sign, and after the sign the setting's values. */
function settingsFunction(settings: readonly SettingName[]): string {
  const worded = settings.filter(({ words }) => words.length > 0).map(({ name, words }) =>
    `      ${name}) compadd -- ${words.map(posixQuoted).join(" ")} ;;`
  );
  return `_honua_configd_settings() {
  local name=\${PREFIX%%=*}
  if compset -P 1 '*='; then
    case $name in
${worded.join("\n")}
      *) _message value ;;
    esac
  else
    compadd -S '' -- \\
${settings.map(({ name }) => `      ${name}=`).join(" \\\n")}
  fi
}
`;
}

function commandCase(command: OutlinedCommand): string {
  const all = [...specs(command), ...command.arguments.map(argumentSpec)];
  return `    ${command.name})\n      _arguments -s -S \\\n${
    all.map((one) => `        ${one}`).join(" \\\n")
  }\n      ;;`;
}

/**
 * The specifications of a command's flags for `_arguments`: those of one option exclude each other unless it is
 * repeatable.
 */
function specs({ options }: OutlinedCommand): string[] {
  return options.flatMap((option) => {
    const names = option.short === null ? [option.long] : [option.short, option.long];
    const front = option.repeatable ? "*" : names.length > 1 ? `(${names.join(" ")})` : "";
    return names.map((name) => posixQuoted(`${front}${name}${valueMark(name, option)}${explained(option)}`));
  });
}

/** `--name=`: the value is the next word or follows an equals sign; `-n+`: the next word or joined. */
function valueMark(name: string, { value }: OutlinedOption): string {
  return value === null ? "" : name.startsWith("--") ? "=" : "+";
}

function explained({ description, value, candidates }: OutlinedOption): string {
  const text = `[${description.replaceAll(/[\\[\]:]/g, "\\$&")}]`;
  return value === null ? text : `${text}:${colonEscaped(value)}:${action(candidates)}`;
}

function argumentSpec({ name, variadic, candidates }: OutlinedCommand["arguments"][number]): string {
  return posixQuoted(`${variadic ? "*" : ""}:${colonEscaped(name)}:${action(candidates)}`);
}

function action(candidates: Candidates): string {
  if (candidates.kind === "words") return `(${candidates.words.join(" ")})`;
  if (candidates.kind === "files") return "_files";
  return candidates.kind === "settings" ? "_honua_configd_settings" : " ";
}

function colonEscaped(text: string): string {
  return text.replaceAll(/[\\:]/g, "\\$&");
}
