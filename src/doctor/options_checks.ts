// The options: what is odd in them, who can change their file, and whether the files with secrets that they name can be
// read by the daemon and not by everyone.
import { join } from "node:path";
import { readTokenFile } from "../admin/auth.ts";
import { renderLine } from "../diagnostic/render.ts";
import { secretValues } from "../options/option_schema.ts";
import { secretFilesOf } from "../options/secret_files.ts";
import type { Check, Subject } from "./examination.ts";
import { error, type Finding, note, ok, warning } from "./finding.ts";
import type { Machine } from "./machine.ts";
import {
  judgeObstacle,
  judgeOwners,
  judgeReaders,
  judgeWriters,
  orOk,
  type PathFacts,
  readPathFacts,
} from "./permissions.ts";

/** Says as whom permissions are judged: a finding about another user than the daemon's would mislead. */
export const userCheck: Check = {
  id: "options/user",
  about: "The daemon's user",
  examine: ({ user, userOfUnit }) => Promise.resolve([judgeUser(user, userOfUnit)]),
};

/** Judges whether the user is the right one. */
export function judgeUser(user: Subject["user"], userOfUnit: boolean): Finding {
  if (user === null) {
    return warning("options/user", "It is not known as whom the daemon runs: permissions are not judged", null);
  }
  if (userOfUnit) return ok("options/user", `Permissions are judged for ${user.name}, as whom the unit runs`);
  return note(
    "options/user",
    `Permissions are judged for ${user.name}, who asks: no unit says as whom the daemon runs`,
  );
}

/** The options file. */
export const optionsFileCheck: Check = {
  id: "options/file",
  about: "The options file",
  async examine({ optionsPath, options, warnings, machine, user, daemonUid }) {
    const odd = warnings.map((one) => warning("options/file", renderLine(one), one.suggestion));
    if (optionsPath === null) {
      return [...odd, note("options/file", "No options file was named: environment, flags and defaults count")];
    }
    const facts = await readPathFacts(machine, optionsPath, user, ["read"]);
    const hasSecrets = secretValues(options).length > 0;
    return [...odd, ...judgeOptionsFile(facts, user, { daemonUid, hasSecrets })];
  },
};

/** Judges who can read and write it. A secret in the environment is not told from one in the file. */
export function judgeOptionsFile(
  facts: PathFacts,
  user: Subject["user"],
  { daemonUid, hasSecrets }: { readonly daemonUid: number | null; readonly hasSecrets: boolean },
): Finding[] {
  const check = "options/file";
  return orOk(
    [
      ...judgeObstacle(check, facts, user, "read"),
      ...judgeWriters(check, facts),
      ...judgeOwners(check, facts, daemonUid, "options"),
      ...(hasSecrets ? judgeReaders(check, facts, "a connection string, a command or a URL") : []),
    ],
    check,
    `${facts.path} is valid, and those who may read and write it are the right ones`,
  );
}

/** Where a file is: a bare name is a credential's if there is such a credential (systemd.exec(5)). */
export async function placeOfSecret(
  machine: Pick<Machine, "look">,
  path: string,
  directories: readonly string[],
): Promise<{ readonly path: string; readonly isCredential: boolean }> {
  if (!path.includes("/")) {
    for (const directory of directories) {
      const credential = join(directory, path);
      if ((await machine.look(credential)).ok) return { path: credential, isCredential: true };
    }
  }
  return { path, isCredential: false };
}

/** Each file with a secret. */
export const secretFilesCheck: Check = {
  id: "options/secrets",
  about: "The files with secrets",
  async examine({ options, machine, user, credentialDirectories }) {
    const files = secretFilesOf(options);
    const found = await Promise.all(files.map(async ({ option, path }): Promise<Finding[]> => {
      const place = await placeOfSecret(machine, path, credentialDirectories);
      // systemd hands a credential over whoever owns it.
      const reader = place.isCredential ? null : user;
      const facts = await readPathFacts(machine, place.path, reader, ["read"]);
      const store = path.includes("/") ? null : credentialDirectories.at(-1) ?? null;
      const findings = judgeSecretFile(option, facts, reader, store);
      if (option !== "Admin:TokenFile" || findings.length > 0) return findings;
      const token = await readTokenFile(place.path);
      return token.ok || token.message.includes("EACCES")
        ? []
        : [error("options/secrets", `${option}: ${token.message}`, "Write a token: openssl rand -hex 32")];
    }));
    if (files.length === 0) return [];
    return orOk(found.flat(), "options/secrets", `${files.length} files with secrets can be read by who should`);
  },
};

/** Judges one; none: nothing is wrong. `store` is where a credential of that name is put, null for a path. */
export function judgeSecretFile(
  option: string,
  facts: PathFacts,
  user: Subject["user"],
  store: string | null,
): Finding[] {
  const check = "options/secrets";
  if (store !== null && !facts.looked.ok && facts.looked.code === "ENOENT") {
    const what = `${option} names the credential ${facts.path}, which is nowhere to be seen`;
    return [warning(check, what, `Put it into ${join(store, facts.path)}, or name a file`)];
  }
  const found = [
    ...judgeObstacle(check, facts, user, "read"),
    ...judgeReaders(check, facts, "a secret"),
    ...judgeWriters(check, facts),
  ];
  return found.map((one) => ({ ...one, what: `${option}: ${one.what}` }));
}
