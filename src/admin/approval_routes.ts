// Approvals over HTTP: the configurations that wait for them, a signature that approves, and an order that rejects. A
// signature proves itself, so any client with access can bring one.
import { isHash } from "../agreement/head.ts";
import { withinLimit } from "../time/limit.ts";
import type { DaemonApi } from "./daemon_api.ts";
import type { AdminLimits } from "./limits.ts";
import { type Answers, invalid, overdue, refused, tooMany } from "./problem.ts";
import { AUTHOR, readOrder, REASON } from "./request_members.ts";
import type { Route } from "./route.ts";

const HASH = { kind: "line", maxLength: 64 } as const;
const APPROVE = { hash: HASH, signature: { kind: "text", maxLength: 16_384 } } as const;
const REJECT = { hash: HASH, reason: REASON, author: AUTHOR } as const;

/** Each starts processes, one after the other. */
const MAX_AT_ONCE = 8;

/** `GET` and `POST /admin/approvals`, and `POST /admin/approvals/reject`. `now` is the clock of the answers. */
export function approvalRoutes(
  api: DaemonApi,
  answers: Answers,
  limits: AdminLimits,
  now: () => Date,
): readonly Route[] {
  let running = 0;
  const answered = async <T>(work: () => Promise<T>, what: string, answer: (value: T) => Response) => {
    if (running >= MAX_AT_ONCE) return answers.problem(tooMany(`${MAX_AT_ONCE} requests about approvals wait already`));
    running++;
    // Counted until the work ends, even if the answer did not wait for that.
    const done = await withinLimit(work().finally(() => running--), limits.answerMilliseconds);
    return done.ok ? answer(done.value) : answers.problem(overdue(what, limits.answerMilliseconds));
  };
  const wrongHash = () => answers.problem(invalid("hash must be the 64 hexadecimal digits of a configuration's hash"));
  return [
    {
      method: "GET",
      path: "/admin/approvals",
      answer: () => answered(() => api.pendingApprovals(), "The approvals were not judged", answers.json),
    },
    {
      method: "POST",
      path: "/admin/approvals",
      async answer(request) {
        const read = await readOrder(request, limits, APPROVE);
        if (!read.ok) return answers.problem(read.problem);
        const { hash, signature } = read.value;
        if (!isHash(hash)) return wrongHash();
        if (signature === undefined) return answers.problem(invalid("signature must be given"));
        return await answered(() => api.approve(hash, signature), "The signature was not judged", (answer) => {
          if (!answer.ok) return answers.problem(refused(answer.reason));
          const { ok: _, ...members } = answer;
          return answers.json({ status: "approved", timestamp: now().toISOString(), ...members });
        });
      },
    },
    {
      method: "POST",
      path: "/admin/approvals/reject",
      async answer(request) {
        const read = await readOrder(request, limits, REJECT);
        if (!read.ok) return answers.problem(read.problem);
        const { hash, reason, author = null } = read.value;
        if (!isHash(hash)) return wrongHash();
        if (reason === undefined) return answers.problem(invalid("reason must be given"));
        return await answered(
          () => api.reject({ hash, reason, author }),
          "It was not rejected",
          (answer) =>
            answer.ok
              ? answers.json({ status: "rejected", timestamp: now().toISOString(), hash })
              : answers.problem(refused(answer.reason)),
        );
      },
    },
  ];
}
