// The cause of a release and the person behind it, in words. The result is not yet safe for a terminal.

const CAUSES: Readonly<Record<string, string>> = {
  file: "file",
  operator: "reload",
  force: "reload --force",
  cluster: "cluster",
  rollback: "rollback",
  health: "health checks",
  confirmation: "no confirmation",
  found: "found at a start",
};

/** `file`, or `anna (rollback)`; a cause of a later version is shown as it is. */
export function causeText(
  { cause, author }: { readonly cause: string; readonly author: string | null },
): string {
  const how = Object.hasOwn(CAUSES, cause) ? CAUSES[cause]! : cause;
  return author === null ? how : `${author} (${how})`;
}
