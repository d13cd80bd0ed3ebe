// The lists that docs/ and the manual page share; a test compares docs/ with them. In these texts `backticks` are code.

export interface ListEntry {
  readonly term: string;
  readonly meaning: string;
}

const entries = (rows: readonly (readonly [string, string])[]): readonly ListEntry[] =>
  rows.map(([term, meaning]) => ({ term, meaning }));

export const EXIT_CODE_LIST: readonly ListEntry[] = entries([
  ["0", "done, or valid"],
  ["1", "the configuration is invalid (with `validate --strict` also: it has a warning)"],
  ["2", "wrong usage or wrong options"],
  [
    "3",
    "something could not be reached or used: a file to read, the snapshot's directory; of several outcomes 3 beats 1",
  ],
  ["70", "a bug in honua-configd; please report its output on standard error"],
]);

export const SIGNAL_LIST: readonly ListEntry[] = entries([
  ["SIGHUP", "reload now, even if nothing changed; the outcome is always logged"],
  ["SIGTERM, SIGINT", "stop within 2 s, exit code 0; a second one stops at once"],
  ["SIGUSR1, SIGUSR2", "nothing"],
]);

/** Variables that the program reads, beside those that the source names. */
export const VARIABLE_LIST: readonly ListEntry[] = entries([
  ["`Section__Name`", "any option, with names in any case; `Section__Name__0` is the first item of a list"],
  ["`HONUA_CONFIG_PATH`", "the source, if neither a flag nor `Honua:ConfigurationV2:Path` names it"],
  [
    "`HONUA_ENVIRONMENT`, `DOTNET_ENVIRONMENT`, `ASPNETCORE_ENVIRONMENT`",
    "the first that is set names the environment, by which the source is searched for",
  ],
  ["`NOTIFY_SOCKET`, `WATCHDOG_USEC`", "set by systemd, for messages about the daemon's state"],
  [
    "`CREDENTIALS_DIRECTORY`",
    "set by systemd: the directory of the files with secrets that options name without a path",
  ],
  ["`NO_COLOR`", "no colours on a terminal"],
]);

/** The environment of a hook's command; a variable that does not apply is not set. */
export const HOOK_VARIABLE_LIST: readonly ListEntry[] = entries([
  ["`HONUA_CONFIGD_EVENT`", "`check`, `activated`, `rejected`, `diverged` or `health`"],
  ["`HONUA_CONFIGD_HOOK`", "the hook's `Name`"],
  ["`HONUA_CONFIGD_INSTANCE`", "this instance's name"],
  [
    "`HONUA_CONFIGD_HASH`",
    "the hash of the snapshot, of the candidate (`check`) or of the rejected source (or of its bytes)",
  ],
  ["`HONUA_CONFIGD_PREVIOUS_HASH`", "the hash that was in force before"],
  ["`HONUA_CONFIGD_GENERATION`", "the generation agreed on last"],
  ["`HONUA_CONFIGD_SNAPSHOT`", "the snapshot's path"],
  ["`HONUA_CONFIGD_SERVER_PATH`", "the server form's path"],
  ["`HONUA_CONFIGD_SOURCE`", "the source's path; not set if it is in the store"],
  ["`HONUA_CONFIGD_CANDIDATE`", "`check`: the path of the file that will be the snapshot if every check succeeds"],
  ["`HONUA_CONFIGD_SERVER_CANDIDATE`", "`check`: the same of the file that will be the server form"],
  ["`HONUA_CONFIGD_CHANGED`", "the parts that changed, such as `layers,caches`; not set if that is not known"],
  ["`HONUA_CONFIGD_REASON`", "`rejected`: why, in one line without secrets"],
  ["`HONUA_CONFIGD_AGREED_HASH`", "`diverged`: the hash that was agreed on last"],
]);

/** The files of an installation. */
export const FILE_LIST: readonly ListEntry[] = entries([
  ["`/etc/honua/config.hcl`", "the source, unless it is named or an earlier name of the search is there"],
  ["`/etc/honua-configd/options.json`", "the options of `honua-configd.service`"],
  ["`/etc/honua-configd/environment`", "variables for `honua-configd.service`, options too; may be missing"],
  [
    "`/etc/honua-configd/credentials/`",
    "`redis-password` and `admin-token`, which systemd hands to the service; may be missing",
  ],
  ["`/etc/polkit-1/rules.d/50-honua-configd-units.rules`", "the units that hooks with `SystemdUnit` may reload"],
  ["`/var/lib/honua-configd/config.snapshot.json`", "the snapshot"],
  ["`/var/lib/honua-configd/config.snapshot.honua`", "the server form, which the servers load"],
  ["`/var/lib/honua-configd/honua-configd.state.json`", "the other state that must survive a restart"],
  ["`/var/lib/honua-configd/history/`", "the sources of the releases, and their list"],
  ["`/var/lib/honua-configd/journal.jsonl`, `journal.1.jsonl` …", "the journal, and its older files"],
  ["`/run/honua-configd/admin.sock`", "the admin interface"],
  ["`/etc/honua/NAME.hcl`", "the source of the instance `honua-configd@NAME.service`"],
  ["`/etc/honua-configd/NAME.json`", "its options; must be there, `{}` at the least"],
  ["`/etc/honua-configd/NAME.environment`, `/etc/honua-configd/credentials/NAME/`", "its variables and credentials"],
  [
    "`/var/lib/honua-configd/NAME/`, `/run/honua-configd/NAME/`",
    "its snapshot, server form and state, and its admin interface",
  ],
]);
