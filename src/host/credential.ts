// Where a file with a secret is: systemd hands credentials over in a directory of the unit's own, under their bare names
// (systemd.exec(5), Credentials), so that options need not say where that is.
import { join } from "node:path";

/** The path of what an option names: a bare name is a credential's where the process was given any, else it is a path. */
export function credentialPath(named: string, environment: Readonly<Record<string, string | undefined>>): string {
  const directory = environment.CREDENTIALS_DIRECTORY;
  return directory && !named.includes("/") ? join(directory, named) : named;
}
