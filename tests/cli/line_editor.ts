// The effect of one press of TAB on a line in a real interactive shell, through a terminal of its own (zsh's zpty,
// which can hold any program). Each answer is the whole line as the shell's editor has it then.

const LIMIT_MILLISECONDS = 60_000;

/** Draws a mark around the text of the editor at ^T, once the shell has taken in its completion script. */
const SHELLS = {
  bash: {
    command: "bash --norc --noprofile -i",
    begin: "PS1= PS2= ; stty -echo; bind 'set bell-style none'; bind 'set enable-bracketed-paste off'",
    mark: `shown() { echo "<<$READLINE_LINE>>"; READLINE_LINE=; READLINE_POINT=0; }; bind -x '"\\C-t": shown'`,
  },
  zsh: {
    command: "zsh -f -i",
    begin: "PROMPT= RPROMPT= ; unsetopt prompt_cr prompt_sp; stty -echo; autoload -Uz compinit; compinit -u -D; " +
      "bindkey -e; bindkey '^I' complete-word",
    mark: `shown() { print -r -- "<<$BUFFER>>"; BUFFER= }; zle -N shown; bindkey '^T' shown`,
  },
} as const;

const DRIVER = `
zmodload zsh/zpty || exit
zpty -b shell "$1"
zpty -w shell "TERM=dumb; $2"
zpty -w shell "source $4; $3; echo '<<'ready'>>'"
zpty -r shell answer '*<<ready>>*' || exit
shift 4
for line in "$@"; do
  zpty -n -w shell "$line"$'\\t\\x14'
  zpty -r shell answer '*<<*>>*' || exit
  print -r -- "\${\${answer##*<<}%%>>*}"
done
zpty -d shell
`;

/** Completes each line, with `script` as the completion script. */
export async function completedLines(
  shell: keyof typeof SHELLS,
  script: string,
  lines: readonly string[],
): Promise<string[]> {
  const { command, begin, mark } = SHELLS[shell];
  const { code, stdout, stderr } = await new Deno.Command("zsh", {
    args: ["-f", "-c", DRIVER, "line-editor", command, begin, mark, script, ...lines],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    signal: AbortSignal.timeout(LIMIT_MILLISECONDS),
  }).output();
  if (code !== 0) throw new Error(`${shell} did not answer: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout).replace(/\n$/, "").split("\n");
}
