/** The shells that can complete the commands of `recode`. */
export const shells = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof shells)[number];

/**
 * What a shell has to read to complete `recode`. All three ask `recode __complete` and hide its errors; a line of its answer is a word,
 * after a tab what it is for, or alone where files are to be completed.
 */
export const scripts: Readonly<Record<Shell, string>> = {
  // COMP_LINE instead of COMP_WORDS, which bash parts at "=" and ":" too. Nothing of the line is evaluated.
  bash: `# bash completion for recode
_recode() {
  local reply
  COMPREPLY=()
  while IFS= read -r reply; do
    if [[ $reply == :files ]]; then
      type compopt >/dev/null 2>&1 && compopt -o bashdefault -o default
    else
      COMPREPLY+=("$reply")
      # A path follows.
      [[ $reply != *: ]] || compopt -o nospace 2>/dev/null
    fi
  done < <(command recode __complete bash -- "\${COMP_LINE:0:COMP_POINT}" "$COMP_WORDBREAKS" 2>/dev/null)
}
complete -F _recode recode
`,
  zsh: `#compdef recode
# zsh completion for recode
_recode() {
  local value shown
  local -a values displays end
  while IFS=$'\\t' read -r value shown; do
    if [[ $value == :files ]]; then
      _files
      return
    fi
    [[ $value != *: ]] || end=(-S '')
    values+=("$value")
    displays+=("\${shown:-$value}")
  done < <(command recode __complete zsh -- "\${(@Q)words[2,CURRENT-1]}" "\${(Q)PREFIX}" 2>/dev/null)
  compadd "\${(@)end}" -l -d displays -a values
}
if [[ \${funcstack[1]} == _recode ]]; then
  _recode "$@"
else
  compdef _recode recode
fi
`,
  fish: `# fish completion for recode
function __recode_complete
    set -l words (commandline -opc) (commandline -ct)
    for reply in (command recode __complete fish -- $words[2..-1] 2>/dev/null)
        if test "$reply" = :files
            __fish_complete_path (commandline -ct)
        else
            printf '%s\\n' $reply
        end
    end
end
complete -c recode -f -a '(__recode_complete)'
`,
};
