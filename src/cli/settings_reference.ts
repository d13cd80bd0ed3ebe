// The meaning of every option, in the words of docs/options.md and of the manual page; a test compares it with both and
// with the schema. In these texts `backticks` are code.

/** A setting, or several that are explained together. */
export interface SettingText {
  /** As people write it, without the numbers of a list's items: `ConfigurationWatcher:EnvironmentFiles`. */
  readonly name: string;
  /** The default. */
  readonly initial: string;
  /** The values that it may have. */
  readonly bounds: string;
  readonly meaning: string;
}

type Row = readonly [name: string, initial: string, bounds: string, meaning: string];

const YES_OR_NO = "`true`, `false`";
const PARTS = "a list of `honua`, `dataSources`, `services`, `layers`, `caches`, `rateLimit`, `variables`";

const SETTING_ROWS: readonly Row[] = [
  [
    "ConfigurationWatcher:EnableFileWatching",
    "`true`",
    YES_OR_NO,
    "`false`: neither file events nor polling; SIGHUP, the admin interface and other instances reload",
  ],
  [
    "ConfigurationWatcher:DebounceMilliseconds",
    "`500`",
    "0 to 60000",
    "quiet time after the last change before the file is read; while changes go on, four times this is the longest wait",
  ],
  [
    "ConfigurationWatcher:PollSeconds",
    "`5`",
    "0 to 3600",
    "how often the state of the files is compared, which catches changes without an event; 0: never",
  ],
  [
    "ConfigurationWatcher:EnvironmentFiles",
    "none",
    "a list of paths",
    "environment for the source, in systemd's `EnvironmentFile` syntax; a leading `-`: may be missing; later files win. " +
    "Flag: `--env-file` (`-e`)",
  ],
  [
    "ConfigurationWatcher:LogChangeEvents",
    "`true`",
    YES_OR_NO,
    "whether `Configuration file changed` is logged",
  ],
  [
    "ConfigurationWatcher:ValidateOnReload",
    "`true`",
    YES_OR_NO,
    "`false`: skip the rules; syntax, types and expressions are still checked",
  ],
  ["Honua:ConfigurationV2:Path", "none", "a path", "the source. Flag: `--config` (`-c`)"],
  ["Honua:ConfigPath", "none", "a path", "the source, if neither the setting above nor `HONUA_CONFIG_PATH` names it"],
  [
    "Snapshot:Path",
    "`/var/lib/honua-configd/config.snapshot.json`",
    "a path; not a file that is read",
    "the snapshot; its directory must exist. Flag: `--snapshot` (`-s`)",
  ],
  [
    "Snapshot:ServerPath",
    "`/var/lib/honua-configd/config.snapshot.honua`",
    "ends with `.honua` or `.hcl`; not a file that is read; empty: none",
    "the server form, which the servers load; unless set, `Snapshot:Path` with `.honua` in place of `.json`",
  ],
  [
    "Snapshot:Mode",
    '`"0640"`',
    "octal; the owner can read, not everyone can write",
    "permission bits of the snapshot and the server form, for any umask",
  ],
  [
    "Snapshot:Group",
    "the process's",
    "a group's name or number",
    "the group that may read the snapshot and the server form",
  ],
  ["HighAvailability:Enabled", "`false`", YES_OR_NO, "whether Redis is used at all"],
  [
    "HighAvailability:RedisConnectionString",
    "`ConnectionStrings:Redis`",
    "hosts, a URL or a socket's path (docs/cluster.md: Requirements of Redis)",
    "the address of Redis",
  ],
  [
    "ConnectionStrings:Redis",
    "none",
    "hosts, a URL or a socket's path (docs/cluster.md: Requirements of Redis)",
    "the address of Redis, in the setting of Honua's servers",
  ],
  [
    "HighAvailability:RedisPasswordFile",
    "none",
    "a path, or a systemd credential's name",
    "holds the password; beats the one in the connection string",
  ],
  [
    "HighAvailability:ConfigurationChannel",
    "`honua:config:changes`",
    "1 to 256 characters",
    "the channel, and the beginning of the keys",
  ],
  [
    "HighAvailability:InstanceName",
    "the host's name, or one made of it",
    "1 to 128 characters",
    "how the others know this instance; two of one name are noticed and reported",
  ],
  [
    "HighAvailability:SettleSeconds",
    "`30`",
    "0 to 3600",
    "how long a source may lag behind an announcement before the instance has diverged",
  ],
  [
    "HighAvailability:ReconcileSeconds",
    "`30`",
    "1 to 3600",
    "how often the agreement is read and compared, and this instance's record written",
  ],
  [
    "HighAvailability:ConnectionTimeoutMs",
    "`5000`",
    "1000 to 60000",
    "how long connecting to Redis may take; `connectTimeout` in the connection string beats it",
  ],
  ["HighAvailability:AutoReconnect", "`true`", YES_OR_NO, "`false`: give up after the first loss"],
  [
    "HighAvailability:EnableDetailedLogging",
    "`false`",
    YES_OR_NO,
    "whether each announcement that is heard is logged",
  ],
  [
    "HighAvailability:Tls:CaFile",
    "the system's authorities",
    "a PEM file",
    "an authority to trust towards Redis beside the system's",
  ],
  [
    "HighAvailability:Tls:CertificateFile",
    "none",
    "a PEM file, with `KeyFile`",
    "the certificate that is shown to Redis",
  ],
  ["HighAvailability:Tls:KeyFile", "none", "a PEM file, with `CertificateFile`", "the key of that certificate"],
  [
    "State:Directory",
    "the snapshot's",
    "a directory",
    "the directory of `honua-configd.state.json`, `journal.jsonl` and `history`, which two daemons cannot share",
  ],
  [
    "History:Keep",
    "`20`",
    "0 to 1000",
    "how many releases keep their source text; the running, stable and last good one always do",
  ],
  [
    "History:MaxMegabytes",
    "`64`",
    "1 to 10240",
    "how large these texts, compressed, may be together; the oldest go first",
  ],
  [
    "Admin:Socket",
    "`/run/honua-configd/admin.sock`",
    "a path of at most 107 bytes, its directory of at most 97; empty: none",
    "the admin interface's unix socket; its directory must exist",
  ],
  ["Admin:Listen", "none", "an address and a port", "the admin interface on TCP"],
  [
    "Admin:TokenFile",
    "none",
    "a file, or a systemd credential's name, with one line of 16 to 4095 characters of ASCII, no spaces",
    "the token for TCP; read again when it changes, a systemd credential only at a start of the unit",
  ],
  [
    "Admin:Tls:CertificateFile",
    "none",
    "a PEM file, with `KeyFile`",
    "TLS on TCP, which an address beyond loopback needs",
  ],
  ["Admin:Tls:KeyFile", "none", "a PEM file, with `CertificateFile`", "the key of that certificate"],
  [
    "Admin:UiActions",
    "`false`",
    YES_OR_NO,
    "whether the page `/ui` offers reload, rollback, promote and hold; else it only shows",
  ],
  [
    "Hooks:Splay",
    "`0`",
    "0 to 86400",
    "seconds; all hooks but checks wait for a random part of it, so that a fleet does not act at once",
  ],
  [
    "Hooks:Only",
    "none: every change",
    PARTS,
    "the parts of the configuration whose change matters; a change of another part runs no `check` and no `activated` hook",
  ],
  [
    "Hooks:List",
    "none",
    "a list of hooks",
    "the hooks to run on a change, in this order; `Hooks` may be the list itself",
  ],
  [
    "Health:BakeSeconds",
    "`60`",
    "1 to 86400",
    "how long the servers must be healthy after a change before it counts as good",
  ],
  ["Health:IntervalSeconds", "`5`", "1 to 3600", "how often the `health` hooks are asked meanwhile"],
  ["Health:Failures", "`3`", "1 to 100", "as many failed checks in a row mean that the change is bad"],
  [
    "Health:OnFailure",
    "`rollback`",
    "`rollback`, `halt`",
    "the answer of this host to a bad change: put the release before back, or keep the change and report it",
  ],
  [
    "Health:BaselineRequired",
    "`false`",
    YES_OR_NO,
    "`true`: no change is made while the servers are not healthy; `false`: it is made, and not blamed for that",
  ],
  [
    "Rollout:Steps",
    "none: all at once",
    'a list of `N`, `P%`, `+N`, such as `["1", "25%", "100%"]`; at most 32; each lets in more than the one before',
    "how many hosts each step lets in: a number in all, a part of them (rounded up), or a number more each time until all " +
    "are in; after the last step all hosts are in",
  ],
  [
    "Rollout:BakeSeconds",
    "`60`",
    "0 to 86400",
    "how long all hosts of a step must be healthy before the next step begins",
  ],
  [
    "Rollout:DeadlineSeconds",
    "`600`",
    "1 to 604800",
    "how long the hosts of a step may take to run the release; then the rollout is halted",
  ],
  [
    "Rollout:OnFailure",
    "`rollback`",
    "`rollback`, `halt`",
    "the answer of the fleet to a host of a step that fails: all go back to the release before, or nobody else is let in",
  ],
  [
    "Rollout:Canary",
    "`false`",
    YES_OR_NO,
    "whether this host is let in before the others, whichever host proposes the change",
  ],
  [
    "Approvals:Required",
    "`0`",
    "0 to 16; above 0 with `AllowedSigners`",
    "how many signatures by different keys a configuration needs before this host puts it in force",
  ],
  [
    "Approvals:AllowedSigners",
    "none",
    "a path",
    "the signers: principals and public keys, in the format of `ssh-keygen`",
  ],
  ["Approvals:RevokedKeys", "none", "a path", "keys that no longer count, as `ssh-keygen` reads them"],
  [
    "Source:From",
    "`file`",
    "`file`, `store`, `both`; `store` with `HighAvailability:Enabled`",
    "the origin of the configuration: a file, the store in Redis, or the file if it is there and else the store",
  ],
  [
    "Store:KeyFile",
    "none: nothing is sealed",
    "a path, or a systemd credential's name",
    "the key ring that seals sources in Redis and in the history; the newest key seals, all open",
  ],
  [
    "Logging:Format",
    "`auto`",
    "`auto`, `json`, `text`",
    "`auto`: text on a terminal, else one JSON object a line. Flag: `--log-format`",
  ],
  [
    "Logging:Level",
    "`information`",
    "`trace`, `debug`, `information`, `warning`, `error`, `critical`",
    "the lowest level that is written; else `Logging:LogLevel:Default` counts. Flag: `--log-level`",
  ],
];

