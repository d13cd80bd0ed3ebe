// The options and the files that they name: permissions, credentials, the signers of approvals.
import { join } from "node:path";
import { SSH_KEYGEN_PATHS } from "../approvals/ssh_keygen.ts";
import { firstFile } from "../host/program_search.ts";
import { secretValues } from "../options/option_schema.ts";
import { secretFilesOf } from "../options/secret_files.ts";
import { accessSection, type Place } from "./access.ts";
import { section } from "./examination.ts";
import { diagnosed, error, note, ok, warning } from "./finding.ts";
import { credentialIn } from "./unit.ts";

/** Only the subject is judged. */
export const settings = section("The options", () => Promise.resolve(null), {
  // A finding about another user than the daemon's would mislead.
  "options/user": (_, { user, userOfUnit }) => {
    if (user === null) return warning("The daemon's user is not known: permissions are not judged");
    if (userOfUnit) return ok(`Permissions are judged for ${user.name}, the unit's user`);
    return note(`Permissions are judged for ${user.name}, the user of this command: no unit names the daemon's user`);
  },
  "options/file": (_, { optionsPath, warnings }) => {
    const none = note("No options file was named: environment, flags and defaults count");
    return [...warnings.map(diagnosed), ...optionsPath === null ? [none] : []];
  },
  "rollout/deadline": (_, { options: { rollout, health, hooks: { list, splay } } }) => {
    const { steps, deadlineSeconds: deadline } = rollout;
    if (steps.length === 0) return null;
    const bake = list.some(({ on }) => on === "health") ? health.bakeSeconds : 0;
    const rest = deadline - splay - bake;
    if (rest > 0) return ok(`Rollout:DeadlineSeconds leaves hooks ${rest} s in a step`);
    const what = `A step may take ${splay + bake} s (Hooks:Splay and Health:BakeSeconds) and the time of its hooks: ` +
      `it is halted after ${deadline} s (Rollout:DeadlineSeconds)`;
    return (bake < deadline ? warning : error)(what, "Set Rollout:DeadlineSeconds above the sum of all three");
  },
});

export const optionsFile = accessSection("options/file", "The options file", ({ options, optionsPath: path }) => {
  // The secret may be in the environment, not in the file.
  const holds = secretValues(options).length > 0 ? "a connection string, a command or a URL" : null;
  return path === null ? [] : [{ path, deed: "read", stake: "options", holds }];
});

export const secretFiles = accessSection("options/secrets", "The files with secrets", async (subject) => {
  const { options, credentialDirectories: directories, machine } = subject;
  return await Promise.all(
    secretFilesOf(options).map(async ({ option, path }): Promise<Place> => {
      const credential = await credentialIn(directories, path, machine);
      const place = { path: credential ?? path, namedBy: option, deed: "read", holds: "a secret" } as const;
      const store = directories.at(-1);
      if (credential !== null || path.includes("/") || store === undefined) {
        return { ...place, isCredential: credential !== null };
      }
      const what = `The credential ${path} is nowhere to be seen`;
      return { ...place, whenMissing: warning(what, `Put it into ${join(store, path)}, or name a file`) };
    }),
  );
});

export const signers = accessSection("approvals/files", "The files of the approvals", ({ options: { approvals } }) => {
  const { required, allowedSigners, revokedKeys } = approvals;
  const named = [["Approvals:AllowedSigners", allowedSigners], ["Approvals:RevokedKeys", revokedKeys]] as const;
  return required === 0 ? [] : named.flatMap(([option, path]): Place[] => {
    return path === null ? [] : [{ path, namedBy: option, deed: "read", stake: "approvals" }];
  });
});

export const sshKeygen = section("ssh-keygen", () => Promise.resolve(firstFile(SSH_KEYGEN_PATHS)), {
  "approvals/ssh-keygen": (path, { options: { approvals } }) => {
    if (approvals.required === 0) return null;
    if (path !== null) return ok(`${path} verifies approvals`);
    return error("There is no ssh-keygen, so that no approval counts", "Install openssh-client");
  },
});
