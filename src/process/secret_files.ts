// The files with secrets that the options name.
import type { Options } from "./options.ts";

/** A file that holds a secret, as the options name it. */
export interface SecretFile {
  /** The option. */
  readonly option: string;
  /** As it is written; a bare name may be a credential's. */
  readonly path: string;
}

/** The files with secrets that are named and used. */
export function secretFilesOf(options: Options): SecretFile[] {
  const { highAvailability: { enabled, redisPasswordFile, tls }, admin, hooks } = options;
  const named: [string, string | null][] = [
    ["HighAvailability:RedisPasswordFile", enabled ? redisPasswordFile : null],
    ["HighAvailability:Tls:KeyFile", enabled ? tls.keyFile : null],
    ["Admin:TokenFile", admin.listen === null ? null : admin.tokenFile],
    ["Admin:Tls:KeyFile", admin.listen === null ? null : admin.tls.keyFile],
    ...hooks.list.flatMap(({ http }, index) =>
      Object.values(http?.headerFiles ?? {}).map((path): [string, string] => [
        `Hooks:List:${index}:Http:HeaderFiles`,
        path,
      ])
    ),
  ];
  return named.flatMap(([option, path]) => path === null ? [] : [{ option, path }]);
}
