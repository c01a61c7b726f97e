import { accessSync, constants, mkdirSync } from "node:fs";
import { delimiter, join } from "node:path";
import type { Entered } from "./deps.ts";
import { writePrivate } from "./private-file.ts";

/** What a terminal runs. */
export interface ShellSpec {
  file: string;
  args: string[];
  env: Record<string, string>;
  cwd: string;
}

export interface ShellOptions {
  /** Folder for the rc file and the histories. */
  state: string;
  lab: string;
  entered: Entered;
  /** Folder with the pinned tools: first on PATH. */
  bin?: string;
  /** The workbook's launcher, so that `workbook check` works in the terminal. */
  launcher?: string;
  /** The server's own environment. */
  env?: NodeJS.ProcessEnv;
}

/** All that a terminal gets of the server's environment. By name: a token in there stays there. */
const passed = [
  "HOME",
  "USER",
  "LOGNAME",
  "TZ",
  "EDITOR",
  "VISUAL",
  "PAGER",
  "LANG",
  "LANGUAGE",
  "XDG_CACHE_HOME",
  "XDG_STATE_HOME",
  "XDG_CONFIG_HOME",
  "WORKBOOK_HOME",
  "WORKBOOK_CLUSTER",
  "TMPDIR",
];

/** The learner's own ~/.bashrc is not read: what it exports would be in reach of whatever runs in the page. */
const rcFile = `# Made by the workbook at each start of a terminal; changes are lost.
[ -r /usr/share/bash-completion/bash_completion ] && . /usr/share/bash-completion/bash_completion
shopt -s checkwinsize histappend
HISTSIZE=5000 HISTFILESIZE=20000 HISTCONTROL=ignoredups
PROMPT_COMMAND='history -a'
PS1='\\[\\e[36m\\]\${PWD/#"$WORKBOOK_FOLDER"/$WORKBOOK_LAB}\\[\\e[0m\\] $ '
alias k=kubectl ls='ls --color=auto' ll='ls -l' grep='grep --color=auto'
[ -n "$WORKBOOK_LAUNCHER" ] && workbook() { "$WORKBOOK_LAUNCHER" "$@"; }

# kubectl's completion is loaded by the first Tab, so that no prompt waits for it. It wants this helper of bash-completion.
declare -F _get_comp_words_by_ref >/dev/null || _get_comp_words_by_ref() {
  while [ $# -gt 0 ]; do
    case $1 in
      -n) shift ;;
      cur) cur=\${COMP_WORDS[COMP_CWORD]} ;;
      prev) prev=\${COMP_WORDS[COMP_CWORD-1]} ;;
      words) words=("\${COMP_WORDS[@]}") ;;
      cword) cword=$COMP_CWORD ;;
    esac
    shift
  done
}
declare -F __ltrim_colon_completions >/dev/null || __ltrim_colon_completions() { :; }
_workbook_load_kubectl() {
  complete -r kubectl k 2>/dev/null
  command -v kubectl >/dev/null || return 1
  . <(kubectl completion bash 2>/dev/null)
  declare -F __start_kubectl >/dev/null || return 1
  complete -o default -o nospace -F __start_kubectl kubectl k
  return 124
}
complete -F _workbook_load_kubectl kubectl k
`;

/** What a terminal of this lab runs: an interactive bash with the workbook's own set-up, in the working folder. */
export function shellSpec({ state, lab, entered, bin, launcher, env = process.env }: ShellOptions): ShellSpec {
  const folder = join(state, "shell");
  mkdirSync(join(folder, "history"), { recursive: true, mode: 0o700 });
  const rc = join(folder, "bashrc");
  writePrivate(rc, rcFile);
  const given = Object.entries(env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && (passed.includes(entry[0]) || entry[0].startsWith("LC_")),
  );
  const path = env.PATH ?? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
  const bash = which("bash", path);
  const clean: Record<string, string> = {
    ...Object.fromEntries(given),
    PATH: bin ? `${bin}${delimiter}${path}` : path,
    SHELL: bash ?? "/bin/sh",
    TERM: "xterm-256color",
    COLORTERM: "truecolor",
    KUBECONFIG: entered.kubeconfig,
    HISTFILE: join(folder, "history", lab),
    WORKBOOK_LAB: lab,
    WORKBOOK_FOLDER: entered.folder,
    ...(launcher ? { WORKBOOK_LAUNCHER: launcher } : {}),
  };
  if (!/utf-?8/i.test(clean.LC_ALL ?? clean.LC_CTYPE ?? clean.LANG ?? "")) {
    delete clean.LC_ALL;
    clean.LC_CTYPE = "C.UTF-8";
  }
  return bash
    ? { file: bash, args: ["--noprofile", "--rcfile", rc, "-i"], env: clean, cwd: entered.folder }
    : { file: "/bin/sh", args: ["-i"], env: clean, cwd: entered.folder };
}

function which(name: string, path: string): string | undefined {
  for (const folder of path.split(delimiter)) {
    if (folder === "") continue;
    const file = join(folder, name);
    try {
      accessSync(file, constants.X_OK);
      return file;
    } catch {
      // The next folder may have it.
    }
  }
  return undefined;
}
