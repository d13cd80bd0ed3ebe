// All options, as the daemon reads them. Names are camelCase here; people write them in any case
// (`ConfigurationWatcher:PollSeconds`). Sections of later features are accepted from the start, used yet or not.

/** The parts of a configuration that a hook can be limited to: the snapshot's own top-level names. */
export const CONFIG_PARTS = ["honua", "dataSources", "services", "layers", "caches", "rateLimit", "variables"] as const;

export const HOOK_SIGNALS = ["SIGHUP", "SIGINT", "SIGQUIT", "SIGTERM", "SIGUSR1", "SIGUSR2", "SIGWINCH"] as const;

/** As systemctl(1) calls them. */
export const UNIT_ACTIONS = ["reload-or-restart", "restart"] as const;

/** The reaction if the servers fail while a release bakes. */
export const FAILURE_ACTIONS = ["rollback", "halt"] as const;

/** The origin of the configuration. */
export const SOURCES = ["file", "store", "both"] as const;

/** By Honua's names, from the most to the least verbose. */
export const LEVELS = ["trace", "debug", "information", "warning", "error", "critical"] as const;

export type ConfigPart = typeof CONFIG_PARTS[number];

export type HookSignal = typeof HOOK_SIGNALS[number];

export type UnitAction = typeof UNIT_ACTIONS[number];

export type FailureAction = typeof FAILURE_ACTIONS[number];

export type SourceFrom = typeof SOURCES[number];

/** A level of the log. */
export type Level = typeof LEVELS[number];

/** All settings, each with its value or default; a path or text that is not set is null. */
export interface Options {
  readonly highAvailability: HighAvailabilityOptions;
  readonly configurationWatcher: WatcherOptions;
  /** The path of the source, by the settings that name a Honua server's configuration. */
  readonly honua: {
    readonly configurationV2: {
      /** Null: another setting names it, or it is searched for. */
      readonly path: string | null;
    };
    /** Counts if neither the setting above nor `HONUA_CONFIG_PATH` names the source. */
    readonly configPath: string | null;
  };
  /** Honua's shared connection strings. */
  readonly connectionStrings: {
    /** Secret. Used if `HighAvailability:RedisConnectionString` is not set. */
    readonly redis: string | null;
  };
  readonly snapshot: SnapshotOptions;
  /** The state that must survive a restart beside the snapshot. */
  readonly state: {
    /** Null: the snapshot's directory. */
    readonly directory: string | null;
  };
  readonly history: HistoryOptions;
  readonly admin: AdminOptions;
  readonly hooks: HooksOptions;
  readonly health: HealthOptions;
  readonly rollout: RolloutOptions;
  readonly approvals: ApprovalsOptions;
  readonly source: {
    /** Default `file`; `both`: the file if it is there. */
    readonly from: SourceFrom;
  };
  readonly store: {
    /** The key ring that seals sources in the store and in the history; null: nothing is sealed. */
    readonly keyFile: string | null;
  };
  readonly logging: LoggingOptions;
}

/** How instances find each other; the names and bounds of the first six settings are Honua Server's own. */
export interface HighAvailabilityOptions {
  /** Whether Redis is used at all; default false. */
  readonly enabled: boolean;
  /** In StackExchange.Redis's or URL form. Secret: it may hold a password. Overrides `ConnectionStrings:Redis`. */
  readonly redisConnectionString: string | null;
  /** Default `honua:config:changes`. */
  readonly configurationChannel: string;
  /** 1000 to 60000, default 5000. */
  readonly connectionTimeoutMs: number;
  /** False: give up after the first loss. Default true. */
  readonly autoReconnect: boolean;
  /** Default false. */
  readonly enableDetailedLogging: boolean;
  /** Replaces a password in the connection string. */
  readonly redisPasswordFile: string | null;
  /** How long a source may lag behind an announcement before the instance is diverged; 0 to 3600, default 30. */
  readonly settleSeconds: number;
  /** How often the cluster's head is read and compared; 1 to 3600, default 30. */
  readonly reconcileSeconds: number;
  /** At most 128 characters; null: see `instanceName`. */
  readonly instanceName: string | null;
  readonly tls: TlsClientOptions;
}