const HOOK_ROWS: readonly Row[] = [
  [
    "Name",
    "none",
    "1 to 64 characters, another for each hook",
    "how log, status and metrics call it; must be given",
  ],
  ["Command", "none", "a list of texts", "a program and its arguments; there is no shell"],
  [
    "Http:Url",
    "none",
    "an http or https URL",
    "a request, with the event as JSON; 2xx is success, redirects are not followed",
  ],
  [
    "Http:Method",
    "`POST`",
    "`GET`, `POST`, `PUT`, `PATCH`, `DELETE`, `HEAD`",
    "how it asks; for `health` `GET` unless given",
  ],
  ["Http:Headers", "none", "names and values", "the headers of the request"],
  [
    "Http:HeaderFiles",
    "none",
    "names and paths, or names of systemd credentials",
    "headers whose values are in files, such as tokens; read again each time",
  ],
  [
    "Signal",
    "none",
    "`SIGHUP`, `SIGINT`, `SIGQUIT`, `SIGTERM`, `SIGUSR1`, `SIGUSR2`, `SIGWINCH`",
    "sent to the process that `PidFile` names",
  ],
  ["PidFile", "none", "a path", "holds a process's number; with `Signal`"],
  [
    "SystemdUnit",
    "none",
    "a unit's name with its type",
    "reloaded or restarted by `systemctl`, as `Action` says; for `health` only asked whether it is `active`",
  ],
  [
    "Action",
    "`reload-or-restart`",
    "`reload-or-restart`, `restart`",
    "with `SystemdUnit`; `reload-or-restart` restarts only a unit that cannot reload, `restart` any: a Honua server needs it",
  ],
  ["On", "`activated`", "`check`, `activated`, `rejected`, `diverged`, `health`", "when it runs"],
  [
    "TimeoutSeconds",
    "`30`",
    "1 to 3600",
    "then it is ended, with all of its session, and has failed; for `health` 5 unless given",
  ],
  ["Ready:Http:Url", "none", "an http or https URL", "asked with GET; ready if the answer is 2xx"],
  ["Ready:Http:Headers", "none", "names and values", "the headers of that request"],
  [
    "Ready:Http:HeaderFiles",
    "none",
    "names and paths, or names of systemd credentials",
    "headers of that request whose values are in files; read again each time",
  ],
  ["Ready:Command", "none", "a list of texts", "a program and its arguments; ready if it exits with 0"],
  ["Ready:SystemdUnit", "none", "a unit's name with its type", "ready if it is `active`"],
  [
    "Ready:TimeoutSeconds",
    "`60`",
    "1 to 3600",
    "asked at once and then every second, each time for at most 5 s; if it is not ready by then, the hook has failed",
  ],
  [
    "StopOnFailure",
    "`true` with `Ready`, else `false`",
    YES_OR_NO,
    "once it has failed, the hooks behind it do not run until it succeeds; not for `check` and `health`",
  ],
  [
    "Retry:Attempts",
    "`0`",
    "0 to 1000",
    "how often a failure is tried again; 0: not, and for `activated` until it succeeds or a newer snapshot comes",
  ],
  [
    "Retry:BackoffSeconds",
    "`1`",
    "1 to 3600",
    "the wait before the first retry; each further one is twice as long, up to 5 min, with jitter",
  ],
  ["Parallel", "`false`", YES_OR_NO, "whether it runs together with its neighbours in the list that say so too"],
  ["Only", "as `Hooks:Only`", PARTS, "as `Hooks:Only`, only for this hook, and beats it"],
];

const textOf = ([name, initial, bounds, meaning]: Row): SettingText => ({ name, initial, bounds, meaning });

/** All options, in the order of the documentation. */
export const SETTING_TEXTS: readonly SettingText[] = SETTING_ROWS.map(textOf);

/**
 * The members of a hook, with names relative to the hook. It has exactly one of Command, Http, Signal and SystemdUnit.
 */
export const HOOK_TEXTS: readonly SettingText[] = HOOK_ROWS.map(textOf);
