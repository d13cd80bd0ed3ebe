// The files with secrets that the options name.
import type { HookRequestOptions, Options } from "./options.ts";

/** A file that holds a secret, as the options name it. */
export interface SecretFile {
  readonly option: string;
  /** As it is written; a bare name may be a credential's. */
  readonly path: string;
}

type SecretFileSetting = readonly [option: string, path: string | null];

/** The files with secrets that the options name and use. */
export function secretFilesOf(options: Options): SecretFile[] {
  const { highAvailability: { enabled, redisPasswordFile, tls }, admin, hooks, store } = options;
  const all: SecretFileSetting[] = [
    ["HighAvailability:RedisPasswordFile", enabled ? redisPasswordFile : null],
    ["HighAvailability:Tls:KeyFile", enabled ? tls.keyFile : null],
    ["Admin:TokenFile", admin.listen === null ? null : admin.tokenFile],
    ["Admin:Tls:KeyFile", admin.listen === null ? null : admin.tls.keyFile],
    ["Store:KeyFile", store.keyFile],
    ...hooks.list.flatMap(({ http, ready }, index) => [
      ...headerFilesOf(`Hooks:List:${index}:Http`, http),
      ...headerFilesOf(`Hooks:List:${index}:Ready:Http`, ready?.http ?? null),
    ]),
  ];
  return all.flatMap(([option, path]) => path === null ? [] : [{ option, path }]);
}

function headerFilesOf(option: string, request: Pick<HookRequestOptions, "headerFiles"> | null): SecretFileSetting[] {
  return Object.values(request?.headerFiles ?? {}).map((path) => [`${option}:HeaderFiles`, path]);
}