/** PEM files for TLS to Redis; certificate and key are both set or neither. */
export interface TlsClientOptions {
  /** A private authority's certificate, trusted beside the system's authorities. */
  readonly caFile: string | null;
  readonly certificateFile: string | null;
  readonly keyFile: string | null;
}

/**
 * How the daemon follows the source and the files beside it; the names of the first four settings are Honua Server's
 * own.
 */
export interface WatcherOptions {
  /** False: neither events nor polling, only SIGHUP. Default true. */
  readonly enableFileWatching: boolean;
  /** Quiet time after the last hint before the source is read; 0 to 60000, default 500. */
  readonly debounceMilliseconds: number;
  /** Whether each hint is logged; default true. */
  readonly logChangeEvents: boolean;
  /** False: the rules are skipped, never the schema. Default true. */
  readonly validateOnReload: boolean;
  /** Between two comparisons of the file's stat; 0 to 3600, default 5, 0: no polling. */
  readonly pollSeconds: number;
  /** In systemd's EnvironmentFile syntax (systemd.exec(5)); a later file overrides an earlier one. */
  readonly environmentFiles: readonly string[];
}

/** The paths of the snapshot and its server form, and their readers. */
export interface SnapshotOptions {
  /** Default `/var/lib/honua-configd/config.snapshot.json`. */
  readonly path: string;
  /**
   * Of the server form; it ends with `.honua` or `.hcl`. Default: the snapshot's with `.honua` in place of `.json`.
   * Null, written as an empty text: there is none.
   */
  readonly serverPath: string | null;
  /** Permission bits as chmod(2) takes them, default 0o640; the owner can read and not everyone can write. */
  readonly mode: number;
  /** A group's name or number; null: the process's. */
  readonly group: string | null;
}

/** How much of the releases' source texts is kept. The running, stable and last good ones are never evicted. */
export interface HistoryOptions {
  /** In texts; 0 to 1000, default 20. */
  readonly keep: number;
  /** For the compressed texts together; 1 to 10240, default 64. */
  readonly maxMegabytes: number;
}

/** The addresses of the admin interface. */
export interface AdminOptions {
  /** Default `/run/honua-configd/admin.sock`; null, written as an empty text: no socket. */
  readonly socket: string | null;
  /** `address:port`; null: no TCP. */
  readonly listen: string | null;
  /** Holds the bearer token for TCP. */
  readonly tokenFile: string | null;
  /** TLS on TCP: PEM files, both or neither. */
  readonly tls: {
    readonly certificateFile: string | null;
    readonly keyFile: string | null;
  };
  /** Whether the page offers actions beside its views; default false. */
  readonly uiActions: boolean;
}

/** The hooks of a change. A bare list is read as `List`: `"Hooks": [ … ]` is `"Hooks": { "List": [ … ] }`. */
export interface HooksOptions {
  /** In seconds: one random delay up to this for all hooks but checks. 0 to 86400, default 0. */
  readonly splay: number;
  /** Changes to any other part run no hook; empty: every change counts. A hook's own `Only` overrides it. */
  readonly only: readonly ConfigPart[];
  /** In the order in which they run. */
  readonly list: readonly HookOptions[];
}

