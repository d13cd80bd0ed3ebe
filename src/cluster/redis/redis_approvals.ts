// Keeps the approvals of a hash in Redis: one string, which a script extends, so that two approvals at the same moment
// both stay. Any client can write there, so a value of another form counts as no approval.
import type { Notifier } from "../notifier.ts";
import {
  approvalLine,
  MAX_APPROVAL_LINE_BYTES,
  MAX_APPROVALS,
  MAX_APPROVALS_BYTES,
  parseApprovals,
} from "../stored_approvals.ts";
import type { Attempt } from "./attempts.ts";
import { type Keys, type Script, scriptOf } from "./redis_scripts.ts";
import { NO_REDIS, RedisTrouble } from "./redis_trouble.ts";

/** How long a release may wait for the last of its approvals. */
const LIFE_MILLISECONDS = 30 * 24 * 60 * 60 * 1000;

// One byte more than approvals have shows that they are none.
const READ_TEXT = `
local text = redis.pcall('GETRANGE', KEYS[1], 0, ${MAX_APPROVALS_BYTES})
if type(text) == 'table' then
  if not string.find(text.err, 'WRONGTYPE', 1, true) then return text end
  text = ''
end
if #text > ${MAX_APPROVALS_BYTES} then text = '' end
`;

/** Keys: the approvals of a hash. Arguments: the line to add, the lifetime in milliseconds. */
const PUT: Script = scriptOf(
  READ_TEXT,
  `
local lines = {}
for line in string.gmatch(text, '[^\\n]+') do
  if line ~= ARGV[1] and #line <= ${MAX_APPROVAL_LINE_BYTES} and not string.find(line, '[^%w+/=]') then
    lines[#lines + 1] = line
  end
end
lines[#lines + 1] = ARGV[1]
local kept = table.concat(lines, '\\n', math.max(1, #lines - ${MAX_APPROVALS - 1}))
redis.call('SET', KEYS[1], kept, 'PX', ARGV[2])
return 'OK'
`,
);

/** Keys: the approvals of a hash. */
const READ: Script = scriptOf(READ_TEXT, "return text");

/** Makes the functions of a notifier that put and read approvals. */
export function approvalsIn({ approvalsPrefix }: Keys, attempt: Attempt): Pick<Notifier, "putApproval" | "approvals"> {
  return {
    async putApproval(hash, signature) {
      const line = approvalLine(signature);
      if (!line.ok) return line;
      const outcome = await attempt("writes", async (session) => {
        const reply = await session.run(PUT, [`${approvalsPrefix}${hash}`], [line.line, LIFE_MILLISECONDS]);
        if (reply !== "OK") throw new RedisTrouble(NO_REDIS);
      });
      return outcome.ok ? { ok: true } : outcome;
    },
    async approvals(hash) {
      const outcome = await attempt("reads", async (session) => {
        const reply = await session.run(READ, [`${approvalsPrefix}${hash}`], []);
        if (typeof reply !== "string") throw new RedisTrouble(NO_REDIS);
        return parseApprovals(reply);
      });
      return outcome.ok ? { ok: true, signatures: outcome.value } : outcome;
    },
  };
}
