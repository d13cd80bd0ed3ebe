// The path of a file with a secret: systemd puts credentials into a directory of the unit's own, under their bare names
// (systemd.exec(5), Credentials), so that options need not name that directory.
import { join } from "node:path";

/** The path that an option names: a bare name is a credential's if the process has any, else it is a path. */
export function credentialPath(named: string, environment: Readonly<Record<string, string | undefined>>): string {
  const directory = environment.CREDENTIALS_DIRECTORY;
  return directory && !named.includes("/") ? join(directory, named) : named;
}