/** One hook: exactly one of `command`, `http`, `signal` (with `pidFile`) and `systemdUnit` is not null. */
export interface HookOptions {
  /** For the log, status and metrics; required, at most 64 characters, unique. */
  readonly name: string;
  /** A program and its arguments; no shell. Secret: arguments may hold tokens. */
  readonly command: readonly string[] | null;
  readonly http: HookRequestOptions | null;
  /** Sent to the process that `pidFile` names. */
  readonly signal: HookSignal | null;
  /** Holds a process's number, in decimal. */
  readonly pidFile: string | null;
  /** A unit's name with its type. */
  readonly systemdUnit: string | null;
  /** The action on `systemdUnit`; default `reload-or-restart`. */
  readonly action: UnitAction;
  /** The trigger; default `activated`. A `health` hook asks whether the servers work; it changes nothing. */
  readonly on: "check" | "activated" | "rejected" | "diverged" | "health";
  /** 1 to 3600, default 30, of `health` 5; without the time of `ready`. */
  readonly timeoutSeconds: number;
  /** The probe that must succeed after the hook, else the hook has failed; null: none, as for every check. */
  readonly ready: ReadyOptions | null;
  /**
   * Whether others wait after its failure until it has succeeded; null: only if it has `ready`, and for every check.
   */
  readonly stopOnFailure: boolean | null;
  /** After a failure. */
  readonly retry: {
    /** 0 to 1000; default 0: never, but `activated` until it succeeds or a newer snapshot supersedes it. */
    readonly attempts: number;
    /** Before the first retry; 1 to 3600, default 1. */
    readonly backoffSeconds: number;
  };
  /** Whether it runs together with neighbours in the list that are also parallel; default false. */
  readonly parallel: boolean;
  /** Changes to any other part do not run it; empty: as in `Hooks:Only`. */
  readonly only: readonly ConfigPart[];
}

/** The probe of the server behind a hook: exactly one of the first three is not null. */
export interface ReadyOptions {
  /** A program and its arguments; ready if it exits with 0. Secret: arguments may hold tokens. */
  readonly command: readonly string[] | null;
  /** A request with GET; ready if the answer is 200 to 299. */
  readonly http: Omit<HookRequestOptions, "method"> | null;
  /** A unit; ready if it is active. */
  readonly systemdUnit: string | null;
  /** 1 to 3600, default 60. */
  readonly timeoutSeconds: number;
}

/** A request that a hook makes. */
export interface HookRequestOptions {
  /** Default POST, of a `health` hook GET. */
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD";
  /** http or https. Secret: it may hold userinfo or a token. */
  readonly url: string;
  /** Name to value. Secret. */
  readonly headers: Readonly<Record<string, string>>;
  /** Name to the file that holds its value. */
  readonly headerFiles: Readonly<Record<string, string>>;
}

/** How long a new release bakes, and how often the `health` hooks are asked meanwhile. */
export interface HealthOptions {
  /** 1 to 86400, default 60. */
  readonly bakeSeconds: number;
  /** Between two checks; 1 to 3600, default 5. */
  readonly intervalSeconds: number;
  /** A release fails after this many failed checks in a row; 1 to 100, default 3. */
  readonly failures: number;
  /** Default `rollback`. */
  readonly onFailure: FailureAction;
  /** Whether a change is refused while the servers are not healthy; default false. */
  readonly baselineRequired: boolean;
}

/** How a release that this host proposes goes through the fleet, and the place of this host in any rollout. */
export interface RolloutOptions {
  /**
   * How many hosts each step lets in: `N` hosts in all, `P%` of the hosts, `+N` hosts more each time until all are
   * in. At most 32; default none: all at once.
   */
  readonly steps: readonly string[];
  /** How long the hosts of a step must be healthy before the next one; 0 to 86400, default 60. */
  readonly bakeSeconds: number;
  /** The longest wait for the hosts of a step; 1 to 604800, default 600. */
  readonly deadlineSeconds: number;
  /** Default `rollback`. */
  readonly onFailure: FailureAction;
  /** Whether this host is let in before the others; default false. */
  readonly canary: boolean;
}

/** The signatures without which a host puts nothing new in force. */
export interface ApprovalsOptions {
  /** By different keys; 0 to 16, default 0: none are needed. Above 0 `allowedSigners` is not null. */
  readonly required: number;
  /** In the format of ssh-keygen(1), ALLOWED SIGNERS. */
  readonly allowedSigners: string | null;
  /** Keys or a key revocation list of ssh-keygen(1); null: none is revoked. */
  readonly revokedKeys: string | null;
}

/** The format and the level of the log. */
export interface LoggingOptions {
  /** Default `auto`: text on a terminal, JSON otherwise. */
  readonly format: "auto" | "json" | "text";
  /** `Logging:Level`, else `Logging:LogLevel:Default`, else information. */
  readonly level: Level;
  /** By category, as in appsettings.json: accepted so that one file can serve both programs, and otherwise unused. */
  readonly logLevel: Readonly<Record<string, Level | "none">>;
}
